"""The item's own last year: what a planner reads off a histogram of the last 52 weeks (12 months, 91 days)."""

from __future__ import annotations

import numpy as np

from decai_forecast.demand.history import Running, rhythm
from decai_forecast.demand.models.base import FEW_ERRORS, POISSON, Forecast, Model, empirical, register
from decai_forecast.demand.panel import Panel
from decai_forecast.demand.quantiles import TRAINED

__all__ = ["own_quantiles"]


def own_quantiles(panel: Panel, origin: int) -> Forecast:
    """Quantiles and mean of the known periods of the last year, the same for every period of the horizon.

    Of an item with fewer than ``FEW_ERRORS`` known periods in it: the mean of all it has, and the spread of a count.
    """
    window, horizon = rhythm(panel.calendar).scale, panel.calendar.horizon
    known = panel.quantity[:, :origin]
    running, end = Running(known), np.array([origin])
    recent, life = running.mean(end, window), running.mean(end, origin)
    mean = np.where(np.isfinite(recent), recent, life)
    usual = np.maximum(mean + POISSON * np.sqrt(mean), 0.0)
    year = known[:, max(0, origin - window) :]
    enough = np.isfinite(year).sum(axis=1) >= FEW_ERRORS
    quantiles = np.where(enough[:, None], empirical(year, TRAINED), usual) if origin else usual
    return Forecast(np.repeat(quantiles[:, None, :], horizon, axis=1), np.repeat(mean, horizon, axis=1))


register(Model("own_quantiles", "the quantiles of the item's own last 52 weeks, 12 months or 91 days", own_quantiles))
