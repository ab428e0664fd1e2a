"""Calibration finds the levels at which 10 % and 90 % of what comes lie below, per third of the series by volume."""

import tracemalloc
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand.calibrate import NONE, USUAL, Calibration, calibrate
from decai_forecast.demand.quantiles import levels_at_actual
from decai_forecast.demand.tails import beyond

Q = ["q10", "q50", "q90"]
EDGE = NormalDist().inv_cdf(0.9)


def forecast(width: float, series: int = 300, seed: int = 0, lot: float = 0.0) -> pd.DataFrame:
    """Normal demand of small and large series, 13 weeks; q10 and q90 ``width`` times as far from the median as is true."""
    rng = np.random.default_rng(seed)
    scale = np.repeat(rng.choice([10.0, 100.0, 1000.0], series), 13)
    frame = pd.DataFrame({"location_id": "all", "item_id": np.repeat([f"i{k:03d}" for k in range(series)], 13), "scale": scale})
    actual = np.maximum(scale + 0.3 * scale * rng.normal(size=len(frame)), 0)
    frame["actual"] = np.round(actual / lot) * lot if lot else actual
    spread = 0.3 * EDGE * width * scale
    return frame.assign(
        lot=lot, h=np.tile(np.arange(1, 14), series), mean=scale, q10=scale - spread, q50=scale, q90=scale + spread
    )


def covered(frame: pd.DataFrame) -> float:
    """The randomised PIT's share between .1 and .9."""
    low, high = levels_at_actual(frame)
    u = low + (high - low) * np.random.default_rng(9).random(len(frame))
    return float(((u >= 0.1) & (u <= 0.9)).mean())


@pytest.mark.parametrize("lot", [0.0, 6.0])
@pytest.mark.parametrize("width", [0.5, 0.7, 1.0, 1.6])
def test_a_forecast_too_sure_or_too_shy_covers_what_it_says(width: float, lot: float) -> None:
    """After calibration on one window the next one is covered, with whole lots as well."""
    found = calibrate([forecast(width, lot=lot)]).apply(forecast(width, seed=1, lot=lot))
    assert covered(found) == pytest.approx(0.8, abs=0.04)


def test_each_third_by_volume_has_its_own_levels() -> None:
    """Small series far too sure, large ones exact: only the small ones are widened much."""
    exact, sure = forecast(1.0), forecast(0.3)
    small = exact["scale"] == 10.0
    found = calibrate([exact.where(~small, sure)] * 3)
    assert found.deviates[0][1] > 2.2
    assert found.deviates[2][1] == pytest.approx(EDGE, abs=0.15)


def test_memory_is_a_few_columns_of_the_rows() -> None:
    """Not a column per level that is looked at: a company of thousands of series must fit beside its models."""
    past = forecast(1.0, series=3000)
    calibrate([past.head(13)])  # what is imported on the way does not count
    tracemalloc.start()
    calibrate([past])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * 8 * len(past)


def test_the_median_stays() -> None:
    """What the last quarter brought is no forecast of the next one's level."""
    past = forecast(1.0).assign(actual=lambda f: f["actual"] * 1.5)
    pd.testing.assert_series_equal(calibrate([past]).apply(forecast(1.0))["q50"], forecast(1.0)["q50"])


@pytest.mark.parametrize(("factor", "expected"), [(0.9, 1 / 0.9), (1.2, 1 / 1.2), (0.1, 1.4), (9.0, 0.7)])
def test_the_bias_of_the_mean_is_taken_out_within_bounds(factor: float, expected: float) -> None:
    """A larger miss than 30 or 40 % is a change of level, not a bias."""
    past = forecast(1.0).assign(mean=lambda f: f["mean"] * factor)
    assert calibrate([past]).mean == pytest.approx(expected, rel=0.05)


def test_few_rows_move_little() -> None:
    """What six series of a small company say is believed less than what three hundred say."""
    few, many = (calibrate([forecast(0.3, series)]) for series in (6, 300))
    usual = USUAL[1]
    assert usual < few.deviates[2][1] < many.deviates[2][1]
    assert few.deviates[2][1] - usual < 0.4 * (many.deviates[2][1] - usual)


@pytest.mark.parametrize("past", [[], [forecast(1.0, 5).assign(actual=np.nan)]])
def test_nothing_known_is_taken_for_as_sure_as_trees_usually_are(past: list[pd.DataFrame]) -> None:
    """Without an actual the interval is widened by what is usual, and nothing else changes."""
    given = forecast(1.0, 20)
    found = calibrate(past).apply(given)
    assert calibrate(past) == NONE
    widened = beyond(np.array(USUAL[1] / EDGE))
    assert 1.2 < widened < 1.3
    assert (found["q90"] - found["q50"]).to_numpy() == pytest.approx((given["q90"] - given["q50"]) * widened)
    pd.testing.assert_frame_equal(found.drop(columns=Q), given.drop(columns=Q))


def test_quantiles_stay_in_order_and_not_negative() -> None:
    """Also where the levels found are far out, or on the wrong side of the median."""
    found = Calibration({0: (-9.0, -1.0), 1: (2.0, 9.0), 2: (0.5, -0.5)}, 1).apply(forecast(3.0))
    assert (np.diff(found[Q].to_numpy(), axis=1) >= 0).all()
    assert (found[Q] >= 0).all(axis=None)


def test_one_row_hardly_moves_the_mean() -> None:
    """Whatever was sold in it: 26 rows of a small company, one of them a million times as large."""
    past = forecast(1.0, 2)
    one = past.assign(actual=past["actual"].where(past.index != 7, 1e6 * past["actual"]))
    assert calibrate([one]).mean == pytest.approx(calibrate([past]).mean, abs=0.01)


def test_of_bulk_orders_no_bias_is_made_up() -> None:
    """One order in thirty periods, each as expected: what the other periods lack is not taken for a forecast too high."""
    past = forecast(1.0, 30).assign(scale=100.0, mean=100.0)
    past = past.assign(actual=np.where(past.index % 30 == 0, 3000.0, 0.0))
    assert calibrate([past]).mean == pytest.approx(1, abs=0.05)
