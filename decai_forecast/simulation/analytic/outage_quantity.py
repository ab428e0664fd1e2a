"""How much to order at a time from a supplier that fails at random: the economic order quantity with disruptions.

Parlar and Berkin (1991), corrected by Berk and Arreola-Risa (1994); Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd
edition, section 9.2. Stock is ordered when it is gone; while the supplier is down, demand is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite, sqrt

from decai_forecast.errors import ConfigError

__all__ = ["OutageQuantity", "least_cost_quantity"]

WIDEST = 64.0  # times the quantity without outages: the best one is looked for up to there, and farther while it pays


@dataclass(frozen=True)
class OutageQuantity:
    """``order_cost`` per order, ``holding_cost`` per unit and year, ``lost_cost`` per unit that is not sold, ``demand`` units a
    year, ``outages_per_year`` while the supplier works, ``recoveries_per_year`` while it is down (365 over the mean days)."""

    order_cost: float
    holding_cost: float
    lost_cost: float
    demand: float
    outages_per_year: float
    recoveries_per_year: float

    def cost(self, quantity: float) -> float:
        """Per year, of ordering ``quantity`` units at a time."""
        failing = self.outages_per_year + self.recoveries_per_year
        down = self.outages_per_year / failing * -_minus_one(-failing * quantity / self.demand)
        cycle = quantity / self.demand + down / self.recoveries_per_year  # years, with the wait for a supplier that is down
        lost = self.lost_cost * self.demand * down / self.recoveries_per_year
        return (self.order_cost + self.holding_cost * quantity**2 / (2 * self.demand) + lost) / cycle

    @property
    def undisturbed(self) -> float:
        """The quantity without outages (Harris 1913)."""
        return sqrt(2 * self.order_cost * self.demand / self.holding_cost)


def least_cost_quantity(supplier: OutageQuantity) -> tuple[float, float]:
    """The quantity (units) that costs least, and its cost per year.

    :class:`ConfigError` where a number is not above 0.

    >>> quantity, cost = least_cost_quantity(OutageQuantity(8, 0.225, 5, 1300, 1.5, 14))
    >>> round(quantity, 3), round(cost, 4)
    (772.811, 173.95)
    """
    from scipy.optimize import minimize_scalar

    wrong = [f"{name} is {value:g}" for name, value in vars(supplier).items() if not (isfinite(value) and value > 0)]
    if wrong:
        raise ConfigError(f"{'; '.join(wrong)}; expected numbers above 0")
    high = supplier.undisturbed * WIDEST
    while supplier.cost(2 * high) < supplier.cost(high):
        high *= 2
    found = minimize_scalar(supplier.cost, bounds=(supplier.undisturbed * 1e-3, 2 * high), method="bounded",
                            options={"xatol": supplier.undisturbed * 1e-9})  # fmt: skip
    return float(found.x), float(found.fun)


def _minus_one(power: float) -> float:
    """e to the power, less 1."""
    return exp(power) - 1
