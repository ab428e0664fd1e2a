"""Where a new item is sold: as the company's stock says, else everywhere the most similar item is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from decai_forecast.contracts import Verdict
from decai_forecast.partner.combine.cold_start import cold_start
from decai_forecast.partner.facts import CHECK, CheckFacts, DataSetFacts
from decai_forecast.periods import Calendar
from decai_forecast.round import Round
from decai_forecast.steps import Writer, run_step
from decai_forecast.store import Store

WEEKS = Calendar("W", 2)
NIGHT = Round.of("2026-06-29")
SITES = ("north", "south")


def _table() -> pd.DataFrame:
    """Two items at two sites, ten units a week."""
    dates = pd.date_range(end="2026-06-22", periods=60, freq="W-MON")
    rows = [(site, item, day, 10.0, False) for site in SITES for item in ("i0", "i1") for day in dates]
    found = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "quantity", "censored"])
    unknown = dict.fromkeys(("price", "promotion", "planned_price", "planned_promotion"), float("nan"))
    return found.assign(category="", country="", **unknown)


@pytest.mark.parametrize(("stocked", "sites"), [("new", {"north"}), ("i0", {"north", "south"})])
def test_stock_says_where_a_new_item_is_sold(tmp_path: Path, stocked: str, sites: set[str]) -> None:
    """A new item with stock at one site is forecast there alone; without any, where the item most like it sells."""
    items = pd.DataFrame({"item_id": ["i0", "i1", "new"], "category": "tools"})
    stock = pd.DataFrame({"location_id": ["north"], "item_id": [stocked], "date": pd.Timestamp("2026-06-22"), "on_hand": 5.0})

    def work(writer: Writer) -> CheckFacts:
        for name, frame in (("items", items), ("stock", stock)):
            writer.frame(f"{name}-clean.parquet", frame)
        return CheckFacts({name: DataSetFacts(Verdict.ACCEPTED, 3, 0, "") for name in ("items", "stock")})

    store = Store(tmp_path, "shop")
    checked = run_step(store, NIGHT.id, CHECK, [], work)
    first = cold_start(store, WEEKS, NIGHT, checked, _table(), partner="shop")
    assert {(one.item_id, one.location_id) for one in first.series()} == {("new", site) for site in sites}


@pytest.mark.parametrize(("newcomer", "forecast"), [(True, 9), (False, 0)])
@pytest.mark.parametrize("told", [True, False])
def test_all_that_a_newcomer_lists_has_a_forecast(tmp_path: Path, newcomer: bool, forecast: int, told: bool) -> None:
    """After four weeks two of eleven items have sold: the others are not dead, and each has quantiles for every week, even if
    no attribute tells which are alike. What sold in each of the weeks is little to go by."""
    items = pd.DataFrame({"item_id": ["i0", "i1", *(f"n{k}" for k in range(9))], "category": "tools" if told else None})

    def work(writer: Writer) -> CheckFacts:
        writer.frame("items-clean.parquet", items)
        return CheckFacts({"items": DataSetFacts(Verdict.ACCEPTED, 11, 0, "")})

    store, young = Store(tmp_path, "shop"), _table().groupby(["location_id", "item_id"]).tail(4)
    seldom = (young["item_id"] == "i1") & (young["date"] != young["date"].max())
    young = young.assign(quantity=young["quantity"].mask(seldom, 0.0))
    checked = run_step(store, NIGHT.id, CHECK, [], work)
    first = cold_start(store, WEEKS, NIGHT, checked, young, partner="shop", newcomer=newcomer)
    assert len({one.item_id for one in first.series()}) == forecast
    if first.frame is not None:
        assert first.frame[["mean", "q05", "q50", "q99"]].notna().all(axis=None)
        assert (first.frame.groupby(["location_id", "item_id"]).size() == WEEKS.horizon).all()
        assert (first.frame["q50"] == 0).all()
