"""What a check found; :mod:`decai_forecast.contracts.report` tells it to people."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from decai_forecast.contracts.verdict import RuleOutcome, Verdict

__all__ = ["Check", "RuleResult"]


@dataclass(frozen=True)
class RuleResult:
    """What became of one rule; ``note`` says why it was skipped or not checked, ``line`` is its line in the contract file."""

    rule: str
    kind: str
    column: str
    text: str
    outcome: RuleOutcome
    bad_rows: int = 0
    value: float | None = None  # what a rule about the whole delivery measured
    note: str = ""
    line: int = 0  # from 1; 0 where no line of the contract says it
    severity: str = "error"
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A verdict and its reasons.

    ``code`` is what may leave the company: columns, empty (no row came), error_rate, engine, rule, or the kind of the rule
    that refused; "" for a delivery that was accepted.
    """

    contract: str
    version: str
    file: str
    verdict: Verdict
    rows: int
    quarantined: int
    code: str
    results: tuple[RuleResult, ...] = field(default=())
    held_back: int = 0  # rows dated at or after the data cut-off; they are in neither file

    def to_json(self) -> dict[str, Any]:
        """Values that JSON does not know (an infinite age) are null."""
        values = asdict(self)
        for result in values["results"]:
            if result["value"] is not None and not math.isfinite(result["value"]):
                result["value"] = None
        return values

    @property
    def broken(self) -> list[RuleResult]:
        """The rules that were not kept or not checked, those that refused first."""
        rank = {"error": 0, "warning": 1, "info": 2}
        unkept = [result for result in self.results if result.outcome in (RuleOutcome.FAILED, RuleOutcome.NOT_CHECKED)]
        return sorted(unkept, key=lambda r: (rank[r.severity], r.line))

    @property
    def skipped(self) -> dict[str, list[str]]:
        """Why rules had nothing to be tested against -> their ids; no verdict depends on it."""
        reasons: dict[str, list[str]] = {}
        for result in self.results:
            if result.outcome == RuleOutcome.SKIPPED:
                reasons.setdefault(result.note, []).append(result.rule)
        return reasons
