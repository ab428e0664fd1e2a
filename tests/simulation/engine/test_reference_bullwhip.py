"""Bullwhip of order-up-to policies against the closed forms of Chen et al. (2000): Var(orders) / Var(demand)."""

from dataclasses import replace

import numpy as np
import pytest
from simulation.engine.networks import serial

from decai_forecast.simulation.engine.behaviour import smoothed

ITEMS, PERIODS = 40, 1500


@pytest.mark.parametrize(
    ("lead", "window", "rho", "wanted"),
    [
        (1, 4, 0, 1.625),
        (2, 5, 0, 2.12),
        (4, 4, 0, 5.0),
        (4, 10, 0, 2.12),
        (2, 20, 0, 1.22),
        (2, 5, 0.6, 2.0329),
        (4, 10, -0.5, 2.1189),
    ],
)
def test_bullwhip_of_a_moving_average(run, lead, window, rho, wanted):
    """1 + (2 L / p + 2 L^2 / p^2) (1 - rho^p), for independent demand (bullwhip) and AR(1) (bullwhip-ar1)."""
    demand = 100 + _ar1(rho, PERIODS + window)
    total = np.concatenate([np.zeros((ITEMS, 1)), demand.cumsum(axis=1)], axis=1)
    level = lead * (total[:, window:] - total[:, :-window]) / window  # [item, period + 1]: after period -1, 0, ...
    graph, stages = serial([0], [lead])
    stock, levels = (np.stack([np.zeros_like(values), values]) for values in (level[:, 0], level[:, 1:]))
    many = _items(stages, stock, levels)
    seen = demand[:, window:]
    ratios = _ratios(run(graph, many, seen[None, :, :, None], dtype=np.float64), seen)
    assert abs(ratios.mean() - wanted) < 3 * ratios.std(ddof=1) / ITEMS**0.5


@pytest.mark.parametrize(("lead", "theta", "wanted"), [(2, 0.2, 1.97778), (4, 0.3, 5.09412)])
def test_bullwhip_of_exponential_smoothing(run, lead, theta, wanted):
    """bullwhip-es: 1 + 2 a L + 2 a^2 L^2 / (2 - a), by a smoothed order-up-to behaviour."""
    seen = np.random.default_rng(4).normal(100, 10, (ITEMS, PERIODS))
    graph, stages = serial([0], [lead])
    many = _items(stages, np.stack([np.zeros(ITEMS), np.full(ITEMS, 100.0 * lead)]), np.zeros((2, ITEMS, 1)))
    behaviour = smoothed(*(np.array([[0.0], [value]]) for value in (lead, theta, 100.0)))
    ratios = _ratios(run(graph, many, seen[None, :, :, None], behaviour=behaviour, dtype=np.float64), seen)
    assert abs(ratios.mean() - wanted) < 3 * ratios.std(ddof=1) / ITEMS**0.5


def _ar1(rho: float, periods: int) -> np.ndarray:
    noise = np.random.default_rng(3).normal(0, 10, (ITEMS, periods))
    found = noise.copy()
    found[:, 0] /= (1 - rho**2) ** 0.5
    for t in range(1, periods):
        found[:, t] += rho * found[:, t - 1]
    return found


def _items(stages, stock, level):
    wide = {name: np.repeat(getattr(stages, name), ITEMS, axis=1) for name in ("quantity", "share", "lead", "transit")}
    wide |= {
        name: np.repeat(getattr(stages, name), ITEMS, axis=1) for name in ("capacity", "throughput", "holding", "shortage")
    }
    return replace(stages, items=tuple(f"i{k}" for k in range(ITEMS)), **wide, stock=stock, level=level)


def _ratios(found, seen):
    once, square = found.orders[1].T / PERIODS
    return (square - once**2) / seen.var(axis=1)
