"""Savings that were promised at a past cut-off, on the demand that followed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from simulation.worlds import WEEKS, items_of, normal_forecast

from decai_forecast.network import Assumptions
from decai_forecast.simulation.demand import INDEPENDENT
from decai_forecast.simulation.held_out import HeldOut, held_out
from decai_forecast.simulation.past import Past

ITEMS = tuple(f"i{k:02d}" for k in range(20))
OPTIONS = {"seed": 7, "replications": 100, "dependence": INDEPENDENT}


def night() -> Past:
    forecast = normal_forecast(dict.fromkeys(ITEMS, (50.0, 10.0)))
    return Past(forecast["date"].min().date(), forecast)


def sold(mean: float, seed: int = 1) -> pd.DataFrame:
    """As much as was forecast, or another mean."""
    rows = night().forecast[["location_id", "item_id", "date"]]
    units = np.maximum(np.random.default_rng(seed).normal(mean, 10.0, len(rows)), 0)
    return rows.assign(quantity=units)


def counts(on_hand: float) -> pd.DataFrame:
    """Every week of a year before the cut-off."""
    days = pd.date_range(end=night().cutoff, periods=52, freq="7D", inclusive="left")
    rows = [("main", item, day, on_hand) for item in ITEMS for day in days]
    return pd.DataFrame(rows, columns=["location_id", "item_id", "date", "on_hand"])


def tried(on_hand: float = 400.0, mean: float = 50.0, table: pd.DataFrame | None = None) -> HeldOut | None:
    sets = {"stock": counts(on_hand), "items": items_of(dict.fromkeys(ITEMS, "A"))}
    return held_out(night(), sold(mean) if table is None else table, sets, Assumptions(), WEEKS, **OPTIONS)


def test_what_was_promised_comes_true_where_demand_is_as_forecast() -> None:
    """Far too much was held: nearly all of the promised saving is there on other demand of the same law."""
    found = tried()
    assert found is not None
    assert found.series == len(ITEMS)
    assert found.promised > 0
    assert 0.9 < found.share < 1.1
    assert found.cost > found.realised


def test_what_was_promised_does_not_come_true_where_the_forecast_was_wrong() -> None:
    """Sales three times as high as forecast: lower levels would have lost them."""
    found = tried(mean=150.0)
    assert found is not None
    assert found.share < 0.5


@pytest.mark.parametrize("column", ["date", "quantity"])
def test_what_is_not_known_is_not_judged(column: str) -> None:
    """Neither weeks that are not there, nor units that nobody knows."""
    table = sold(50.0)
    first = table["date"] == table["date"].min()
    table = table[~first] if column == "date" else table.assign(quantity=table["quantity"].mask(first))
    assert tried(table=table) is None


def test_nothing_later_than_the_cut_off_is_used() -> None:
    """Counts that were made afterwards change nothing."""
    sets = {"items": items_of(dict.fromkeys(ITEMS, "A"))}
    later = counts(400.0).assign(date=pd.Timestamp(night().cutoff) + pd.Timedelta(days=3), on_hand=0.0)
    stock = pd.concat([counts(400.0), later])
    found = held_out(night(), sold(50.0), sets | {"stock": stock}, Assumptions(), WEEKS, **OPTIONS)
    assert found == tried()


def test_it_is_told_as_json() -> None:
    """With the cut-off as a date."""
    told = HeldOut(date(2026, 1, 5).isoformat(), 13, 2, 10.0, 8.0, 100.0)
    assert told.share == 0.8
    assert told.to_json() == {
        "cutoff": "2026-01-05", "periods": 13, "series": 2, "promised": 10.0, "realised": 8.0, "cost": 100.0
    }  # fmt: skip
