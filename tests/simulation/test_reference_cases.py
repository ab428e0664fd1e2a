"""Closed forms of the field, to the digits that are printed for them. What the product does not compute stands here only.

Sources: Snyder and Shen, Fundamentals of Supply Chain Theory (nv, eoq, rq, ss); Parlar and Berkin 1991, Berk and Arreola-Risa
1994 (eoq-disrupted); Catena-X CX-0145 2.0.0, table 12 (dos). Values marked there as such equal those of stockpyl 1.0.2.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, sqrt

import numpy as np
import pytest
from scipy import optimize, stats

from decai_forecast.simulation.measures import days_of_supply, hhi


def newsvendor_normal(h: float, p: float, mean: float, sd: float, lead: int = 0) -> tuple[float, float]:
    """Order-up-to level and cost of a period, for demand of ``lead`` + 1 periods."""
    centre, spread, z = mean * (lead + 1), sd * sqrt(lead + 1), stats.norm.ppf(p / (p + h))
    return centre + z * spread, (h + p) * stats.norm.pdf(z) * spread


@pytest.mark.parametrize(("lead", "level", "cost"), [(0, 56.603956, 1.997605), (4, 264.766894, 4.466781)])
def test_nv_normal(lead: int, level: float, cost: float) -> None:
    """Cases nv-normal and nv-normal-L4: h .18, p .70, demand N(50, 8)."""
    assert newsvendor_normal(0.18, 0.70, 50, 8, lead) == pytest.approx((level, cost), abs=5e-7)


def shortfall(level: int, mean: float) -> tuple[float, float]:
    """Expected units left and short at ``level``, demand Poisson."""
    k = np.arange(level + 1)
    left = float(((level - k) * stats.poisson.pmf(k, mean)).sum())
    return left, left - level + mean


def newsvendor_cost(level: int, h: float, p: float, mean: float) -> float:
    left, short = shortfall(level, mean) if level >= 0 else (0.0, mean - level)
    return h * left + p * short


def test_nv_poisson() -> None:
    """Case nv-poisson: h 1, p 4, mean 6: level 8, cost 3.570107."""
    level = int(stats.poisson.ppf(4 / 5, 6))
    assert level == 8
    assert newsvendor_cost(level, 1, 4, 6) == pytest.approx(3.570107, abs=5e-7)


def test_eoq() -> None:
    """Case eoq: K 8, h .225, demand 1300 a year."""
    setup, hold, rate = 8, 0.225, 1300
    assert (sqrt(2 * setup * rate / hold), sqrt(2 * setup * rate * hold)) == pytest.approx((304.04678, 68.410526))


def test_eoq_b() -> None:
    """Case eoq-b: with backorders at p 5."""
    setup, hold, rate, p = 8, 0.225, 1300, 5
    found = sqrt(2 * setup * rate * (hold + p) / (hold * p)), hold / (hold + p), sqrt(2 * setup * rate * hold * p / (hold + p))
    assert found == pytest.approx((310.812555, 0.0430622, 66.921364))


def disrupted(quantity: float) -> float:
    """Cost of a year with a supplier that is up and down for exponential times (rates 1.5 and 14); K 8, h .225, p 5."""
    psi = 1.5 / 15.5 * (1 - exp(-15.5 * quantity / 1300))
    return (8 + 0.225 * quantity**2 / 2600 + 5 * 1300 * psi / 14) / (quantity / 1300 + psi / 14)


def test_eoq_disrupted() -> None:
    """Case eoq-disrupted: quantity 772.811074, cost 173.950003; at 700 it is 174.787117."""
    found = optimize.minimize_scalar(disrupted, bounds=(100, 3000), method="bounded", options={"xatol": 1e-8})
    assert (found.x, found.fun) == pytest.approx((772.811074, 173.950003), rel=1e-7)
    assert disrupted(700) == pytest.approx(174.787117)


def test_eoq_yield() -> None:
    """Cases eoq-yield-add and eoq-yield-mult: K 18500, h .06, demand 75000."""
    setup, hold, rate = 18500, 0.06, 75000
    root = sqrt(2 * setup * rate / hold + 9000**2)
    assert (root + 15000, hold * root) == pytest.approx((230246.370469, 12914.782228))
    second = 0.0198 + 0.8333**2
    quantity = sqrt(2 * setup * rate / (hold * second))
    assert (quantity, hold * quantity * second / 0.8333) == pytest.approx((254477.461303, 13086.161691))


def test_rq_poisson() -> None:
    """Case rq-poisson: h 20, p 150, K 100, demand Poisson 1.5, lead time 2: r 3, Q 5, cost 107.923581."""

    def cost(r: int, q: int) -> float:
        return (100 * 1.5 + sum(newsvendor_cost(y, 20, 150, 3.0) for y in range(r + 1, r + q + 1))) / q

    best = min((cost(r, q), r, q) for r in range(-2, 12) for q in range(1, 15))
    assert best == pytest.approx((107.923581, 3, 5))


def renewal(cost: Callable[[int], float], s: int, top: int, mean: float) -> float:
    """Cost of an (s, S) policy per period with Poisson demand and no lead time, setup cost 5."""
    pmf, ways = stats.poisson.pmf(np.arange(top - s), mean), np.zeros(top - s)
    for d in range(top - s):
        ways[d] = (float(d == 0) + float(ways[:d] @ pmf[1 : d + 1][::-1])) / (1 - pmf[0])
    return float((5 + sum(ways[d] * cost(top - d) for d in range(top - s))) / ways.sum())


def test_ss_discrete() -> None:
    """Case ss-discrete: h 1, p 4, K 5, demand Poisson 6: s 4, S 10, cost 8.034112."""
    costs = {level: newsvendor_cost(level, 1, 4, 6) for level in range(-5, 30)}
    best = min((renewal(costs.__getitem__, s, top, 6), s, top) for s in range(9) for top in range(s + 1, 18))
    assert best == pytest.approx((8.034112, 4, 10))


def test_dos() -> None:
    """Case dos, days 0 to 4: on day 5 the standard's table counts the next delivery, against its own rule."""
    stock, demand = [100.0, 60, 60, 110, 60], [40.0, 60, 50, 50, 60, 50]
    ahead = np.array([[*demand[day:], *[50.0] * day] for day in range(5)])
    assert days_of_supply(np.array(stock), ahead) == pytest.approx([2.00, 1.00, 1.20, 2.00, 1.00])


def test_ltd() -> None:
    """Case ltd: lead-time demand of 5 days of N(100, 20) at 95 % is no sum of daily quantiles."""
    z = stats.norm.ppf(0.95)
    factor = sum((5 - k) * (2 if k else 1) * 0.5**k for k in range(5))
    assert factor == 11.125
    found = 500 + z * 20 * sqrt(5), 500 + z * 20 * sqrt(factor), 5 * (100 + z * 20)
    assert found == pytest.approx((573.6, 609.7, 664.5), abs=0.05)


def test_hhi() -> None:
    """Case hhi: .5, .3, .2 give .38."""
    assert hhi(np.array([0.5, 0.3, 0.2])) == pytest.approx(0.38)


def test_csl_ebo() -> None:
    """Case csl-ebo: base stock over 5 periods of N(50, 8), at z .5, 1 and 1.645: cycle service and expected backorders."""
    sd = 8 * sqrt(5)
    z = np.array([0.5, 1.0, 1.645])
    assert sd == pytest.approx(17.8885, abs=5e-5)
    assert stats.norm.cdf(z) == pytest.approx([0.6915, 0.8413, 0.95], abs=5e-5)
    assert sd * (stats.norm.pdf(z) - z * stats.norm.sf(z)) == pytest.approx([3.5383, 1.4904, 0.3736], abs=5e-5)
