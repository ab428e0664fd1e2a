"""Where a new item is sold: as the company's stock says, else everywhere the most similar item is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from decai_forecast.partner.cold_start import first_forecasts

from decai_forecast.network import Assumptions
from decai_forecast.partner.context import PartnerContext
from decai_forecast.periods import Calendar
from decai_forecast.round import Round
from decai_forecast.steps import Writer, run_step
from decai_forecast.store import Store

WEEKS = Calendar("W", 2)
NIGHT = Round.of("2026-06-29")
SITES = ("north", "south")


@pytest.fixture
def company(tmp_path: Path) -> PartnerContext:
    store, public = (Store(tmp_path / name, name) for name in ("shop", "public"))
    return PartnerContext("shop", store, public, (), tmp_path, "net", True, WEEKS, Assumptions())


def _table() -> pd.DataFrame:
    """Two items at two sites, ten units a week."""
    dates = pd.date_range(end="2026-06-22", periods=60, freq="W-MON")
    rows = [(site, item, day, 10.0, False) for site in SITES for item in ("i0", "i1") for day in dates]
    return pd.DataFrame(rows, columns=["location_id", "item_id", "date", "quantity", "censored"])


@pytest.mark.parametrize(("stocked", "sites"), [("new", {"north"}), ("i0", {"north", "south"})])
def test_stock_says_where_a_new_item_is_sold(company: PartnerContext, stocked: str, sites: set[str]) -> None:
    """A new item with stock at one site is forecast there alone; without any, where the item most like it sells."""
    items = pd.DataFrame({"item_id": ["i0", "i1", "new"], "category": "tools"})
    stock = pd.DataFrame({"location_id": ["north"], "item_id": [stocked], "date": pd.Timestamp("2026-06-22"), "on_hand": 5.0})

    def work(writer: Writer) -> Mapping[str, object]:
        for name, frame in (("items", items), ("stock", stock)):
            writer.frame(f"{name}-clean.parquet", frame)
        return {"data_sets": {name: {"verdict": "accepted"} for name in ("items", "stock")}}

    checked = run_step(company.store, NIGHT.id, "check", [], work)
    found = first_forecasts(company, NIGHT, checked, _table())
    assert {(one.item_id, one.location_id) for one in found.series()} == {("new", site) for site in sites}
