"""An override is scored by the forecasts that it changed, whatever else was said later."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from combined import combined

from decai_forecast.demand.overrides import Override, record_override
from decai_forecast.partner.earlier import earlier_forecasts
from decai_forecast.partner.overrides import scores_of
from decai_forecast.periods import Calendar
from decai_forecast.round import Round
from decai_forecast.store import Store

WEEKS = Calendar("W", 2)
FIRST, SECOND, THIRD = date(2026, 6, 1), date(2026, 6, 8), date(2026, 6, 15)
ITEMS = ("i0", "i1")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "shop")


def _night(store: Store, cutoff: date, said: list[Override]) -> None:
    """A finished combination: ten units of each item in each week, and what was said."""
    rows = [("all", item, pd.Timestamp(WEEKS.add(cutoff, h - 1)), h) for item in ITEMS for h in (1, 2)]
    forecast = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "h"])
    combined(store, cutoff, forecast.assign(mean=10.0, q10=5.0, q50=10.0, q90=15.0, lot=0.0), said)


def _override(store: Store, item: str, week: date) -> Override:
    said = Override("all", item, week, week, "promotion", "ada", "2026-05-31T08:00:00+00:00", value=20.0)
    record_override(store, said, pd.DataFrame({"location_id": ["all"] * 2, "item_id": ITEMS}))
    return said


@pytest.mark.parametrize("another", [False, True])
def test_a_withdrawn_override_is_scored_by_the_night_it_changed(store: Store, another: bool) -> None:
    """It was in force in the first night and withdrawn before the second; one of another item changes nothing of that."""
    withdrawn, other = _override(store, "i0", SECOND), _override(store, "i1", SECOND)
    _night(store, FIRST, [withdrawn])
    _night(store, SECOND, [other] if another else [])
    sold = pd.DataFrame({"location_id": "all", "item_id": ITEMS, "date": pd.Timestamp(SECOND), "quantity": 20.0})
    earlier = earlier_forecasts(store, WEEKS, Round.of(THIRD.isoformat()))
    plain = {"price": np.nan, "promotion": np.nan, "planned_price": np.nan, "planned_promotion": np.nan}
    sold = sold.assign(censored=False, category="", country="", **plain)
    scores = {one.item_id: (one.rows, one.fva) for one in scores_of(store, earlier, sold, WEEKS)}
    assert scores == {"i0": (1, 10.0)} | ({"i1": (1, 10.0)} if another else {})
