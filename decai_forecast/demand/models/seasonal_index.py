"""A moving average times the season of the company: how all its items together went in this part of the past years."""

from __future__ import annotations

import numpy as np

from decai_forecast.demand.history import Running, rhythm
from decai_forecast.demand.models.base import Forecast, Model, filled, register, with_errors
from decai_forecast.demand.models.moving_average import WINDOW
from decai_forecast.demand.panel import Floats, Panel

__all__ = ["season_of", "seasonal_index"]

REACH = {"D": 0, "W": 2, "M": 0}  # periods to either side over which the index is smoothed


def seasonal_index(panel: Panel, origin: int) -> Forecast:
    """Each series' mean of the last quarter, over the index of that quarter, times the index of the period to forecast.

    Quantiles from the series' own past errors of the same rule, with the index of today.
    """
    quantity, window = panel.quantity[:, :origin], WINDOW[panel.calendar.frequency]
    index = season_of(quantity, panel.calendar.season, REACH[panel.calendar.frequency])

    def at(period: int) -> float:
        return float(index[(period - origin) % len(index)])

    before = np.array([index[np.arange(t - window - origin, t - origin) % len(index)].mean() for t in range(origin + 1)])
    levels = filled(Running(quantity).mean(np.arange(origin + 1), window)) / before
    mean = levels[:, [origin]] * np.array([at(origin + k) for k in range(panel.calendar.horizon)])
    first = max(0, origin - 2 * rhythm(panel.calendar).scale)

    def errors(h: int) -> Floats:
        made = levels[:, first : max(first, origin + 1 - h)]
        ahead = np.array([at(first + h - 1 + k) for k in range(made.shape[1])])
        return np.asarray(quantity[:, first + h - 1 : first + h - 1 + made.shape[1]] - made * ahead, dtype=float)

    return with_errors(mean, errors)


def season_of(quantity: Floats, season: int, reach: int) -> Floats:
    """The index of the ``season`` periods from the origin on (mean 1): each period of past seasons over the mean of its season,
    summed over all series, smoothed over ``reach`` periods to either side and drawn towards 1 where few seasons are known."""
    whole = quantity.shape[1] // season
    if not whole:
        return np.ones(season)
    known = np.isfinite(quantity).any(axis=0)
    total = np.where(known, np.nansum(quantity, axis=0), np.nan)[-whole * season :].reshape(whole, season)
    count = np.isfinite(total).sum(axis=1, keepdims=True)
    usual = np.nansum(total, axis=1, keepdims=True) / np.maximum(count, 1)
    shares = np.divide(total, usual, out=np.full(total.shape, np.nan), where=usual > 0)
    there = np.isfinite(shares)
    index = np.where(there, shares, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    index = np.where(there.any(axis=0), index, 1.0)
    smooth = np.mean([np.roll(index, shift) for shift in range(-reach, reach + 1)], axis=0)
    drawn = 1 + (smooth - 1) * whole / (whole + 1)
    return np.asarray(np.maximum(drawn / drawn.mean(), 0.01))


register(Model("seasonal_index", "a moving average times the season of all items of the company", seasonal_index))
