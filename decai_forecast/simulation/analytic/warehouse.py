"""One warehouse and many shops with base-stock levels: exact costs and the optimum where demand is Poisson.

Simon (1971); Graves (1985), Management Science 31(10); Axsäter (1990). Every sale is ordered at once, the warehouse serves
first come, first served, and what is short waits. What the warehouse owes a shop is then a binomial share of all that it owes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.network.graph import Floats

__all__ = ["Shop", "Warehouse", "one_warehouse", "warehouse_cost"]

LEFT_OUT = 1e-10  # probability beyond which a distribution ends
LARGEST = 2000.0  # mean units under way: farther up the normal approximation serves as well


@dataclass(frozen=True)
class Shop:
    """``demand`` in units per period (Poisson), ``lead`` from the warehouse in periods, costs per unit and period."""

    demand: float
    lead: float
    holding_cost: float
    backorder_cost: float


@dataclass(frozen=True)
class Warehouse:
    """Levels (units) of the least cost per period. ``fill``: the share of the shops' orders that it serves at once."""

    level: int
    shops: tuple[int, ...]
    cost: float
    fill: float


def warehouse_cost(level: int, lead: float, holding_cost: float, shops: Sequence[Shop]) -> tuple[float, tuple[int, ...], float]:
    """Cost per period where the warehouse, ``lead`` periods from a supplier that never fails, holds up to ``level`` units and
    each shop the best level of its own; those levels; and the share that the warehouse serves at once.

    :class:`ConfigError` where a number cannot be.
    """
    from scipy.stats import poisson

    _check(lead, holding_cost, shops)
    demand = sum(shop.demand for shop in shops)
    due = poisson(demand * lead)
    units = np.arange(int(due.isf(LEFT_OUT)) + 1)
    owed = _owed(due.pmf(units), level)
    cost = holding_cost * float((np.maximum(level - units, 0) * due.pmf(units)).sum())
    levels = []
    for shop in shops:
        own, least = _best(shop, _waiting(owed, shop.demand / demand, shop.demand * shop.lead))
        levels.append(own)
        cost += least
    return cost, tuple(levels), float(due.cdf(level - 1))


def one_warehouse(lead: float, holding_cost: float, shops: Sequence[Shop]) -> Warehouse:
    """The levels that cost least, by trying every level of the warehouse up to one that nearly always serves at once.

    >>> one_warehouse(2.0, 1.0, [Shop(1.0, 1.0, 1.5, 20.0)] * 4).level
    9
    """
    from scipy.stats import poisson

    _check(lead, holding_cost, shops)
    highest = int(poisson.isf(1e-4, sum(shop.demand for shop in shops) * lead)) + 1
    tried = {level: warehouse_cost(level, lead, holding_cost, shops) for level in range(highest + 1)}
    best = min(tried, key=lambda level: tried[level][0])
    cost, levels, fill = tried[best]
    return Warehouse(best, levels, cost, fill)


def _check(lead: float, holding_cost: float, shops: Sequence[Shop]) -> None:
    numbers = [lead, holding_cost, *(value for shop in shops for value in vars(shop).values())]
    if not shops or not all(isfinite(number) and number >= 0 for number in numbers) or not all(s.demand > 0 for s in shops):
        raise ConfigError("expected at least one shop, each with a demand above 0, and no number below 0")
    under_way = sum(shop.demand for shop in shops) * (lead + max(shop.lead for shop in shops))
    if under_way > LARGEST:
        raise ConfigError(f"{under_way:,.0f} units are under way in the mean, at most {LARGEST:,.0f} can be; use larger units")


def _owed(due: Floats, level: int) -> Floats:
    """[units]: probability that the warehouse owes so many; ``due``: [units], of what it has ordered and not received."""
    owed = np.zeros(max(len(due) - level, 1))
    owed[: len(due[level:])] += due[level:]
    owed[0] += due[:level].sum()
    return owed


def _waiting(owed: Floats, share: float, mean: float) -> Floats:
    """[units]: probability of what a shop has ordered and not received: its share of what is owed, and what is on the way."""
    from scipy.stats import binom, poisson

    units = np.arange(len(owed))
    own = binom.pmf(units[None, :], units[:, None], share).T @ owed
    way = poisson.pmf(np.arange(int(poisson.isf(LEFT_OUT, mean)) + 1), mean)
    return np.convolve(own, way)


def _best(shop: Shop, waiting: Floats) -> tuple[int, float]:
    """The level (units) of a shop that costs least per period, and its cost."""
    critical = shop.backorder_cost / max(shop.backorder_cost + shop.holding_cost, 1e-300)
    level = int(np.searchsorted(waiting.cumsum(), min(critical, 1 - 10 * LEFT_OUT)))
    left = level - np.arange(len(waiting))
    cost = np.where(left > 0, shop.holding_cost * left, -shop.backorder_cost * left)
    return level, float((cost * waiting).sum())
