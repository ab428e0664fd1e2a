"""What an expectation of the partner's own tests is told in plain words, with its bounds and what was measured."""

from __future__ import annotations

import pytest
from deliveries import demand
from judging import Judged, expects

from decai_forecast.contracts.explain import explain
from decai_forecast.contracts.report import to_text
from decai_forecast.contracts.rules.expectations import ALLOWED, SENTENCES, in_words

SAID = [  # (expectation, arguments, in words)
    ("column_mean_to_be_between", {"column": "price", "min_value": 1, "max_value": 5},
     "the mean of price is at least 1 and at most 5"),
    ("column_sum_to_be_between", {"column": "price", "max_value": 5, "strict_max": True}, "the sum of price is below 5"),
    ("column_values_to_be_in_set", {"column": "unit", "value_set": ["EA", "KG"], "mostly": 0.9},
     "unit is one of EA, KG, in at least 90 % of the rows"),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b", "or_equal": True}, "a is at least b"),
    ("table_row_count_to_be_between", {"min_value": 3, "strict_min": True}, "the number of rows is above 3"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "arguments", "said"), SAID)
def test_an_expectation_in_words(kind: str, arguments: dict[str, object], said: str) -> None:
    """With its limits, values and share."""
    assert in_words(f"expect_{kind}", arguments) == said


def test_every_allowed_expectation_has_words() -> None:
    """None would be told by its name alone."""
    assert set(SENTENCES) == set(ALLOWED)


def test_the_contract_in_plain_words_has_it_too() -> None:
    """Instead of the result of a test with a number."""
    rule = {"implementation": {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "price", "min_value": 1}}}
    assert "- The mean of price is at least 1." in explain({"schema": [{"quality": [{"type": "custom", **rule}]}]})


def test_the_report_shows_what_was_measured(judged: Judged) -> None:
    """Beside what was expected."""
    found = judged(demand(), expects("expect_column_mean_to_be_between", "column: quantity, max_value: 99"))
    assert "  ERROR r  measured 99.5  expected: the mean of quantity is at most 99\n" in to_text(found)


def test_an_enum_of_days_is_held_against_days(judged: Judged) -> None:
    """Texts of a contract in the column's own kind."""
    days = sorted({str(day) for day in demand()["date"]})
    rule = "{id: r, type: custom, engine: great-expectations, implementation: {type: expect_column_values_to_be_in_set, "
    found = judged(demand(), f"{rule}kwargs: {{column: date, value_set: {days[1:]!r}}}}}}}")
    assert [(result.rule, result.bad_rows) for result in found.broken] == [("r", 2)]
