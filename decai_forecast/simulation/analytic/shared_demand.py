"""What it is worth to a supplier to see its customer's demand: Lee, So and Tang (2000), Management Science 46(5).

Customers ask for ``D(t) = d + correlation * D(t - 1) + error``. The company that they buy from orders up to a level that covers
its lead time; its supplier sees the orders alone, or the demand behind them, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from decai_forecast.errors import ConfigError

__all__ = ["SharedDemand", "shared_demand"]


@dataclass(frozen=True)
class SharedDemand:
    """Standard deviations, in units, of what the supplier cannot foresee of the orders of its own lead time and one period:
    seeing ``orders`` alone, and seeing ``demand``, too. ``saving``: the share of its safety stock that it does without."""

    orders: float
    demand: float

    @property
    def saving(self) -> float:
        return 1 - self.demand / self.orders if self.orders > 0 else 0.0


def shared_demand(correlation: float, deviation: float, own_lead: int, supplier_lead: int) -> SharedDemand:
    """``correlation`` of demand from period to period, within [0, 1); ``deviation`` of its errors, units; lead times in
    periods, ``own_lead`` that of the company which sees the demand.

    :class:`ConfigError` where one of them cannot be.

    >>> round(shared_demand(0.7, 50.0, 5, 5).saving, 3)
    0.209
    """
    if not (0 <= correlation < 1 and deviation >= 0 and own_lead >= 0 and supplier_lead >= 0):
        raise ConfigError(
            f"correlation {correlation:g}, deviation {deviation:g}, lead times {own_lead} and {supplier_lead}; expected a "
            "correlation from 0 to below 1, and the others not below 0"
        )
    left, r = 1 - correlation, correlation
    coming = sum((1 - r ** (own_lead + i + 1)) ** 2 for i in range(1, supplier_lead + 2)) / left**2
    passed = (r * (1 - r ** (supplier_lead + 1)) * (1 - r ** (own_lead + 1)) / left**2) ** 2  # of the error that orders hide
    return SharedDemand(deviation * sqrt(coming + passed), deviation * sqrt(coming))
