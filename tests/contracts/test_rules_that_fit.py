"""A rule that does not fit its column, or that nothing could keep, is a fault of the contract and not of a delivery."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import contract_text
from judging import expects, own, with_rules

from decai_forecast.contracts import lint_contract

GX = "expect_column_{}"
RULES = [  # (a rule of the table, the message)
    (own("rule: compare, left: date, operator: '<', right: quantity"),
     "date is a date, quantity is a number: they cannot be compared"),
    (own("rule: balance, opening: item_id, closing: quantity"), "rule 'balance' is about numbers; item_id is a string"),
    (own("rule: balance, opening: price, plus: [date], closing: quantity"), "rule 'balance' is about numbers; date is a date"),
    (own("rule: calendar, column: item_id, every: D"), "rule 'calendar' is about dates; item_id is a string"),
    (own("rule: unit_slip, column: item_id"), "rule 'unit_slip' is about numbers; item_id is a string"),
    (own("rule: drift, column: date"), "rule 'drift' is about numbers; date is a date"),
    (own("rule: drift, colunm: price"), "unknown key 'colunm'; did you mean 'column'?"),
    (own("rule: standard, column: price, is: gtin"), "rule 'standard' is about text; price is a number"),
    (expects(GX.format("mean_to_be_between"), "column: item_id, min_value: 1"),
     "expect_column_mean_to_be_between is about numbers; item_id is a string"),
    (expects(GX.format("mean_to_be_between"), "column: price, min_value: abc"), "min_value must be a number, not 'abc'"),
    (expects(GX.format("mean_to_be_between"), "column: price"), "the expectation needs min_value or max_value"),
    (expects(GX.format("mean_to_be_between"), "column: price, min_value: 3, max_value: 1"),
     "min_value is 3, max_value is 1; nothing could be right"),
    (expects(GX.format("values_to_be_between"), "column: date, min_value: soon"),
     "min_value must be an ISO 8601 date or time, not 'soon'"),
    (expects(GX.format("values_to_be_in_set"), "column: item_id"), "value_set must be a list of values, not None"),
    (expects(GX.format("values_to_be_in_set"), "column: item_id, value_set: [7]"),
     "a value of item_id must be text (put it in quotes), not 7"),
    (expects(GX.format("values_to_be_in_set"), "column: item_id, value_set: [a], mostly: 7"),
     "mostly must be a number from 0 to 1, not 7"),
    (expects(GX.format("values_to_match_regex"), "column: item_id, regex: a, mostly: viel"),
     "mostly must be a number from 0 to 1, not 'viel'"),
    (expects(GX.format("values_to_match_regex"), "column: item_id"), "regex must be text, not None"),
    (expects(GX.format("values_to_match_regex"), "column: item_id, regex: '['"),
     "pattern '[' is not a regular expression of RE2 (missing ]: [)"),
    (expects(GX.format("pair_values_to_be_equal"), "column_A: date, column_B: price"),
     "date is a date, price is a number: they cannot be compared"),
    ("{id: r, metric: freshness, mustBe: 0}",
     "metric 'freshness' is not known; use rowCount, nullValues, missingValues, invalidValues, duplicateValues "
     "(how old the newest row may be is latency, under slaProperties)"),
    ("{id: r, metric: rowCount, mustBeGreaterThan: 5, unit: percent}",
     "rowCount is a number of rows, not percent: leave unit out"),
    ("{id: r, metric: duplicateValues, arguments: {properties: [item_id]}, mustBeLessThan: 0}",
     "mustBeLessThan 0 is never kept: no number of rows is below 0"),
]  # fmt: skip


def said(path: Path) -> list[str]:
    return [problem.text for problem in lint_contract(path)]


@pytest.mark.parametrize(("rule", "why"), RULES)
def test_a_rule_that_does_not_fit(tmp_path: Path, rule: str, why: str) -> None:
    """The whole message, and the only one."""
    path = tmp_path / "demand.odcs.yaml"
    old, new = with_rules(rule)[0]
    path.write_text(contract_text(tmp_path).replace(old, new, 1))
    assert said(path) == [why]


COLUMNS = [  # (column, what the contract says of it, the message)
    ("item_id", "logicalTypeOptions: {pattern: '['}", "pattern '[' is not a regular expression of RE2 (missing ]: [)"),
    ("item_id", "logicalTypeOptions: {pattern: '^[0-9]{2000}$'}",
     "pattern '^[0-9]{2000}$' is not a regular expression of RE2 (invalid repetition size: {2000})"),
    *(("item_id", f"logicalTypeOptions: {{pattern: '{pattern}'}}",
       f"pattern '{pattern}' uses look-around, back references or possessive repetition, which RE2 does not know")
      for pattern in ("(?=a)b", "^a++$", "^(?>a)b$", "(?<!x)y", r"(a)\1")),
    ("item_id", "quality: [{id: r, metric: invalidValues, arguments: {pattern: '['}, mustBe: 0}]",
     "pattern '[' is not a regular expression of RE2 (missing ]: [)"),
    ("item_id", "quality: [{id: r, metric: invalidValues, arguments: {validValues: [1]}, mustBe: 0}]",
     "a value of item_id must be text (put it in quotes), not 1"),
    ("item_id", "logicalTypeOptions: {minLength: 9, maxLength: 3}",
     "minLength is 9, maxLength is 3; no value of item_id could be right"),
    ("date", "logicalTypeOptions: {minLength: 3}", "a date column has no minLength"),
    ("date", "logicalTypeOptions: {minimum: '2026-05-01', maximum: '2026-04-01'}",
     "minimum is 2026-05-01, maximum is 2026-04-01; no value of date could be right"),
    ("date", "enum: [{value: abc}]", "enum of date must be an ISO 8601 date or time, not 'abc'"),
    ("price", "enum: [{value: abc}]", "enum of price must be a number, not 'abc'"),
    ("item_id", "enum: [{value: 7}]", "enum of item_id must be text (put it in quotes), not 7"),
    ("item_id", "logicalTypeOptions: {multipleOf: 2}", "a string column has no multipleOf"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "promise", "why"), COLUMNS)
def test_a_promise_that_its_column_cannot_keep(tmp_path: Path, column: str, promise: str, why: str) -> None:
    """Of another type, no regular expression for the engine that runs it, or contradicting itself."""
    path = tmp_path / "demand.odcs.yaml"
    mark = f'      - name: "{column}"\n'
    path.write_text(contract_text(tmp_path).replace(mark, f"{mark}        {promise}\n"))
    assert said(path) == [why]
