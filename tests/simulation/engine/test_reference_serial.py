"""Serial systems with known results: Clark-Scarf, stockpyl's tutorial, base stock under normal demand."""

import numpy as np
import pytest
from scipy.stats import norm
from simulation.engine.networks import serial


def test_serial_clark_scarf_cost(run):
    """Snyder and Shen, example 6.1: at the optimal local levels 10.69, 5.53, 6.49 a period costs 47.65."""
    system = serial([10.69, 5.53, 6.49], [2, 1, 1], holding=[0, 2, 4, 7], shortage=[0, 0, 0, 37.12])
    demand = np.random.default_rng(0).normal(5, 1, (1, 1, 120, 2000))
    settled, whole = (run(*system, demand[:, :, :periods], dtype=np.float64).cost for periods in (20, 120))
    cost = (whole - settled) / 100
    assert abs(cost.mean() - 47.65) < 3 * cost.std(ddof=1) / len(cost) ** 0.5


def test_single_stage_tutorial(run):
    """stockpyl's tutorial: base stock 13, lead time 1, demand 12, 6, 11, 14; orders are the demand."""
    trace = np.empty((2, 1, 4, 1))
    demand = np.array([12.0, 6, 11, 14]).reshape(1, 1, 4, 1)
    found = run(*serial([13], [1]), demand, trace=trace, dtype=np.float64)
    assert trace[1, 0, :, 0].tolist() == [1, 7, 2, -1]
    assert found.orders[1, 0].tolist() == [12 + 6 + 11 + 14, 12**2 + 6**2 + 11**2 + 14**2]


@pytest.mark.parametrize(("z", "service", "backorders"), [(0.5, 0.6915, 3.5383), (1.0, 0.8413, 1.4904), (1.645, 0.95, 0.3736)])
def test_csl_ebo(run, z, service, backorders):
    """Base stock that protects five periods of N(50, 8): cycle service level and expected backorders are the formulas'."""
    spread, count, trace = 8 * 5**0.5, 20_000, np.empty((2, 1, 6, 20_000))
    demand = np.random.default_rng(1).normal(50, 8, (1, 1, 6, count))
    run(*serial([250 + z * spread], [5]), demand, trace=trace, dtype=np.float64)
    level = trace[1, 0, 5]
    assert service == pytest.approx(norm.cdf(z), abs=5e-5)
    assert abs((level >= 0).mean() - service) < 3 * (service * (1 - service) / count) ** 0.5
    short = np.maximum(-level, 0)
    assert abs(short.mean() - backorders) < 3 * short.std() / count**0.5
