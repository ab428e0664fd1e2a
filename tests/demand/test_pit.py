"""The randomised PIT of a forecast with many zeros and whole lots, from the whole distribution."""

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand.lots import to_lots
from decai_forecast.demand.metrics import summarise
from decai_forecast.demand.quantiles import _inverse, levels_at_actual, to_levels

GRID = np.arange(1, 1000) / 1000


TRAINED = [(0, 0, 0), (0, 0, 7), (0, 3, 7), (2, 7, 7), (7, 7, 7), (1.5, 4, 20)]
ACTUAL = [0.0, 1.0, 3.0, 6.0, 7.0, 12.0, 50.0]


def test_the_levels_are_those_of_the_forecast() -> None:
    """As counted on a grid of a thousand levels of the same forecast, for each kind of it, lot and actual."""
    cases = [(*trained, lot, y) for trained in TRAINED for lot in (0.0, 1.0, 6.0) for y in ACTUAL]
    frame = pd.DataFrame(cases, columns=["q10", "q50", "q90", "lot", "actual"])
    levels = to_lots(_inverse(frame[["q10", "q50", "q90"]].to_numpy(float), GRID), frame["lot"].to_numpy())
    low, high = levels_at_actual(frame)
    assert low == pytest.approx((levels < frame[["actual"]].to_numpy()).mean(axis=1), abs=0.002)
    assert high == pytest.approx((levels <= frame[["actual"]].to_numpy()).mean(axis=1), abs=0.002)


def test_an_exact_forecast_of_lumpy_demand_covers_what_it_says() -> None:
    """Demand in cases of six, half of the periods none: raw coverage is far too high, that of the PIT is 80 %."""
    rng = np.random.default_rng(3)
    actual = np.maximum(np.round(rng.normal(6, 12, 20_000) / 6) * 6, 0)
    days = {"location_id": "all", "item_id": np.arange(20_000).astype(str), "date": pd.Timestamp("2026-01-05")}
    edge = 12 * 1.2815515655
    given = pd.DataFrame(days).assign(
        actual=actual, q10=6 - edge, q50=6.0, q90=6 + edge, lot=6.0, naive_abs=1.0, naive_square=1.0
    )
    low, high = levels_at_actual(given)
    scores = summarise(to_levels(given).assign(level_low=low, level_high=high)).iloc[0]
    assert scores["coverage"] > 0.9
    assert scores["pit_coverage"] == pytest.approx(0.8, abs=0.01)
