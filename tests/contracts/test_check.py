"""Deliveries against their contract: verdicts, codes, lines, quarantine."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, contract, demand, save

from decai_forecast.contracts import Check, check_delivery
from decai_forecast.contracts.report import to_text
from decai_forecast.contracts.reserved import ROW, RULES


def checked(folder: Path, frame: pd.DataFrame, *changes: tuple[str, str], as_of: date = AS_OF) -> Check:
    return check_delivery(contract(folder, *changes), save(folder, frame), as_of, folder)


def with_row(**values: object) -> pd.DataFrame:
    """The good delivery with some values of its row 7 replaced."""
    frame = demand()
    for column, value in values.items():
        frame[column] = frame[column].astype(object)
        frame.loc[7, column] = value
    return frame


def line_of(folder: Path, words: str) -> int:
    lines = (folder / "demand.odcs.yaml").read_text().splitlines()
    return next(k for k, line in enumerate(lines, start=1) if words in line)


def test_a_good_delivery_is_accepted(tmp_path: Path) -> None:
    """Every rule passes and the clean file is the delivery."""
    found = checked(tmp_path, demand())
    assert (found.verdict, found.rows, found.quarantined, found.code) == ("accepted", 200, 0, "")
    kinds = {"columns", "readable", "row_count", "required", "unique", "range", "freshness", "future"}
    assert {r.kind for r in found.results} == kinds
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "clean.parquet"), pd.read_parquet(tmp_path / "delivery.parquet"))


@pytest.mark.parametrize(
    ("values", "rule", "words"),
    [
        ({"quantity": -3.0}, "quantity.range", "logicalTypeOptions: {minimum: 0}"),
        ({"quantity": None}, "quantity.required", "required: true"),
        ({"item_id": None}, "item_id.required", "required: true"),
    ],
)
def test_a_bad_row_is_quarantined(tmp_path: Path, values: dict, rule: str, words: str) -> None:
    """Accepted in part: the row is out, with the rule it broke and the rule's line in the contract."""
    found = checked(tmp_path, with_row(**values))
    assert (found.verdict, found.quarantined, found.code) == ("accepted_in_part", 1, "")
    (broken,) = found.broken
    assert (broken.rule, broken.bad_rows) == (rule, 1)
    assert words in (tmp_path / "demand.odcs.yaml").read_text().splitlines()[broken.line - 1]
    assert "row 7: " in broken.samples[0]
    quarantine = pd.read_parquet(tmp_path / "quarantine.parquet")
    assert quarantine[ROW].tolist() == [7]
    assert quarantine[RULES].iloc[0].tolist() == [rule]
    assert len(pd.read_parquet(tmp_path / "clean.parquet")) == 199


def test_every_row_of_a_repeated_key_is_quarantined(tmp_path: Path) -> None:
    """Nobody can say which of two rows of one key is right; an empty value in the key counts like any other."""
    frame = demand()
    found = checked(
        tmp_path, pd.concat([frame, frame.iloc[[5]]]), ("value: 1\n    unit: percent", "value: 2\n    unit: percent")
    )
    assert (found.verdict, found.quarantined) == ("accepted_in_part", 2)
    assert [r.rule for r in found.broken] == ["key.unique"]


def test_a_row_may_break_several_rules(tmp_path: Path) -> None:
    """It is quarantined once and says all of them."""
    found = checked(tmp_path, with_row(quantity=-1.0, price=-1.0))
    assert found.quarantined == 1
    rules = pd.read_parquet(tmp_path / "quarantine.parquet")[RULES].iloc[0].tolist()
    assert sorted(rules) == ["price.range", "quantity.range"]


@pytest.mark.parametrize(("bad", "verdict"), [(2, "accepted_in_part"), (3, "refused")])
def test_the_error_budget_decides(tmp_path: Path, bad: int, verdict: str) -> None:
    """One percent of 200 rows: two may be quarantined, three refuse the delivery."""
    frame = demand()
    frame.loc[: bad - 1, "quantity"] = -1.0
    found = checked(tmp_path, frame)
    assert (found.verdict, found.quarantined) == (verdict, bad)
    assert found.code == ("error_rate" if verdict == "refused" else "")


@pytest.mark.parametrize(
    ("frame", "changes", "code", "said"),
    [
        (demand().drop(columns="quantity"), (), "columns", "column 'quantity' (number) is missing"),
        (demand().assign(quantity="x"), (), "columns", "column 'quantity' must be number, the delivery has VARCHAR"),
        (demand().iloc[:0].assign(date=pd.Series([], dtype="datetime64[s]")), (), "columns", "date"),
        (demand(), (("mustBeGreaterThan: 0", "mustBeGreaterThan: 500"),), "row_count", "expected: has more than 500 rows"),
        (demand(), (("mustBeGreaterThan: 0", "mustBeBetween: [1, 10]"),), "row_count", "between 1 and 10 rows"),
        (demand().iloc[:50], (), "freshness", "newest date is at most 10 d before the data cut-off"),
    ],
)  # fmt: skip
def test_a_bad_delivery_is_refused(tmp_path: Path, frame: pd.DataFrame, changes: tuple, code: str, said: str) -> None:
    """The verdict, the code that may leave, and the words that stay at home."""
    found = checked(tmp_path, frame, *changes)
    assert (found.verdict, found.code) == ("refused", code)
    assert said in to_text(found)
    assert found.code.replace("_", "").isalpha()


def test_an_empty_delivery_is_refused(tmp_path: Path) -> None:
    """Column rules pass on nothing; the delivery does not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("date", pa.date32()), ("item_id", pa.string()), ("quantity", pa.float64()), ("price", pa.float64())])
    promised = contract(tmp_path)
    pq.write_table(schema.empty_table(), tmp_path / "delivery.parquet")
    found = check_delivery(promised, tmp_path / "delivery.parquet", AS_OF, tmp_path)
    assert (found.verdict, found.code) == ("refused", "empty")


def test_the_cut_off_decides_freshness_not_the_clock(tmp_path: Path) -> None:
    """The same delivery is fresh for its night and stale for a later one."""
    assert checked(tmp_path, demand(), as_of=AS_OF + timedelta(days=9)).verdict == "accepted"
    assert checked(tmp_path, demand(), as_of=AS_OF + timedelta(days=10)).verdict == "refused"


def test_a_warning_does_not_refuse(tmp_path: Path) -> None:
    """Severity warning is told and changes no verdict."""
    found = checked(
        tmp_path,
        demand(),
        ("mustBeGreaterThan: 0\n        severity: error", "mustBeGreaterThan: 500\n        severity: warning"),
    )
    assert found.verdict == "accepted"
    assert "WARNING row_count" in to_text(found)


def test_what_could_not_be_checked_is_not_bad_data(tmp_path: Path) -> None:
    """A file that our engine cannot open is our fault until proven otherwise."""
    promised = contract(tmp_path)
    (tmp_path / "delivery.parquet").write_bytes(b"PAR1 no")
    found = check_delivery(promised, tmp_path / "delivery.parquet", AS_OF, tmp_path)
    assert (found.verdict, found.code) == ("not_checked", "engine")


def test_the_report_names_rule_line_and_rows(tmp_path: Path) -> None:
    """The text a partner reads."""
    found = checked(tmp_path, with_row(quantity=-3.0))
    line = line_of(tmp_path, "logicalTypeOptions: {minimum: 0}")
    assert to_text(found) == (
        "ACCEPTED IN PART  contract acme-demand 1.0.0  200 rows, 1 quarantined\n"
        "  ERROR quantity.range  1 row (0.500%)  expected: quantity is at least 0\n"
        f"        rule: demand.odcs.yaml:{line}\n"
        "        row 7: item_id=a, date=2026-03-28, quantity=-3.0\n"
    )
    assert found.to_json()["verdict"] == "accepted_in_part"
