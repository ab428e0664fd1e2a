"""What a partner reads of a bad delivery, whole: pulled from its own file, checked, told."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, contract, demand
from judging import own, with_rules

from decai_forecast.contracts import Arrival, check_delivery, draft_contract, load_contract
from decai_forecast.contracts.report import to_text
from decai_forecast.delivery import pull

CSV = (("sources/demand.parquet", "rows.csv"), ("format: parquet", "format: csv"))
PARQUET = (("sources/demand.parquet", "rows.parquet"),)
TEXT = demand().to_csv(index=False)
HEAD = "ACCEPTED IN PART  contract acme-demand 1.0.0  200 rows, 1 quarantined\n"
STAMP = ('- name: "price"\n        logicalType: number\n        logicalTypeOptions: {minimum: 0}\n',
         '- name: "price"\n        logicalType: timestamp\n')  # fmt: skip


def told(folder: Path, *changes: tuple[str, str], **references: Path) -> str:
    """The report; the numbers of the rules' lines, which other tests compare, are N."""
    promised = contract(folder, *changes)
    pulled = pull(promised, folder, AS_OF, folder / "landed.parquet")
    arrival = Arrival(pulled.extra, pulled.held_back, pulled.timed)
    found = check_delivery(promised, folder / "landed.parquet", AS_OF, folder, references=references, arrival=arrival)
    return re.sub(r"odcs\.yaml:\d+", "odcs.yaml:N", to_text(found))


def of_text(folder: Path, text: str, *changes: tuple[str, str]) -> str:
    (folder / "rows.csv").write_text(text)
    return told(folder, *CSV, *changes)


def of_frame(folder: Path, frame: pd.DataFrame, *changes: tuple[str, str], **references: Path) -> str:
    frame.to_parquet(folder / "rows.parquet", index=False)
    return told(folder, *PARQUET, *changes, **references)


def refused(*columns: str, rows: str = "200 rows", info: str = "") -> str:
    head = f"REFUSED  contract acme-demand 1.0.0  {rows}\n"
    return head + "".join(f"  ERROR columns  expected: {said}\n        rule: demand.odcs.yaml:N\n" for said in columns) + info


def block(level: str, rule: str, said: str, *samples: str) -> str:
    lines = "".join(f"        {sample}\n" for sample in samples)
    return f"  {level} {rule}  {said}\n        rule: demand.odcs.yaml:N\n{lines}"


def test_a_missing_column(tmp_path: Path) -> None:
    """Its name and type."""
    assert of_text(tmp_path, demand().drop(columns="quantity").to_csv(index=False)) == refused(
        "column 'quantity' (number) is missing"
    )


@pytest.mark.parametrize("name", ["Quantity", " quantity", "quantiti"])
def test_a_misspelt_column(tmp_path: Path, name: str) -> None:
    """The one that was probably meant."""
    assert of_text(tmp_path, demand().rename(columns={"quantity": name}).to_csv(index=False)) == refused(
        f"column 'quantity' (number) is missing; did you mean {name!r}? Names must agree in every character",
        info=f"  INFO columns.extra  expected: only contracted columns; {name} stayed where they are\n",
    )


def test_an_extra_and_an_optional_column(tmp_path: Path) -> None:
    """Told, no more."""
    assert of_text(tmp_path, demand().rename(columns={"price": "VK"}).to_csv(index=False)) == (
        "ACCEPTED  contract acme-demand 1.0.0  200 rows\n"
        "  INFO columns.optional  expected: column 'price' (number) is not in the delivery; it is optional\n"
        "  INFO columns.extra  expected: only contracted columns; VK stayed where they are\n"
        "  INFO not tested: price.range  (column 'price' was not delivered)\n"
    )


def test_a_column_beside_one_with_other_capitals(tmp_path: Path) -> None:
    """Names agree in every character: only one of them is meant."""
    frame = pd.concat([demand(), demand()[["quantity"]].rename(columns={"quantity": "Quantity"})], axis=1)
    assert of_text(tmp_path, frame.to_csv(index=False)) == (
        "ACCEPTED  contract acme-demand 1.0.0  200 rows\n"
        "  INFO columns.extra  expected: only contracted columns; Quantity stayed where they are\n"
    )


def test_a_date_that_is_text(tmp_path: Path) -> None:
    """A typed file is judged by its types."""
    frame = demand().assign(date=lambda f: f["date"].astype(str))
    assert of_frame(tmp_path, frame) == refused("column 'date' must be date, the delivery has VARCHAR")


def test_times_without_a_zone_in_a_text(tmp_path: Path) -> None:
    """The value, and what to do."""
    frame = demand().assign(price="2026-06-01T12:00:00+02:00")
    frame.loc[4, "price"] = "2026-06-01 12:00"
    assert of_text(tmp_path, frame.to_csv(index=False), STAMP) == HEAD + block(
        "ERROR", "readable", "1 row (0.500%)  expected: every row and value can be read as its type",
        "line 6: price='2026-06-01 12:00' (looks like a time without its zone; add the offset, such as +01:00)",
    )  # fmt: skip


def test_times_without_a_zone_in_parquet(tmp_path: Path) -> None:
    """The type."""
    assert of_frame(tmp_path, demand().assign(price=pd.Timestamp(2026, 6, 1, 12)), STAMP) == refused(
        "column 'price' must be timestamp with a time zone, the delivery has TIMESTAMP: a time without a zone is ambiguous"
    )


@pytest.mark.parametrize("source", ["text", "parquet"])
def test_midnights_in_the_partners_zone(tmp_path: Path, source: str) -> None:
    """Berlin's midnight is the day before in UTC: the contract's zone decides, and says so where it does not fit."""
    frame = demand().assign(date=lambda f: pd.to_datetime(f["date"]).dt.tz_localize("Europe/Berlin"))
    save = of_frame if source == "parquet" else lambda *given: of_text(given[0], given[1].to_csv(index=False), *given[2:])
    berlin = ("value: UTC, vendor: decai", "value: Europe/Berlin, vendor: decai")
    assert save(tmp_path, frame, berlin) == "ACCEPTED  contract acme-demand 1.0.0  200 rows\n"
    assert pd.read_parquet(tmp_path / "clean.parquet")["date"].max() == AS_OF - timedelta(days=1)
    assert save(tmp_path, frame) == (
        "ACCEPTED  contract acme-demand 1.0.0  200 rows\n"
        "  INFO columns.time_of_day  expected: dates without a time of day; in 200 rows only the day in UTC (timeZone) counts\n"
    )


def test_shifted_columns(tmp_path: Path) -> None:
    """Too many fields, too few, or in another order: line and raw text; a torn line repeats no key."""
    lines = TEXT.splitlines()
    lines[4], lines[9], lines[14] = "2026-03-24,a,x,3.0,1.5", "2026-03-29,a,1.5", "a,2026-04-03,13.0,1.5"
    assert of_text(tmp_path, "\n".join(lines), ("value: 1\n", "value: 2\n")) == (
        "ACCEPTED IN PART  contract acme-demand 1.0.0  200 rows, 3 quarantined\n"
    ) + block(
        "ERROR", "readable", "3 rows (1.500%)  expected: every row and value can be read as its type",
        "line 15: date='a'",
        "line 5: the line has more or fewer fields than the header: '2026-03-24,a,x,3.0,1.5'",
        "line 10: the line has more or fewer fields than the header: '2026-03-29,a,1.5'",
    )  # fmt: skip


def test_a_wrong_decimal_mark(tmp_path: Path) -> None:
    """In all of the file."""
    text, comma = demand().to_csv(index=False, sep=";", decimal=","), "looks like a decimal comma; deliver a decimal point"
    assert of_text(tmp_path, text) == (
        "REFUSED  contract acme-demand 1.0.0  200 rows, 200 quarantined\n"
    ) + block(
        "ERROR", "readable", "200 rows (100.000%)  expected: every row and value can be read as its type",
        *(f"line {k}: quantity='{k - 2},0', price='1,5' ({comma})" for k in (2, 3, 4)),
    ) + "  refused because more rows are in quarantine than the contract's errorRate allows\n"  # fmt: skip


def test_repeated_keys(tmp_path: Path) -> None:
    """Both rows: nobody can say which of them is right."""
    lines = TEXT.splitlines()
    assert of_text(tmp_path, "\n".join([*lines, lines[6]])) == (
        "ACCEPTED IN PART  contract acme-demand 1.0.0  201 rows, 2 quarantined\n"
    ) + block(
        "ERROR", "key.unique", "2 rows (0.995%)  expected: (item_id, date) is unique",
        "line 7: item_id=a, date=2026-03-26", "line 202: item_id=a, date=2026-03-26",
    )  # fmt: skip


def test_negative_stock(tmp_path: Path) -> None:
    """Of a stock data set."""
    frame = demand().rename(columns={"quantity": "on_hand"}).drop(columns="price")
    frame.to_parquet(tmp_path / "good.parquet", index=False)
    text = draft_contract("acme", "stock", tmp_path / "good.parquet", source="rows.parquet", frequency="D")
    (tmp_path / "stock.odcs.yaml").write_text(text)
    frame.loc[3, "on_hand"] = -2.0
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    promised = load_contract(tmp_path / "stock.odcs.yaml")
    pull(promised, tmp_path, AS_OF, tmp_path / "landed.parquet")
    found = check_delivery(promised, tmp_path / "landed.parquet", AS_OF, None)
    (line,) = {result.line for result in found.broken}
    assert to_text(found) == (
        "ACCEPTED IN PART  contract acme-stock 1.0.0  200 rows, 1 quarantined\n"
        "  ERROR on_hand.range  1 row (0.500%)  expected: on_hand is at least 0\n"
        f"        rule: stock.odcs.yaml:{line}\n"
        "        row 3: item_id=a, date=2026-03-24, on_hand=-2.0\n"
    )


def test_dates_after_the_cut_off(tmp_path: Path) -> None:
    """What follows in small steps waits for its night; what lies far ahead is an error. Neither counts as a gap."""
    text = TEXT.replace("2026-06-28,b", "2031-06-28,b") + "2026-06-29,a,1,1\n2026-07-20,a,1,1\n"
    rule = with_rules(own("rule: calendar, column: date, every: D", "warning"))
    assert of_text(tmp_path, text, *rule) == (
        "ACCEPTED IN PART  contract acme-demand 1.0.0  200 rows, 1 quarantined, 2 held back\n"
    ) + block(
        "ERROR", "date.future", "1 row (0.500%)  expected: date lies before the data cut-off",
        "line 201: item_id=b, date=2031-06-28",
    ) + (
        "  INFO date.held_back  expected: date lies before the data cut-off 2026-06-29; 2 later rows are held back for a "
        "later night\n"
    )  # fmt: skip


def test_unknown_items(tmp_path: Path) -> None:
    """Against the partner's own list of items."""
    pd.DataFrame({"item_id": ["a"]}).to_parquet(tmp_path / "items.parquet")
    frame = demand()
    frame.loc[150:, "item_id"] = "a"
    frame.loc[150:, "date"] = [AS_OF - timedelta(days=200 + k) for k in range(50)]
    related = ('name: "item_id"\n', 'name: "item_id"\n        relationships: [{to: items.item_id}]\n')
    budget = ("value: 1\n", "value: 60\n")
    assert of_frame(tmp_path, frame, related, budget, items=tmp_path / "items.parquet") == (
        "ACCEPTED IN PART  contract acme-demand 1.0.0  200 rows, 50 quarantined\n"
    ) + block(
        "ERROR", "item_id.reference", "50 rows (25.000%)  expected: item_id exists in items.item_id",
        *(f"row {150 + k}: item_id=b, date={demand()['date'][k]}" for k in range(3)),
    )  # fmt: skip


def test_a_unit_slip(tmp_path: Path) -> None:
    """The last four weeks of one item come in dozens."""
    frame = demand().assign(quantity=[20.0 + k % 3 for k in range(200)])
    slipped = (frame["item_id"] == "b") & (frame["date"] >= AS_OF - timedelta(days=28))
    frame.loc[slipped, "quantity"] *= 12
    rule = with_rules(own("rule: unit_slip, column: quantity, by: [item_id]", "warning"))
    first = demand().index[slipped][:3]
    assert of_frame(tmp_path, frame, *rule) == "ACCEPTED  contract acme-demand 1.0.0  200 rows\n" + block(
        "WARNING", "r",
        "28 rows (14.000%)  expected: quantity of the last 28 days is in the units of before (no factor 6, 12, 24, 1000)",
        *(f"row {k}: item_id=b, date={frame['date'][k]}, quantity={frame['quantity'][k]}" for k in first),
    )  # fmt: skip


def test_a_late_file(tmp_path: Path) -> None:
    """Whole, but too old."""
    frame = demand()[lambda f: f["date"] < AS_OF - timedelta(days=20)]
    assert of_frame(tmp_path, frame) == "REFUSED  contract acme-demand 1.0.0  160 rows\n" + block(
        "ERROR", "date.freshness",
        "measured 21  expected: newest date is at most 10 d before the data cut-off  (newest date is 2026-06-08)",
    )  # fmt: skip


def test_a_date_from_the_future_makes_nothing_fresh(tmp_path: Path) -> None:
    """One row in five years does not hide that the rest is old."""
    frame = demand()[lambda f: f["date"] < AS_OF - timedelta(days=20)].reset_index(drop=True)
    frame.loc[0, "date"] = AS_OF + timedelta(days=2000)
    said = of_frame(tmp_path, frame)
    assert said.startswith("REFUSED  contract acme-demand 1.0.0  160 rows, 1 quarantined\n")
    assert "(newest date is 2026-06-08)" in said


def test_a_delivery_without_a_row(tmp_path: Path) -> None:
    """A header alone."""
    assert of_text(tmp_path, TEXT.splitlines()[0] + "\n") == (
        "REFUSED  contract acme-demand 1.0.0  0 rows\n" + block("ERROR", "not_empty", "expected: has at least one row")
    )


@pytest.mark.parametrize("limit", ["mustBeGreaterThan: 0", "mustNotBe: 0", "mustBeBetween: [3, 5]"])
def test_a_rule_that_wants_more_bad_rows(tmp_path: Path, limit: str) -> None:
    """It refuses the delivery and blames no row."""
    rule = f"        quality: [{{id: r, metric: nullValues, {limit}}}]\n"
    words = {"mustBeGreaterThan: 0": "more than 0", "mustNotBe: 0": "not 0", "mustBeBetween: [3, 5]": "between 3 and 5"}[limit]
    assert of_frame(tmp_path, demand(), ('name: "price"\n', f'name: "price"\n{rule}')) == (
        "REFUSED  contract acme-demand 1.0.0  200 rows\n"
        + block("ERROR", "r", f"measured 0  expected: values of price that are empty: {words}")
    )


def test_a_rule_that_wants_no_more_than_some(tmp_path: Path) -> None:
    """Too many of them are bad rows, with their number and their bound."""
    frame = demand()
    frame.loc[:1, "price"] = None
    rule = "        quality: [{id: r, metric: nullValues, mustBeLessThan: 2}]\n"
    assert of_frame(tmp_path, frame, ('name: "price"\n', f'name: "price"\n{rule}')) == (
        "ACCEPTED IN PART  contract acme-demand 1.0.0  200 rows, 2 quarantined\n"
    ) + block(
        "ERROR", "r", "2 rows (1.000%)  measured 2  expected: values of price that are empty: less than 2",
        "row 0: item_id=a, date=2026-03-21, price=None", "row 1: item_id=a, date=2026-03-22, price=None",
    )  # fmt: skip
