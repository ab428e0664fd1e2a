"""Distributions moved so that the mean of their samples is the mean of the forecast.

Eight quantiles tell a distribution but not its mean: straight lines between them lie above a lumpy demand, whole lots are
rounded to, and what is beyond the last is a guess. The forecast says the mean, too, and it is what a planner reads. So every
quantile is multiplied by the same factor, which leaves the shape as it is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.quantiles import LEVELS

__all__ = ["centred", "mean_of", "variance_of"]

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
POINTS = 128  # equally likely ones at which whole lots are averaged
STEPS = 10  # halvings of the factor: to 0.1 %
LEAST, MOST = 0.5, 2.0  # a factor beyond says that mean and quantiles are of different things
BLOCK = 8_192  # distributions at a time


def mean_of(base: Singles, rise: Singles) -> Floats:
    """[...] of pieces [..., piece], in any quantity."""
    share = np.diff([0.0, *LEVELS, 1.0])
    middle = np.array([0.5] * len(LEVELS) + [1.0])  # the mean of an exponential is its decay
    return np.asarray((base * share + rise * share * middle).sum(axis=-1, dtype=np.float64))


def variance_of(base: Singles, rise: Singles) -> Floats:
    """[...] of pieces [..., piece], in any quantity."""
    share = np.diff([0.0, *LEVELS, 1.0])
    once, twice = np.array([1.0] * len(LEVELS) + [2.0]), np.array([1 / 3] * len(LEVELS) + [2.0])  # of a line, of the tail
    square = (share * (base.astype(np.float64) ** 2 + base * rise * once + rise**2 * twice)).sum(axis=-1)
    return np.asarray(np.maximum(square - mean_of(base, rise) ** 2, 0.0))


def centred(base: Singles, rise: Singles, lot: Singles, mean: Floats) -> tuple[Singles, Singles]:
    """Pieces [location, item, period, piece] whose mean is ``mean`` ([location, item, period]; NaN: as it is), rounded to the
    ``lot`` ([location, item]; 0: in any quantity)."""
    now = mean_of(base, rise)
    wanted = np.where(np.isfinite(mean) & (mean > 0) & (now > 0), mean, now)
    factor = np.clip(np.divide(wanted, now, out=np.ones_like(now), where=now > 0), LEAST, MOST)
    whole = np.broadcast_to((lot > 0)[:, :, None], now.shape) & (now > 0)
    at = np.nonzero(whole)
    for first in range(0, len(at[0]), BLOCK):
        some = tuple(index[first : first + BLOCK] for index in at)
        factor[some] = _in_lots(base[some], rise[some], lot[some[0], some[1]], wanted[some])
    scale = factor[..., None].astype(np.float32)
    return np.asarray(base * scale), np.asarray(rise * scale)


def _in_lots(base: Singles, rise: Singles, lot: Singles, wanted: Floats) -> Floats:
    """The factor by which the rounded mean is as wanted, by bisection, since it grows with the factor."""
    values, step = _spread(base, rise), lot[:, None]
    low, high = np.full(len(base), LEAST), np.full(len(base), MOST)
    for _ in range(STEPS):
        middle = (low + high) / 2
        found = (np.floor(values * (middle[:, None] / step).astype(np.float32) + np.float32(0.5)) * step).mean(axis=1)
        low, high = np.where(found < wanted, middle, low), np.where(found < wanted, high, middle)
    return np.asarray((low + high) / 2)


def _spread(base: Singles, rise: Singles) -> Singles:
    """[distribution, POINTS]: values that are equally likely."""
    u, knots = (np.arange(POINTS) + 0.5) / POINTS, np.array([0.0, *LEVELS, 1.0])
    piece = np.searchsorted(knots, u, side="right") - 1
    weight = (u - knots[piece]) / (knots[piece + 1] - knots[piece])
    tail = piece == len(LEVELS)
    weight[tail] = 1.0 if tail.sum() == 1 else -np.log(1 - weight[tail])
    return np.asarray(base[:, piece] + weight.astype(np.float32) * rise[:, piece])
