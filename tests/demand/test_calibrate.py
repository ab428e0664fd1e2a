"""Calibration moves quantiles to where the past misses say they should have been."""

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand.calibrate import NONE, calibrate

Q = ["q10", "q50", "q90"]


def forecast(factor: float, rows: int = 6000, seed: int = 0) -> pd.DataFrame:
    """Gamma demand, with a forecast whose quantiles are its true ones times ``factor``."""
    rng = np.random.default_rng(seed)
    scale = rng.choice([1.0, 50.0, 2000.0], rows)
    frame = pd.DataFrame({"h": rng.integers(1, 14, rows), "scale": scale, "actual": scale * rng.gamma(4, 0.25, rows)})
    return frame.assign(mean=scale * factor, q10=scale * 0.436 * factor, q50=scale * 0.918 * factor, q90=scale * 1.67 * factor)


def shares(frame: pd.DataFrame) -> list[float]:
    return [float((frame["actual"] <= frame[name]).mean()) for name in Q]


@pytest.mark.parametrize("factor", [0.6, 0.85, 1.2, 1.6])
def test_a_biased_forecast_covers_what_it_says(factor: float) -> None:
    """After calibration on one window the next one is covered at every level, whatever the size of a series."""
    found = calibrate([forecast(factor)]).apply(forecast(factor, seed=1))
    assert shares(found) == pytest.approx([0.1, 0.5, 0.9], abs=0.04)


def test_a_good_forecast_stays() -> None:
    """There is nothing to move."""
    found = calibrate([forecast(1.0)])
    assert max(map(abs, found.offsets.values())) < 0.05
    assert found.mean == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("factor", "expected"), [(0.9, 1 / 0.9), (1.2, 1 / 1.2), (0.1, 1.4), (9.0, 0.7)])
def test_the_bias_of_the_mean_is_taken_out_within_bounds(factor: float, expected: float) -> None:
    """A larger miss than 30 or 40 % is a change of level, not a bias."""
    assert calibrate([forecast(factor)]).mean == pytest.approx(expected, rel=0.05)


def test_few_rows_move_little() -> None:
    """Forty rows are hardly believed; two hundred by half."""
    few, many = (calibrate([forecast(0.6, rows)]) for rows in (40, 5000))
    assert 0 < few.offsets[(0.5, 0)] < 0.3 * many.offsets[(0.5, 0)]


@pytest.mark.parametrize("past", [[], [forecast(1.0).assign(actual=np.nan)]])
def test_nothing_known_changes_nothing(past: list[pd.DataFrame]) -> None:
    """Without an actual there is no calibration."""
    assert calibrate(past) == NONE
    pd.testing.assert_frame_equal(NONE.apply(forecast(1.0)), forecast(1.0), rtol=1e-9)


def test_quantiles_stay_in_order_and_not_negative() -> None:
    """Also where the offsets are large."""
    found = calibrate([forecast(5.0)]).apply(forecast(0.1, seed=2))
    assert (np.diff(found[Q].to_numpy(), axis=1) >= 0).all()
    assert (found[Q] >= 0).all(axis=None)
