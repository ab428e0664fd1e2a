"""The upper tail: longer than a normal one, as it is at all companies, and never at odds with the mean.

Three trained quantiles know nothing of what lies beyond the last. How much further 95 % and 99 % of what came lie than 90 % is
alike at companies that differ in all else, so it is taken from many of them (docs/decisions/0032): one has too few such rows.

An item that sells rarely and then much has quantiles of zero up to the last one. The mean, trained on the same rows, knows
better. Where it lies above q95, the tail from q90 on is taken for the exponential one of which q95 is the mean. Where the usual
size of a sale is known and a sale is likely enough for a level to be one (probability of a sale = mean / size), the level is
a whole sale.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.panel import Floats

__all__ = ["UPPER", "beyond", "lifted", "within"]

UPPER = (0.95, 0.99)
EDGE = 1.0  # q90, in multiples of its distance from the median
NORMAL = (1.2835, 1.8152)  # q95 and q99 of a half normal, in the same multiples
USUAL = (1.45, 2.8)  # of demand as forecast, over the companies of three sets


def beyond(part: Floats) -> Floats:
    """Where a half normal's point lies in the longer tail, both in multiples of the distance of q90; unchanged up to q90."""
    return _bent(part, (EDGE, *NORMAL), (EDGE, *USUAL))


def within(part: Floats) -> Floats:
    """The inverse of :func:`beyond`."""
    return _bent(part, (EDGE, *USUAL), (EDGE, *NORMAL))


def _bent(part: Floats, given: tuple[float, ...], wanted: tuple[float, ...]) -> Floats:
    """Piecewise linear through the points; beyond the last one with the slope before it."""
    slope = (wanted[-1] - wanted[-2]) / (given[-1] - given[-2])
    with np.errstate(invalid="ignore"):
        far = wanted[-1] + (part - given[-1]) * slope
        inner = np.interp(part, given, wanted)
        return np.asarray(np.where(part <= EDGE, part, np.where(part > given[-1], far, inner)), dtype=float)


def lifted(levels: Floats, mean: Floats, sale: Floats, lot: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """``levels`` (rows x levels, the last three q90, q95, q99; units) with q95 and q99 lifted where ``mean`` lies above q95,
    and where that was so. ``sale``: usual size of a sale (NaN: not known); ``lot``: 0, or what lifted levels are multiples of.
    """
    at = mean > levels[:, -2]
    out = levels.copy()
    rate = (mean - levels[:, -3]) / np.log((1 - 0.9) / (1 - UPPER[0]))
    with np.errstate(divide="ignore", invalid="ignore"):
        likely = mean / sale
    for k, level in zip((-2, -1), UPPER, strict=True):
        tail = levels[:, -3] + rate * np.log((1 - 0.9) / (1 - level))
        whole = np.where(likely >= 2 * (1 - level), sale, 0.0)  # the median of the sales, if sales reach the level
        wanted = np.maximum(np.nan_to_num(whole), tail)
        step = np.where(lot > 0, lot, 1.0)
        wanted = np.where(lot > 0, np.ceil(np.round(wanted / step, 9)) * step, wanted)
        out[:, k] = np.where(at, np.maximum(out[:, k], wanted), out[:, k])
    return out, at
