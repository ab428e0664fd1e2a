"""What happened to a delivery before its check: told as information, no verdict depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from decai_forecast.contracts.check.result import RuleResult
from decai_forecast.contracts.model import Contract
from decai_forecast.contracts.verdict import RuleOutcome

__all__ = ["Arrival"]


@dataclass(frozen=True)
class Arrival:
    """``extra`` columns stayed at the source, ``held_back`` rows wait for a later night, ``timed`` rows lost a time of day."""

    extra: tuple[str, ...] = ()
    held_back: int = 0
    timed: int = 0

    def notes(self, contract: Contract, as_of: date) -> Iterator[RuleResult]:
        """One result of severity info for each."""
        if self.extra:
            yield _info("columns.extra", "columns", f"only contracted columns; {', '.join(self.extra)} stayed where they are")
        if self.held_back:
            day, count = contract.date_column, f"{self.held_back:,} later row{_s(self.held_back)}"
            text = f"{day} lies before the data cut-off {as_of}; {count} {_is(self.held_back)} held back for a later night"
            yield _info(f"{day}.held_back", "future", text, day)
        if self.timed:
            zone = contract.time_zone or "UTC"
            rows = f"{self.timed:,} row{_s(self.timed)}"
            text = f"dates without a time of day; in {rows} only the day in {zone} (timeZone) counts"
            yield _info("columns.time_of_day", "columns", text)


def _info(rule: str, kind: str, text: str, column: str = "") -> RuleResult:
    return RuleResult(rule, kind, column, text, RuleOutcome.FAILED, severity="info")


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
