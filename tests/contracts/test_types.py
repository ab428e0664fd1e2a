"""Columns and types are judged before anything is scanned; each fault has its exact words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, contract, demand, save

from decai_forecast.contracts import check_delivery
from decai_forecast.contracts.report import to_html, to_text

STAMP = '      - name: "price"\n        logicalType: number\n        logicalTypeOptions: {minimum: 0}\n'
NAIVE = [dt.datetime(2026, 6, 1, 12)] * 200

FAULTS = [  # (logical type, physical type, values, message)
    (
        "timestamp",
        "",
        NAIVE,
        "must be timestamp with a time zone, the delivery has TIMESTAMP: a time without a zone is ambiguous",
    ),
    ("integer", "", [1.5] * 200, "must be integer, the delivery has DOUBLE"),
    ("boolean", "", ["yes"] * 200, "must be boolean, the delivery has VARCHAR"),
    ("string", "", [1] * 200, "must be string, the delivery has BIGINT"),
    ("number", "DECIMAL(10,2)", [1.5] * 200, "must be DECIMAL(10,2), the delivery has DOUBLE"),
    ("date", "", ["2026-06-01"] * 200, "must be date, the delivery has VARCHAR"),
]


@pytest.mark.parametrize(("logical", "physical", "values", "said"), FAULTS)
def test_a_wrong_type_is_named(tmp_path: Path, logical: str, physical: str, values: list, said: str) -> None:
    """What was promised and what came; nobody guesses."""
    column = f'      - name: "price"\n        logicalType: {logical}\n'
    column += f"        physicalType: {physical}\n" if physical else ""
    promised = contract(tmp_path, (STAMP, column))
    found = check_delivery(promised, save(tmp_path, demand().assign(price=values)), AS_OF, tmp_path)
    assert (found.verdict, found.code) == ("refused", "columns")
    assert f"expected: column 'price' {said}\n" in to_text(found)


def test_all_faulty_columns_are_named_at_once(tmp_path: Path) -> None:
    """Not one night after the other."""
    frame = demand().drop(columns="quantity").assign(item_id=1)
    found = check_delivery(contract(tmp_path), save(tmp_path, frame), AS_OF, tmp_path)
    assert [result.text for result in found.broken] == [
        "column 'item_id' must be string, the delivery has BIGINT",
        "column 'quantity' (number) is missing",
    ]


@pytest.mark.parametrize("kind", ["int8", "int64", "uint32", "float32"])
def test_any_width_of_a_number_will_do(tmp_path: Path, kind: str) -> None:
    """Unless the contract names the physical type."""
    found = check_delivery(contract(tmp_path), save(tmp_path, demand().astype({"price": kind})), AS_OF, tmp_path)
    assert found.verdict == "accepted"


def test_confidential_values_stay_hidden(tmp_path: Path) -> None:
    """Also in the partner's own report, which is mailed."""
    hidden = ('name: "price"\n', 'name: "price"\n        classification: confidential\n')
    frame = demand()
    frame.loc[5, "price"] = -12.34
    found = check_delivery(contract(tmp_path, hidden), save(tmp_path, frame), AS_OF, tmp_path)
    assert found.broken[0].samples == ("row 5: item_id=a, date=2026-03-26, price=(hidden)",)
    assert "12.34" not in to_text(found) + to_html(found)


def test_the_page_escapes_what_the_delivery_says(tmp_path: Path) -> None:
    """An item may be called anything."""
    frame = demand()
    frame.loc[5, ["item_id", "quantity"]] = ["<script>alert(1)</script>", -1.0]
    page = to_html(check_delivery(contract(tmp_path), save(tmp_path, frame), AS_OF, tmp_path))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_truncated_file_is_not_bad_data(tmp_path: Path) -> None:
    """The check says that it could not; the pull says why."""
    from decai_forecast.delivery import pull
    from decai_forecast.delivery.errors import SourceUnreadable

    promised = contract(tmp_path)
    data = save(tmp_path, demand()).read_bytes()
    (tmp_path / "delivery.parquet").write_bytes(data[: len(data) // 2])
    found = check_delivery(promised, tmp_path / "delivery.parquet", AS_OF, tmp_path)
    assert (found.verdict, found.code) == ("not_checked", "engine")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/demand.parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(SourceUnreadable, match=r"sources/demand\.parquet cannot be read as parquet: .*magic bytes"):
        pull(promised, tmp_path, AS_OF, tmp_path / "out.parquet")


def test_nothing_to_test_is_no_fault(tmp_path: Path) -> None:
    """An optional column that did not come keeps its rules waiting."""
    found = check_delivery(contract(tmp_path), save(tmp_path, demand().drop(columns="price")), AS_OF, tmp_path)
    assert found.verdict == "accepted"
    assert [(r.rule, r.severity, r.text) for r in found.broken] == [
        ("columns.optional", "info", "column 'price' (number) is not in the delivery; it is optional")
    ]
    assert pd.read_parquet(tmp_path / "clean.parquet").shape == (200, 3)
