"""The step between pull and train: every data set against its contract; clean rows and quarantine are kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from decai_forecast.contracts import Arrival, Check, Contract, Verdict, check_delivery
from decai_forecast.errors import DecaiError
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.partner.newcomer import EMPTY, may_be_new
from decai_forecast.partner.notices import Notice, tell
from decai_forecast.round import Round, before
from decai_forecast.steps import Done, Writer, read_done, run_step

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NotChecked", "Refused", "RuleFault", "accepted_frame", "check", "required_step"]

STEP = "check"


class Refused(DecaiError):
    """The partner's own contract refuses its demand delivery; the message is the report's first lines."""

    code = "refused"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotChecked(DecaiError):
    """A delivery could not be checked: our fault, not the partner's, and worth another try."""

    code = "not_checked"


class RuleFault(NotChecked):
    """A rule of the partner's own contract cannot be run: another try would not help."""

    code = "rule"


def required_step(company: PartnerContext, round_id: str, step: str) -> Done:
    """The finished step; :class:`DecaiError` names the one that is missing."""
    done = read_done(company.store, round_id, step)
    if done is None:
        raise DecaiError(f"{company.partner}: round {round_id} has no finished step {step!r}; run that one first")
    return done


def accepted_frame(company: PartnerContext, checked: Done, name: str) -> pd.DataFrame | None:
    """The clean rows of a data set, or None where it is absent or was refused."""
    key = clean_key(checked, name)
    return company.store.read_frame(key) if key else None


def clean_key(checked: Done, name: str) -> str:
    """Where the accepted rows of a data set lie; empty where it is absent or was refused."""
    facts = checked.facts["data_sets"].get(name)
    return checked.key(f"{name}-clean.parquet") if facts and Verdict(facts["verdict"]).counts else ""


def check(company: PartnerContext, round: Round) -> Done:
    """Checks every pulled data set against its contract.

    Raises :class:`Refused` when the demand delivery is refused (an empty one of a newcomer that declares its demand is not). A
    delivery that *could not be checked* raises :class:`NotChecked` and leaves the step undone so that it can be repeated; where
    a rule of the partner's own is why, :class:`RuleFault` for demand, and a note (like a missing data set) for any other. Once
    the step is done, the partner is told of every data set that was not accepted.
    """
    contracts, pulled = company.contracts(), required_step(company, round.id, "pull")
    wanted = [contracts[name] for name in pulled.facts["rows"]]
    history = {c.data_set: key for c in wanted if (key := last_accepted(company, round.id, c.data_set))}

    def work(writer: Writer) -> Mapping[str, Any]:
        with ExitStack() as stack:
            checker = _Checker(company, round, pulled, history, writer, stack)
            return {"data_sets": {contract.data_set: checker.check(contract) for contract in referenced_first(wanted)}}

    inputs = {"pull": pulled.inputs, "history": history}
    done = run_step(company.store, round.id, STEP, inputs, work, closed=company.closed(round.id))
    for contract in wanted:
        _tell(company, round, contract, done)
    verdict = done.facts["data_sets"].get(DEMAND)  # a newcomer's may be absent
    new = verdict and verdict["code"] == EMPTY and may_be_new(company, contracts[DEMAND], round.id)
    if verdict and verdict["verdict"] not in COUNTED and not new:
        text = done.bytes(company.store, f"{DEMAND}.txt").decode()
        raise Refused("\n".join(text.splitlines()[:3]), verdict["code"])
    return done


def _tell(company: PartnerContext, round: Round, contract: Contract, done: Done) -> None:
    """After the step is done, since a mail cannot be taken back."""
    name = contract.data_set
    if (verdict := done.facts["data_sets"][name]["verdict"]) != "accepted":
        text, html = (done.bytes(company.store, f"{name}.{kind}").decode() for kind in ("txt", "html"))
        tell(company.store, contract.channels, Notice(company.partner, round.id, name, verdict, text, html))


def last_accepted(company: PartnerContext, round_id: str, name: str) -> str:
    """The key of the clean rows of the newest earlier round in which the data set was accepted; empty if there is none."""
    for earlier in reversed(before(company.store.children("rounds"), round_id)):
        done = read_done(company.store, earlier, STEP)
        if done is not None and (key := clean_key(done, name)):
            return key
    return ""


def referenced_first(contracts: Sequence[Contract]) -> list[Contract]:
    """In an order in which a data set comes after those that its foreign keys point to; else by name."""
    left, ordered = sorted(contracts, key=lambda c: c.data_set), list[Contract]()
    while left:
        names = {contract.data_set for contract in left}
        free = [c for c in left if not (_points_to(c) & names - {c.data_set})] or left[:1]
        ordered += free
        left = [contract for contract in left if contract not in free]
    return ordered


def _points_to(contract: Contract) -> set[str]:
    return {str(rule.arguments["data_set"]) for rule in contract.rules if rule.kind == "reference"}


class _Checker:
    """Checks one data set after the other; the clean rows of the earlier ones are what later ones refer to."""

    def __init__(
        self, company: PartnerContext, round: Round, pulled: Done, history: Mapping[str, str], writer: Writer, stack: ExitStack
    ) -> None:
        self.company, self.round, self.pulled, self.history, self.writer, self.stack = company, round, pulled, history, writer, stack
        self.clean: dict[str, Path] = {}

    def check(self, contract: Contract) -> dict[str, Any]:
        name, store = contract.data_set, self.company.store
        folder = Path(self.stack.enter_context(TemporaryDirectory(prefix="decai-check-")))
        delivery = self.stack.enter_context(self.pulled.file(store, f"{name}.parquet"))
        before = self.stack.enter_context(store.local_file(self.history[name])) if name in self.history else None
        arrival = _arrival(self.pulled, name)
        found = check_delivery(
            contract, delivery, self.round.as_of, folder, references=self.clean, history=before, arrival=arrival
        )
        if found.verdict == Verdict.NOT_CHECKED and (found.code != "rule" or name == DEMAND):
            raise self._unchecked(contract, found)
        if found.verdict.counts:
            self.clean[name] = folder / "clean.parquet"
        self._keep(name, found, folder)
        return {"verdict": found.verdict.value, "rows": found.rows, "quarantined": found.quarantined, "code": found.code}

    def _unchecked(self, contract: Contract, found: Check) -> NotChecked:
        reasons = "; ".join(f"{result.rule}: {result.note}" for result in found.broken if result.note)
        said = f"{self.seat.partner}: {contract.data_set} could not be checked ({reasons or found.code}); "
        if found.code != "rule":
            return NotChecked(f"{said}the delivery itself may be fine, repeat the step")
        notice = Notice(self.company.partner, self.round.id, contract.data_set, "not_checked", found.to_text(), found.to_html())
        tell(self.company.store, contract.channels, notice)
        return RuleFault(f"{said}correct the rule")

    def _keep(self, name: str, found: Check, folder: Path) -> None:
        for part in ("clean", "quarantine"):
            if (path := folder / f"{part}.parquet").exists():
                self.writer.file(f"{name}-{part}.parquet", path)
        self.writer.bytes(f"{name}.txt", found.to_text().encode())
        self.writer.bytes(f"{name}.html", found.to_html().encode())
        self.writer.json(f"{name}.json", found.to_json())


def _arrival(pulled: Done, name: str) -> Arrival:
    """What the pull of a data set saw; a step of an earlier version knew less."""
    facts = pulled.facts
    extra, held_back, timed = (facts.get(key, {}).get(name) for key in ("extra", "held_back", "timed"))
    return Arrival(tuple(extra or ()), held_back or 0, timed or 0)
