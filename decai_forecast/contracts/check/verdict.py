"""From outcomes to a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from decai_forecast.contracts.check.measures import MEASURES
from decai_forecast.contracts.check.result import RuleResult

__all__ = ["verdict_of"]

WHOLE = (*MEASURES, "expectation")  # kinds that judge the delivery, not its rows


def verdict_of(rows: int, quarantined: int, results: Sequence[RuleResult], error_rate: float) -> tuple[str, str]:
    """The verdict and its code.

    A rule of severity error about the whole delivery refuses it; rows that broke a rule of severity error go into
    quarantine, and more of them than ``error_rate`` (a share) refuse it too. Warnings and infos are told, no more.
    """
    errors = [result for result in results if result.severity == "error"]
    if unchecked := [result for result in errors if result.outcome == "not_checked"]:
        return "not_checked", "rule" if all(result.kind in ("sql", "expectation") for result in unchecked) else "engine"
    for result in errors:
        if result.outcome == "failed" and result.kind in WHOLE:
            return "refused", result.kind
    if quarantined > error_rate * rows:
        return "refused", "error_rate"
    return ("accepted_in_part", "") if quarantined else ("accepted", "")
