"""Sales that are far larger than the sales before them: Hampel's identifier on the root scale (Hampel 1974)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.history import Running, rhythm
from decai_forecast.demand.panel import Floats, Panel

__all__ = ["LEAST_SIZES", "Outliers", "outliers_of"]

OUTLIER = 4.0  # robust standard deviations on the root scale; 3 would flag every 200th period of plain counts
MATERIAL = 1.5  # times the usual root (2.25 times the units): smaller ones are not worth a planner's minute
LEAST_SIZES = 8  # earlier sales needed to say what is usual
CHUNK = 50_000  # windows in memory at a time
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outliers:
    """Of each: series, period, the usual size and the largest that would not be one (units), robust deviations."""

    series: Ints
    period: Ints
    usual: Floats
    bound: Floats
    z: Floats


def outliers_of(panel: Panel, first: int) -> Outliers:
    """Sales from period ``first`` on that are far larger than the *sales* of the window before: a period without a sale is no
    outlier among sales, and says nothing about their size. Promoted periods are left out: they are large on purpose."""
    window = rhythm(panel.calendar).scale
    root = np.sqrt(np.where(panel.quantity > 0, panel.quantity, np.nan))
    usual = Running(root).mean(np.arange(root.shape[1]), window)
    with np.errstate(invalid="ignore"):  # a cheap necessary condition first: sorting windows of all periods would be slow
        series, period = np.nonzero((root > MATERIAL * usual) & ~(panel.promotion > 0) & (np.arange(root.shape[1]) >= first))
    padded = np.concatenate([np.full((len(root), window), np.nan), root], axis=1)
    starts = range(0, max(len(series), 1), CHUNK)
    parts = [_robust(padded[series[k : k + CHUNK, None], period[k : k + CHUNK, None] + np.arange(window)]) for k in starts]
    middle, spread = (np.concatenate(values) for values in zip(*parts, strict=True))
    z = (root[series, period] - middle) / spread
    kept = (z > OUTLIER) & (root[series, period] > MATERIAL * middle)  # false where too little is known
    bound = np.maximum(middle + OUTLIER * spread, MATERIAL * middle) ** 2
    return Outliers(series[kept], period[kept], middle[kept] ** 2, bound[kept], z[kept])


def _robust(roots: Floats) -> tuple[Floats, Floats]:
    """Median and 1.4826 times the median absolute deviation of each row, NaN with fewer than ``LEAST_SIZES`` values; the latter
    at least that of a Poisson count of the smallest sale, half its root (Bartlett 1936), lest a steady item alarm at every
    change."""
    middle, spread = np.full((2, len(roots)), np.nan)
    enough = np.isfinite(roots).sum(axis=1) >= LEAST_SIZES
    if enough.any():
        kept = roots[enough]
        middle[enough] = np.nanmedian(kept, axis=1)
        deviation = 1.4826 * np.nanmedian(np.abs(kept - middle[enough, None]), axis=1)
        spread[enough] = np.maximum(deviation, 0.5 * np.nanmin(kept, axis=1))
    return middle, spread
