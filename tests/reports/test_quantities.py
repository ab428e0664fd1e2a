"""One rounding in one place: the page, the JSON and the CSV of a report hold the same levels and the same money."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape

import examples
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decai_forecast.contracts import Verdict
from decai_forecast.reports import Delivery, build_report, render_html, stock_targets_csv
from decai_forecast.reports.quantities import WHOLE, quantity, rounded
from decai_forecast.reports.words import MINUS, NOTHING, amount, figure, level, percent, units
from decai_forecast.simulation import Simulation

UNITS = {f"item-{k:03d}": uom for k, uom in enumerate(["EA", "KGM", "LTR", "PCE"] * 4 + ["H87", "MTR"])}


def text_of(page: str) -> str:
    bare = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", bare)))


@pytest.mark.parametrize("simulation", [examples.simulation, examples.whole])
def test_every_level_of_the_csv_is_on_the_page(simulation: Callable[[tuple[str, ...]], Simulation]) -> None:
    """Digit by digit, in the item's own unit, and the same in the JSON."""
    names = tuple(UNITS)
    report = build_report(examples.complete(names, simulation=simulation(names), units=UNITS))
    page = text_of(render_html(report))
    for row in csv.DictReader(io.StringIO(stock_targets_csv(report))):
        found = next(
            one for one in report["stock"]["rows"] if (one["location_id"], one["item_id"]) == (row["site"], row["item"])
        )
        told = found["target"] or {"level_proposed": found["order_up_to_level"], "safety_stock": found["safety_stock"]}
        assert (float(row["order_up_to"]), float(row["safety_stock"])) == (told["level_proposed"], told["safety_stock"])
        assert row["uom"] == found["uom"] == UNITS[row["item"]]
        (line,) = re.findall(rf" {row['item']} [^%]*?, in {row['uom']} .*?(?= item-|Days of supply:)", page)
        assert level(float(row["order_up_to"])) in line.split()
        assert level(float(row["safety_stock"])) in line.split()


def test_actions_set_the_levels_of_the_file() -> None:
    """The first things to do name the level that the ERP gets."""
    report = build_report(examples.complete(units=UNITS))
    rows = list(csv.DictReader(io.StringIO(stock_targets_csv(report))))
    levels = {(row["site"], row["item"]): float(row["order_up_to"]) for row in rows}
    first = [row for row in report["actions"] if row["kind"] == "set_level"]
    assert [levels[row["location_id"], row["item_id"]] for row in first] == [row["level"] for row in first]


@given(value=st.floats(0, 1e6), uom=st.sampled_from(["EA", "PCE", "H87", "KGM", "MTR"]))
def test_whole_units_are_rounded_up_and_others_to_a_thousandth(value: float, uom: str) -> None:
    """And what is rounded once is not rounded again."""
    found = quantity(value, uom)
    assert quantity(found, uom) == found
    assert -1e-6 <= found - value < 1 if uom in WHOLE else abs(found - value) <= 0.0005 + 1e-9
    assert found % 1 == 0 or uom not in WHOLE


def test_unknown_levels_stay_unknown() -> None:
    """A level that nobody knows is no number."""
    found = examples.whole()
    found.targets["level_proposed"] = np.nan
    assert np.isnan(rounded(found, {}).targets["level_proposed"]).all()


@pytest.mark.parametrize(
    ("value", "currency", "told"),
    [
        (1234.5, "EUR", "EUR 1,234.50"), (0.344, "EUR", "EUR 0.34"), (1234.5, "JPY", "JPY 1,234"), (1.2345, "KWD", "KWD 1.234"),
        (-7.129, "EUR", f"{MINUS}EUR 7.13"), (-0.001, "EUR", "EUR 0.00"), (1234567.89, "EUR", "EUR 1,234,570.00"),
        (1234.5, "", "1,234 cost units"), (float("nan"), "EUR", NOTHING),
    ],
)  # fmt: skip
def test_money_is_told_in_the_digits_of_its_currency(value: float, currency: str, told: str) -> None:
    """From the significant digits that the JSON has, so that page and file agree."""
    assert amount(value, currency) == told


@given(value=st.floats(-1e9, 1e9))
def test_page_and_json_start_from_the_same_digits(value: float) -> None:
    """What is told of a number and of the same number out of the JSON is the same text."""
    kept = float(f"{value:.6g}")
    for tell in (units, percent, level, lambda v: amount(v, "EUR"), lambda v: figure(v, "JPY")):
        assert tell(value) == tell(kept)


def test_what_broke_no_rule_stands_apart() -> None:
    """Rows that are held back are a note of an accepted delivery, and no broken rule."""
    held = Delivery("demand", Verdict.ACCEPTED, 100, notes=("3 later rows are held back",))
    page = text_of(render_html(build_report(examples.facts(deliveries=(held,)))))
    assert "none broken 3 later rows are held back" in page
