"""Demand samples follow the forecast and depend on nothing but seed, item and location."""

import numpy as np
import pytest
from worlds import LEVELS, normal_forecast

from decai_forecast.simulation.sampling import correlate, inverse, uniforms


def quantiles_of(mean: float, sd: float, periods: int = 1) -> np.ndarray:
    frame = normal_forecast({"x": (mean, sd)}, periods)
    return frame[[f"q{round(p * 100):02d}" for p in LEVELS]].to_numpy()[None]


def test_samples_have_the_forecast_quantiles() -> None:
    """The share of samples below each forecast level is that level."""
    table = quantiles_of(100, 20)
    found = inverse(table, uniforms(1, [("a", "x")], (1, 40_000)))
    assert np.quantile(found, LEVELS) == pytest.approx(table.ravel(), rel=0.01)
    assert found.mean() == pytest.approx(100, rel=0.01)


def test_tail_is_exponential_beyond_q99() -> None:
    """Beyond q99 each further halving of the probability adds the same number of units."""
    found = inverse(quantiles_of(100, 20), np.array([[[0.99, 0.995, 0.9975, 0.99875]]])).ravel()
    assert np.diff(found, 2) == pytest.approx(0, abs=1e-9)
    assert found[1] > found[0]


def test_demand_is_never_negative_nor_decreasing() -> None:
    """Crossing or negative quantiles still give samples that are not negative and grow with the uniform."""
    found = inverse(np.array([[[-3.0, 2, 1, 0, 4, 4, 3, 9]]]), np.linspace(0, 0.9999, 500)[None, None, :]).ravel()
    assert found.min() >= 0
    assert (np.diff(found) >= -1e-12).all()


def test_a_series_has_its_own_stream() -> None:
    """Neither order nor company of other series changes the draws of one; names cannot be shifted into each other."""
    both = uniforms(3, [("a", "bc"), ("ab", "c")], (4, 5))
    assert np.array_equal(uniforms(3, [("ab", "c")], (4, 5))[0], both[1])
    assert not np.array_equal(both[0], both[1])
    assert np.array_equal(uniforms(3, [("a", "bc")], (9, 5))[0, :4], both[0])


@pytest.mark.parametrize(("correlation", "expected"), [(0.0, 573.6), (0.5, 609.7)])
def test_lead_time_demand_is_not_a_sum_of_quantiles(correlation: float, expected: float) -> None:
    """Five days of N(100, 20): the 95 % quantile is 573.6 if independent, 609.7 for AR(1) .5 (664.5 summed naively)."""
    u = correlate(uniforms(5, [("a", "x")], (5, 60_000)), correlation)
    total = inverse(quantiles_of(100, 20, 5), u).sum(axis=1)
    assert np.quantile(total, 0.95) == pytest.approx(expected, rel=0.01)
