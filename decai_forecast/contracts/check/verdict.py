"""From outcomes to a verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from decai_forecast.contracts.check.measures import MEASURES
from decai_forecast.contracts.check.result import RuleResult
from decai_forecast.contracts.model import Bound, Rule
from decai_forecast.contracts.verdict import RuleOutcome, Verdict

__all__ = ["bad_rows_of", "verdict_of"]

WHOLE = (*MEASURES, "expectation")  # kinds that judge the delivery, not its rows


def verdict_of(
    rows: int, quarantined: int, results: Sequence[RuleResult], error_rate: float, faulty: Collection[str] = ()
) -> tuple[Verdict, str]:
    """The verdict and its code.

    A rule of severity error about the whole delivery refuses it, and so does one about rows that failed without a bad row
    of its own; rows that broke a rule of severity error go into quarantine, and more of them than ``error_rate`` (a share)
    refuse it too. Warnings and infos are told, no more. ``faulty`` are the ids of rules that could not run by their own fault.
    """
    errors = [result for result in results if result.severity == "error"]
    if unchecked := [result for result in errors if result.outcome == RuleOutcome.NOT_CHECKED]:
        own = all(result.rule in faulty or result.kind in ("sql", "expectation") for result in unchecked)
        return Verdict.NOT_CHECKED, "rule" if own else "engine"
    for result in errors:
        if result.outcome == RuleOutcome.FAILED and (result.kind in WHOLE or not result.bad_rows):
            return Verdict.REFUSED, result.kind
    if quarantined > error_rate * rows:
        return Verdict.REFUSED, "error_rate"
    return (Verdict.ACCEPTED_IN_PART if quarantined else Verdict.ACCEPTED), ""


def bad_rows_of(rule: Rule, count: int, value: float) -> int:
    """How many of the ``count`` rows that ``rule`` found are bad; ``value`` is what was held against its bound.

    Rows are bad where there are too many of them. A rule that wants more of them ("some prices are empty"), or another
    number of them, blames none: quarantine would take rows that are right.
    """
    bound = rule.bound
    few_enough = Bound(maximum=bound.maximum, strict_maximum=bound.strict_maximum).holds(value)
    return count if bound.holds(value) or not few_enough else 0
