"""Every kind of rule: the rows it finds, however it is judged."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from deliveries import AS_OF, DAYS, demand
from judging import Judged, expects, own

from decai_forecast.contracts import Check
from decai_forecast.contracts.report import to_text


def odd(**columns: object) -> pd.DataFrame:
    """The delivery with one row (number 7) changed."""
    frame = demand()
    for name, value in columns.items():
        if name not in frame:
            frame[name] = None
        frame[name] = frame[name].astype(object)
        frame.loc[7, name] = value
    return frame.infer_objects()


def at_column(column: str, text: str) -> tuple[tuple[str, str], ...]:
    """A change of the drafted contract that adds keys to a column."""
    mark = f'      - name: "{column}"\n'
    return ((mark, f"{mark}        {text}\n"),)


def broken(found: Check) -> list[tuple[str, int]]:
    return [(result.rule, result.bad_rows) for result in found.broken]


def with_total() -> pd.DataFrame:
    """Three rows do not balance within 0.1."""
    return demand().assign(total=lambda f: f["price"] + f["quantity"] + np.where(f.index < 3, 0.2, 0.05))


def numbered() -> pd.DataFrame:
    """One item with a right GTIN-13, one with a wrong check digit."""
    return demand().assign(item_id=lambda f: f["item_id"].map({"a": "4006381333931", "b": "4006381333932"}))


ROWS = [  # (the rule, the delivery, the number of rows that break it)
    (own("rule: compare, left: price, operator: '<=', right: quantity"), demand(), 2),
    (own("rule: compare, left: price, operator: '!=', right: quantity"), odd(quantity=1.5), 1),
    (own("rule: balance, opening: price, plus: [quantity], closing: total, tolerance: 0.1"), with_total(), 3),
    (own("rule: standard, column: item_id, is: gtin"), numbered(), DAYS),
    (expects("expect_column_values_to_be_between", "column: quantity, max_value: 197, strict_max: true"), demand(), 3),
    (expects("expect_column_values_to_match_regex", "column: item_id, regex: '^a$'"), demand(), DAYS),
    (expects("expect_column_pair_values_a_to_be_greater_than_b", "column_A: quantity, column_B: price"), demand(), 2),
    ("{id: r, metric: duplicateValues, arguments: {properties: [item_id, price]}, mustBe: 0}", demand(), 2 * DAYS),
]


@pytest.mark.parametrize(("rule", "frame", "bad"), ROWS)
def test_a_rule_finds_its_rows(judged: Judged, rule: str, frame: pd.DataFrame, bad: int) -> None:
    """Quarantined, counted, with samples."""
    price = '      - name: "price"\n'
    extra = ((price, f"      - name: total\n        logicalType: number\n{price}"),) if "total" in frame else ()
    found = judged(frame, rule, changes=extra)
    assert broken(found) == [("r", bad)]
    assert found.quarantined == bad
    assert len(found.broken[0].samples) == min(bad, 3)


INVALID = "{metric: invalidValues, arguments: {validValues: [b]}, mustBe: 0}"
MISSING = "{metric: missingValues, arguments: {missingValues: [n/a, null]}, mustBe: 0}"
COLUMNS = [  # (column, what the contract says of it, the delivery, the number of rows that break it)
    ("item_id", "enum: [{value: a}]", demand(), "item_id.enum", DAYS),
    ("item_id", "logicalTypeOptions: {pattern: '^[ac]$'}", demand(), "item_id.pattern", DAYS),
    ("item_id", "logicalTypeOptions: {pattern: 'a|c'}", demand(), "item_id.pattern", DAYS),
    ("item_id", "logicalTypeOptions: {minLength: 2}", odd(item_id="long"), "item_id.length", 2 * DAYS - 1),
    ("item_id", "logicalTypeOptions: {maxLength: 3}", odd(item_id="long"), "item_id.length", 1),
    ("date", "logicalTypeOptions: {minimum: '2026-04-01'}", demand(), "date.range", 22),
    ("item_id", f"quality: [{INVALID}]", demand(), "item_id.invalidValues", DAYS),
    ("item_id", f"quality: [{MISSING}]", odd(item_id="n/a"), "item_id.missingValues", 1),
    ("price", "quality: [{metric: nullValues, mustBe: 0}]", odd(price=None), "price.nullValues", 1),
    ("date", "unique: true", demand(), "date.unique", 2 * DAYS),
]  # fmt: skip


@pytest.mark.parametrize(("column", "said", "frame", "rule", "bad"), COLUMNS)
def test_a_column_keeps_its_promises(judged: Judged, column: str, said: str, frame: pd.DataFrame, rule: str, bad: int) -> None:
    """The standard's own options and metrics."""
    assert (rule, bad) in broken(judged(frame, changes=at_column(column, said)))


@pytest.mark.parametrize(
    ("limit", "kept"),
    [("mustBeLessThan: 2", True), ("mustBeLessThan: 1", False), ("mustBeLessOrEqualTo: 0.5, unit: percent", True),
     ("mustBeLessThan: 0.5, unit: percent", False), ("mustBeBetween: [1, 5]", True)],
)  # fmt: skip
def test_some_bad_rows_may_be_allowed(judged: Judged, limit: str, kept: bool) -> None:
    """As many rows, or as large a share, as the rule says; then none is quarantined."""
    found = judged(odd(price=None), changes=at_column("price", f"quality: [{{metric: nullValues, {limit}}}]"))
    assert found.quarantined == (0 if kept else 1)


def test_rows_from_the_future_are_quarantined(judged: Judged) -> None:
    """At or after the data cut-off."""
    assert broken(judged(odd(date=AS_OF + timedelta(days=3)))) == [("date.future", 1)]


def test_unknown_items_are_found_by_a_join(judged: Judged, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Against another data set of the partner; without that one the rule waits."""
    items = tmp_path_factory.mktemp("items") / "items.parquet"
    pd.DataFrame({"item_id": ["a", None]}).to_parquet(items)
    relation = at_column("item_id", "relationships: [{type: foreignKey, to: items.item_id}]")
    assert broken(judged(demand(), changes=relation, references={"items": items})) == [("item_id.reference", DAYS)]
    assert broken(judged(demand(), changes=relation)) == []  # skipped, see test_untested_rules


def test_a_warning_is_told_and_quarantines_nothing(judged: Judged) -> None:
    """Severity decides; info and warning leave the verdict alone."""
    rule = own("rule: compare, left: price, operator: '<', right: quantity", "warning")
    found = judged(demand(), rule)
    assert (found.verdict, found.quarantined, broken(found)) == ("accepted", 0, [("r", 2)])
    assert "WARNING r  2 rows (1.000%)  expected: price < quantity" in to_text(found)


def test_keys_with_null_count_as_pandas_counts_them(judged: Judged) -> None:
    """NULL equals NULL in a key; GX's own compound rule on SQL says otherwise."""
    frame = demand()
    frame.loc[[3, 4, 5], "item_id"] = None
    frame.loc[[3, 4, 5], "date"] = AS_OF - timedelta(days=1)
    found = {result.rule: result.bad_rows for result in judged(frame).results}
    assert found["key.unique"] == int(frame.duplicated(["item_id", "date"], keep=False).sum()) == 3
    assert found["item_id.required"] == 3


def test_more_rules_than_bits(judged: Judged) -> None:
    """Seventy rules and more: the marks take a second word."""
    rules = [own("rule: compare, left: price, operator: '<', right: quantity", name=f"r{k}") for k in range(70)]
    assert broken(judged(demand(), *rules)) == [(f"r{k}", 2) for k in range(70)]
