"""The step between pull and train: every data set against its contract; clean rows and quarantine are kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from decai_forecast.contracts import Arrival, Check, Contract, Verdict, check_delivery
from decai_forecast.contracts.report import to_html, to_text
from decai_forecast.errors import DecaiError
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.partner.facts import CHECK, PULL, CheckFacts, DataSetFacts, PullFacts
from decai_forecast.partner.finished import clean_file, required_step
from decai_forecast.partner.newcomer import EMPTY, may_be_new
from decai_forecast.partner.notices import Notice, tell
from decai_forecast.round import Round, before
from decai_forecast.steps import Done, Writer, read_done, run_step
from decai_forecast.store import Store

__all__ = ["NotChecked", "Refused", "RuleFault", "check"]


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


def check(company: PartnerContext, round: Round) -> Done[CheckFacts]:
    """Checks every pulled data set against its contract.

    Raises :class:`Refused` when the demand delivery is refused (an empty one of a newcomer that declares its demand is not). A
    delivery that *could not be checked* raises :class:`NotChecked` and leaves the step undone so that it can be repeated; where
    a rule of the partner's own is why, :class:`RuleFault` for demand, and a note (like a missing data set) for any other. Once
    the step is done, the partner is told of every data set that was not accepted.
    """
    contracts, pulled = company.contracts(), required_step(company, round.id, PULL)
    wanted = [contracts[name] for name in pulled.facts.rows]
    history = _history(company.store, round.id, [contract.data_set for contract in wanted])

    def work(writer: Writer) -> CheckFacts:
        with ExitStack() as stack:
            checker = _Checker(company.store, company.partner, round, pulled, history, writer, stack)
            return CheckFacts({contract.data_set: checker.check(contract) for contract in referenced_first(wanted)})

    inputs = [pulled.inputs, {name: done.files[clean_file(done, name)].sha256 for name, done in history.items()}]
    done = run_step(company.store, round.id, CHECK, inputs, work, closed=company.link.closed(round.id))
    for contract in wanted:
        _tell(company, round, contract, done)
    demand = done.facts.data_sets.get(DEMAND)  # a newcomer's may be absent
    new = demand and demand.code == EMPTY and may_be_new(company.store, contracts[DEMAND], round.id)
    if demand and not demand.verdict.counts and not new:
        text = done.bytes(f"{DEMAND}.txt").decode()
        raise Refused("\n".join(text.splitlines()[:3]), demand.code)
    return done


def _tell(company: PartnerContext, round: Round, contract: Contract, done: Done[CheckFacts]) -> None:
    """After the step is done, since a mail cannot be taken back."""
    name = contract.data_set
    if (verdict := done.facts.data_sets[name].verdict) is not Verdict.ACCEPTED:
        text, html = (done.bytes(f"{name}.{kind}").decode() for kind in ("txt", "html"))
        tell(company.store, contract.channels, Notice(company.partner, round.id, name, verdict, text, html))


def _history(store: Store, round_id: str, data_sets: Sequence[str]) -> dict[str, Done[CheckFacts]]:
    """Data set -> the check of the newest earlier round in which it was accepted; none where there is none."""
    history: dict[str, Done[CheckFacts]] = {}
    for earlier in reversed(before(store.children("rounds"), round_id)):
        done = read_done(store, earlier, CHECK)
        accepted = [name for name in data_sets if name not in history and done and clean_file(done, name)]
        history |= {name: done for name in accepted if done}
        if len(history) == len(data_sets):
            break
    return history


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
        self,
        store: Store,
        partner: str,
        round: Round,
        pulled: Done[PullFacts],
        history: Mapping[str, Done[CheckFacts]],
        writer: Writer,
        stack: ExitStack,
    ) -> None:
        self.store, self.partner, self.round, self.pulled, self.history = store, partner, round, pulled, history
        self.writer, self.stack = writer, stack
        self.clean: dict[str, Path] = {}

    def check(self, contract: Contract) -> DataSetFacts:
        name = contract.data_set
        folder = Path(self.stack.enter_context(TemporaryDirectory(prefix="decai-check-")))
        delivery = self.stack.enter_context(self.pulled.file(f"{name}.parquet"))
        checked = check_delivery(
            contract, delivery, self.round.as_of, folder, references=self.clean, history=self._before(name),
            arrival=_arrival(self.pulled.facts, name),
        )  # fmt: skip
        if checked.verdict is Verdict.NOT_CHECKED and (checked.code != "rule" or name == DEMAND):
            raise self._unchecked(contract, checked)
        if checked.verdict.counts:
            self.clean[name] = folder / "clean.parquet"
        self._keep(name, checked, folder)
        return DataSetFacts(checked.verdict, checked.rows, checked.quarantined, checked.code)

    def _before(self, name: str) -> Path | None:
        """The accepted rows of the last round that had some."""
        done = self.history.get(name)
        return self.stack.enter_context(done.file(clean_file(done, name))) if done else None

    def _unchecked(self, contract: Contract, checked: Check) -> NotChecked:
        reasons = "; ".join(f"{result.rule}: {result.note}" for result in checked.broken if result.note)
        what = f"{self.partner}: {contract.data_set} could not be checked ({reasons or checked.code}); "
        if checked.code != "rule":
            return NotChecked(f"{what}the delivery itself may be fine, repeat the step")
        notice = Notice(self.partner, self.round.id, contract.data_set, Verdict.NOT_CHECKED, to_text(checked), to_html(checked))
        tell(self.store, contract.channels, notice)
        return RuleFault(f"{what}correct the rule")

    def _keep(self, name: str, checked: Check, folder: Path) -> None:
        for part in ("clean", "quarantine"):
            if (path := folder / f"{part}.parquet").exists():
                self.writer.file(f"{name}-{part}.parquet", path)
        self.writer.bytes(f"{name}.txt", to_text(checked).encode())
        self.writer.bytes(f"{name}.html", to_html(checked).encode())
        self.writer.json(f"{name}.json", checked.to_json())


def _arrival(pulled: PullFacts, name: str) -> Arrival:
    """What the pull of a data set saw."""
    return Arrival(pulled.extra[name], pulled.held_back[name], pulled.timed[name])
