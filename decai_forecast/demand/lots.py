"""The lot size of a series, found in what was sold: 12 where it sells by the dozen.

Nobody sells 17 units of such a series, so its quantiles are rounded to 12 or 24.
"""

from __future__ import annotations

import numpy as np

from decai_forecast.demand.panel import Floats

__all__ = ["LOTS", "lot_sizes", "to_lots"]

LOTS = (48, 36, 24, 12, 6, 3, 2, 1)  # units, largest first: 48 is tried before 12, which divides it
SHARE = 0.8  # of the positive quantities that a lot must divide
LEAST = 5  # positive quantities below which nothing is said


def lot_sizes(quantity: Floats) -> Floats:
    """The largest lot that divides ``SHARE`` of each series' positive quantities (series x periods); 0: no lot, not even 1."""
    sold = quantity > 0
    count = sold.sum(axis=1)
    out = np.zeros(len(quantity))
    for lot in reversed(LOTS):
        with np.errstate(invalid="ignore"):
            divided = (sold & (quantity % lot == 0)).sum(axis=1)
        out = np.where((count >= LEAST) & (divided >= SHARE * count), lot, out)
    return out


def to_lots(values: Floats, lots: Floats) -> Floats:
    """Rounds ``values`` (rows x levels) to the nearest multiple of each row's lot; a lot of 0 changes nothing."""
    step = np.where(lots > 0, lots, 1.0)[:, None]
    return np.where(lots[:, None] > 0, np.round(values / step) * step, values)
