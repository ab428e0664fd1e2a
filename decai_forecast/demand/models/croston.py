"""Methods for demand that comes now and then: Croston, its unbiased form, and one that lets a dead item fade.

Croston (1972): the size of a sale and the time between two are smoothed apart, when something sells; the level is their ratio.
SBA (Syntetos & Boylan 2005, eq. 2): times 1 - a/2, since the ratio is too high on average. TSB (Teunter, Syntetos & Babai
2011): the chance of a sale is smoothed in every period, so that the level falls where nothing sells any more.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.models.base import Forecast, Model, register, with_level_errors
from decai_forecast.demand.panel import Floats, Panel

__all__ = ["CHANCES", "SIZES", "croston", "levels", "sba", "tsb"]

SIZES = (0.05, 0.1, 0.2, 0.3)  # smoothing of the sizes (and, in Croston and SBA, of the intervals)
CHANCES = (0.02, 0.05, 0.1, 0.2, 0.3)  # smoothing of the chance of a sale, in TSB


def croston(panel: Panel, origin: int) -> Forecast:
    return _intermittent("croston", panel, origin)


def sba(panel: Panel, origin: int) -> Forecast:
    return _intermittent("sba", panel, origin)


def tsb(panel: Panel, origin: int) -> Forecast:
    return _intermittent("tsb", panel, origin)


def _intermittent(name: str, panel: Panel, origin: int) -> Forecast:
    """The smoothing of each series is the one of the grid with the least squared one-step error before the origin (absolute
    errors would choose a level of zero). Quantiles from the series' own past h-step errors."""
    quantity = panel.quantity[:, :origin]
    grid = [(a, b) for a in SIZES for b in (CHANCES if name == "tsb" else (a,))]
    sizes, rates = (np.array(values)[None, :] for values in zip(*grid, strict=True))
    best = np.zeros((len(quantity), len(grid)))
    for t, level in enumerate(levels(name, quantity, sizes, rates)):
        if t < origin:
            best += np.nan_to_num(quantity[:, [t]] - level) ** 2
    chosen = best.argmin(axis=1)
    own = levels(name, quantity, sizes[0, chosen][:, None], rates[0, chosen][:, None])
    return with_level_errors(panel, origin, np.concatenate(list(own), axis=1))


def levels(name: str, quantity: Floats, sizes: Floats, rates: Floats) -> Iterator[Floats]:
    """The level before each period and after the last one, origin + 1 arrays of series x smoothings (units per period).

    ``sizes``, ``rates``: smoothing of the sizes, and of the intervals or the chance of a sale; (1 or series) x smoothings. The
    first values start the recursions; the first interval counts from the first known period. NaN before that one.
    """
    shape = np.broadcast_shapes((len(quantity), 1), sizes.shape)
    size, rate, since = np.zeros(shape), np.full(shape, np.nan), np.zeros((len(quantity), 1))
    bias = 1 - rates / 2 if name == "sba" else 1.0
    yield np.full(shape, np.nan)
    for t in range(quantity.shape[1]):
        value, known, sold = _period(quantity, t)
        since = since + known
        size = np.where(sold, np.where(size > 0, size + sizes * (value - size), value), size)
        if name == "tsb":
            rate = np.where(known, _smoothed(rate, sold.astype(float), rates), rate)
            yield rate * size
        else:
            rate = np.where(sold, _smoothed(rate, since, rates), rate)
            yield np.where(np.isfinite(rate), bias * size / rate, np.where(since > 0, 0.0, np.nan))
            since = np.where(sold, 0.0, since)


def _period(quantity: Floats, t: int) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    value = quantity[:, [t]]
    return value, np.isfinite(value), value > 0


def _smoothed(before: Floats, value: Floats, by: Floats) -> Floats:
    return np.where(np.isfinite(before), before + by * (value - before), value)


register(Model("croston", "the size of a sale over the time between two, each smoothed when something sells", croston))
register(Model("sba", "Croston without its bias: a little less", sba, title="SBA"))
register(Model("tsb", "the smoothed chance of a sale times its size, so that a dead item fades", tsb, title="TSB"))
