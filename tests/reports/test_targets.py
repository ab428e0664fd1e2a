"""Stock targets for the ERP, and the manifest of the bundle."""

import csv
import io
from hashlib import sha256

import examples
import pytest

from decai_forecast.errors import NotEnoughData
from decai_forecast.reports import build_report, manifest, stock_targets_csv


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_row_per_stocked_item_sorted() -> None:
    """All items are there in order, with whole units rounded up, the type of service level and the data's date."""
    report = build_report(examples.facts())
    rows = rows_of(stock_targets_csv(report))
    exact = {row["item_id"]: row["order_up_to_level"] for row in report["stock"]["rows"]}
    assert [row["item"] for row in rows] == sorted(exact)
    assert all(0 <= int(row["order_up_to"]) - exact[row["item"]] < 1 for row in rows)
    assert {(row["service_type"], row["service_target"], row["valid_from"]) for row in rows} == {("A", "0.9", "2026-11-23")}


def test_divisible_units_are_not_rounded_up() -> None:
    """Kilograms keep three decimals."""
    row = rows_of(stock_targets_csv(build_report(examples.facts(units={"item-000": "KGM"}))))[0]
    assert row["item"] == "item-000"
    assert float(row["order_up_to"]) % 1


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", " =1"])
def test_cells_are_no_formulas(name: str) -> None:
    """An item named like a formula is text in a spreadsheet; an ordinary name is left alone."""
    report = build_report(examples.facts(simulation=examples.simulation((name, "ordinary-1"))))
    items = {row["item"] for row in rows_of(stock_targets_csv(report))}
    assert items == {f"'{name}", "ordinary-1"}


def test_without_simulation_there_are_no_targets() -> None:
    """A report without figures has no targets to give."""
    with pytest.raises(NotEnoughData, match="no stock targets"):
        stock_targets_csv(build_report(examples.refused()))


def test_manifest_names_every_file_with_its_digest() -> None:
    """Files in order with SHA-256 and size, and what they were made with; the same for equal input."""
    report = build_report(examples.facts())
    found = manifest({"report.json": b"{}", "a.csv": b"x"}, report)
    assert list(found["files"]) == ["a.csv", "report.json"]
    assert found["files"]["a.csv"] == {"sha256": sha256(b"x").hexdigest(), "bytes": 1}
    assert (found["data_until"], found["seed"], found["round"]) == ("2026-11-23", 7, "2026-11-24")
    assert found == manifest({"a.csv": b"x", "report.json": b"{}"}, report)
