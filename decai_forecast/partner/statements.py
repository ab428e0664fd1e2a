"""What a company states of its round, and its eye on the log: signed, sent to the coordinator, cosigned.

Nothing here ends a night: what goes wrong with the log is told, and the night goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from decai_forecast.errors import DecaiError, LedgerError
from decai_forecast.ledger.approvals import state_approvals
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.merkle import EMPTY_ROOT
from decai_forecast.ledger.mirror import mirror_log
from decai_forecast.ledger.names import key_of_log, origin_of, witness_name
from decai_forecast.ledger.notebook import Notebook
from decai_forecast.ledger.statements import Disclosed, PrivacySpent, ReportSent, Submitted
from decai_forecast.ledger.watching import watch_log
from decai_forecast.ledger.witness import Witness
from decai_forecast.link import Cosignature, Statements
from decai_forecast.link.messages import encoded
from decai_forecast.network import COORDINATOR
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.disclosure import disclosed
from decai_forecast.partner.facts import CHECK, COMBINE, PULL, REPORT, SIMULATE, TRAIN, WATCH
from decai_forecast.partner.own_submission import kept_submission
from decai_forecast.partner.spending import spending
from decai_forecast.reports.send import Entry
from decai_forecast.round import Round
from decai_forecast.steps import done_records
from decai_forecast.store import digest_bytes

__all__ = ["STEPS", "LogFilesOfLink", "notebook_of", "record", "state", "watch", "witness_of"]

log = logging.getLogger(__name__)
STEPS = (PULL, CHECK, TRAIN, WATCH, COMBINE, SIMULATE, REPORT)


def record(company: PartnerContext, round: Round, sent: list[Entry] | None = None) -> str:
    """States all that happened so far in the round, sends it, and cosigns the log; what went wrong, in words, or nothing.

    ``sent``: to whom the report went, once it did.
    """
    trouble = list[str]()
    works: tuple[Callable[[], None], ...] = (partial(state, company, round, sent), partial(watch, company, round))
    for work in works:
        try:
            work()
        except Exception as error:  # whatever goes wrong with the log ends no night
            code = error.code if isinstance(error, DecaiError) else type(error).__name__
            trouble.append(f"{code}: {error}")
            log.warning("the ledger, round %s of %s: %s: %s", round.id, company.partner, code, error)
    return "; ".join(trouble)


def state(company: PartnerContext, round: Round, sent: list[Entry] | None = None) -> None:
    """Signs what is not signed yet and sends all statements of the round."""
    notebook = notebook_of(company, round.id)
    state_approvals(notebook)
    for step in STEPS:
        notebook.state_step(step.name)
    _state_submission(company, notebook)
    if sent is not None:
        _state_report(company, round, notebook, sent)
    _state_exchange(company, notebook)
    if entries := notebook.entries():
        company.link.give_statements(round.id, Statements(tuple(entry.decode() for entry in entries)))


def watch(company: PartnerContext, round: Round) -> None:
    """Cosigns the log's newest checkpoint; a log that does not hold is kept as evidence, and raised."""
    origin, files = origin_of(company.network), LogFilesOfLink(company)
    try:
        cosigned = watch_log(witness_of(company), origin, files)
    except LedgerError as error:
        _keep_evidence(company, round, files, error)
        raise
    if cosigned is not None:
        mirror_log(files, company.link.public_file, cosigned.checkpoint, company.store)
        company.link.give_cosignature(round.id, Cosignature(cosigned.checkpoint.size, str(cosigned.line)))


def witness_of(company: PartnerContext) -> Witness:
    """The company as a witness of its network's log, whose key is the coordinator's that it has pinned."""
    from decai_forecast.identity import Keyring

    ring, origin = Keyring(company.store), origin_of(company.network)
    coordinator = ring.pinned().get(COORDINATOR)
    logs = {origin: (key_of_log(origin, coordinator),)} if coordinator else {}
    return Witness(witness_name(origin, company.partner), ring.identity().key, logs, company.store)


class LogFilesOfLink:
    """The public log, as it comes over the company's link."""

    def __init__(self, company: PartnerContext) -> None:
        self._link = company.link

    def read(self, name: str) -> bytes | None:
        return self._link.log_file(name)


def notebook_of(company: PartnerContext, round_id: str) -> Notebook:
    """What the company states in the round, in its own store."""
    from decai_forecast.identity import Keyring

    return Notebook(company.store, Keyring(company.store).identity(), company.network, round_id)


def _state_exchange(company: PartnerContext, notebook: Notebook) -> None:
    """What the company offered, granted and answered since it last stated something."""
    from decai_forecast.exchange.database import has_exchange

    if has_exchange(company.store):
        from decai_forecast.exchange.desk import Desk
        from decai_forecast.exchange.listings import expire
        from decai_forecast.exchange.statements import state_exchange

        desk = Desk.of(company.store)
        expire(desk)
        state_exchange(desk, notebook)


def _state_submission(company: PartnerContext, notebook: Notebook) -> None:
    submission = kept_submission(company.store, notebook.round)
    if submission is None:
        return
    last = witness_of(company).latest(origin_of(company.network))
    seen = Checkpoint.parse(last.text) if last else Checkpoint("", 0, EMPTY_ROOT)
    subject = notebook.hide("submission", digest_bytes(encoded(submission)))
    notebook.state(Submitted, (subject,), seen_size=seen.size, seen_root=seen.root.hex())


def _state_report(company: PartnerContext, round: Round, notebook: Notebook, sent: list[Entry]) -> None:
    shared = company.link.shared(round.id)
    if shared is not None:
        figures = company.report_settings().compare
        left = disclosed(company.store, company.partner, shared, company.privacy, figures=figures)
        notebook.state(Disclosed, (notebook.hide("disclosure", [asdict(one) for one in left]),))
    if company.privacy and (cost := spending(company.store, round.id, company.privacy)):
        notebook.state(PrivacySpent, (notebook.hide("privacy", asdict(cost)),))
    for done in done_records(company.store, round.id, REPORT.name)[-1:]:
        arrived = [entry.target for entry in sent if not entry.code]
        notebook.state(ReportSent, (notebook.hide("report", [done.outputs, arrived]),), sent=len(arrived))


def _keep_evidence(company: PartnerContext, round: Round, files: LogFilesOfLink, error: LedgerError) -> None:
    """What the log showed and why it does not hold, once for each text."""
    data = files.read("pending") or b""
    key = f"ledger/evidence/{round.id}/{digest_bytes(data)[:16]}"
    company.store.create_bytes(f"{key}.checkpoint", data)
    company.store.create_bytes(f"{key}.txt", f"{error.code}: {error}\n".encode())
