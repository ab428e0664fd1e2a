"""What a check found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Check", "RuleResult"]


@dataclass(frozen=True)
class RuleResult:
    """One rule's outcome: ``passed``, ``failed`` or ``not_checked``; ``line`` is the rule's line in the contract file."""

    rule: str
    kind: str
    column: str
    text: str
    outcome: str
    bad_rows: int = 0
    value: float | None = None  # what a rule about the whole delivery measured
    note: str = ""
    line: int = 1
    severity: str = "error"
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A verdict and its reasons.

    ``verdict`` is accepted, accepted_in_part, refused or not_checked. ``code`` is what may leave the company: empty,
    columns, error_rate, engine, rule, the kind of the rule that refused, or ''.
    """

    contract: str
    version: str
    file: str
    verdict: str
    rows: int
    quarantined: int
    code: str
    results: tuple[RuleResult, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def broken(self) -> list[RuleResult]:
        """The rules that were not kept or not checked, those that refused first."""
        rank = {"error": 0, "warning": 1, "info": 2}
        return sorted((r for r in self.results if r.outcome != "passed"), key=lambda r: (rank[r.severity], r.line))

    def to_text(self) -> str:
        """The report for a terminal or a mail; see :mod:`decai_forecast.contracts.report`."""
        from decai_forecast.contracts.report import to_text

        return to_text(self)

    def to_html(self) -> str:
        """The report as one page that needs no network; see :mod:`decai_forecast.contracts.report`."""
        from decai_forecast.contracts.report import to_html

        return to_html(self)
