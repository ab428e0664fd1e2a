"""From outcomes to a verdict: whose fault it was that a check could not be made decides whether it is made again."""

from __future__ import annotations

import pytest

from decai_forecast.contracts.check.result import RuleResult
from decai_forecast.contracts.check.verdict import verdict_of
from decai_forecast.contracts.verdict import RuleOutcome, Verdict


def unchecked(rule: str, kind: str, severity: str = "error") -> RuleResult:
    return RuleResult(rule, kind, "price", "", RuleOutcome.NOT_CHECKED, severity=severity)


@pytest.mark.parametrize(
    ("results", "faulty", "code"),
    [
        ([unchecked("a", "pattern")], (), "engine"),
        ([unchecked("a", "pattern")], ("a",), "rule"),
        ([unchecked("a", "sql")], (), "rule"),
        ([unchecked("a", "expectation")], (), "rule"),
        ([unchecked("a", "sql"), unchecked("b", "pattern")], (), "engine"),
        ([unchecked("a", "sql"), unchecked("b", "pattern")], ("b",), "rule"),
    ],
)
def test_the_engine_is_to_blame_unless_every_rule_is(results: list[RuleResult], faulty: tuple[str, ...], code: str) -> None:
    """A rule of the partner's own words, or one that cannot run, fails again: only another fault is worth a further try."""
    assert verdict_of(10, 0, results, 0.0, faulty) == (Verdict.NOT_CHECKED, code)


def test_a_warning_that_could_not_be_checked_decides_nothing() -> None:
    """Only rules of severity error do."""
    assert verdict_of(10, 0, [unchecked("a", "pattern", "warning")], 0.0) == (Verdict.ACCEPTED, "")
