"""The upper tail is as long as that of demand, and never below the mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand import to_levels
from decai_forecast.demand.tails import USUAL, beyond, within


def row(**columns: float) -> pd.DataFrame:
    return pd.DataFrame({"q10": [0.0], "q50": [0.0], "q90": [0.0]} | {name: [float(value)] for name, value in columns.items()})


def test_the_tail_is_bent_at_q90_and_can_be_undone() -> None:
    """Up to q90 nothing changes; q95 and q99 lie where they usually do."""
    part = np.linspace(-3, 9, 200)
    assert within(beyond(part)) == pytest.approx(part)
    assert np.array_equal(beyond(part[part <= 1]), part[part <= 1])
    levels = to_levels(pd.DataFrame({"q10": [80.0], "q50": [100.0], "q90": [110.0]})).iloc[0]
    assert (levels["q95"] - 100, levels["q99"] - 100) == pytest.approx((10 * USUAL[0], 10 * USUAL[1]), rel=1e-3)


def test_an_item_ordered_once_a_month_has_its_order_as_q99() -> None:
    """800 units on one of thirty days: a mean of 27 says so, quantiles of zero do not."""
    levels = to_levels(row(mean=800 / 30, sale=800, lot=48)).iloc[0]
    assert levels["lifted"]
    assert levels["mean"] <= levels["q95"] == 48
    assert levels["q99"] == 816  # whole lots, at least the usual order


def test_without_a_size_the_tail_has_the_mean_of_q95() -> None:
    """Exponential from q90 on: q99 lies 2.30 / 0.69 times as far."""
    levels = to_levels(row(mean=10)).iloc[0]
    assert (levels["q95"], levels["q99"]) == pytest.approx((10, 10 * np.log(10) / np.log(2)))


@pytest.mark.parametrize("mean", [0.0, 3.0, 12.0, 40.0, 500.0])
def test_no_mean_lies_above_q95(mean: float) -> None:
    """Whatever the mean; lifted rows are marked, the others are as they were, and levels stay in order."""
    given = pd.DataFrame({"q10": [0.0, 2.0], "q50": [0.0, 10.0], "q90": [5.0, 20.0], "mean": mean, "lot": 6.0, "sale": 24.0})
    found, free = to_levels(given), to_levels(given.drop(columns="mean"))
    assert (found["mean"] <= found["q95"]).all()
    assert found["lifted"].tolist() == (free["q95"] < mean).tolist()
    kept = ~found["lifted"]
    pd.testing.assert_frame_equal(found[kept].drop(columns="mean"), free[kept].drop(columns="mean"))
    levels = found[["q05", "q10", "q25", "q50", "q75", "q90", "q95", "q99"]].to_numpy()
    assert (np.diff(levels, axis=1) >= 0).all()
    assert (levels % 6 == 0).all()
