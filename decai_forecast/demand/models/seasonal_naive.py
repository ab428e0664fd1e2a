"""The seasonal naive: what was sold one season ago (7 days, 52 weeks, 12 months)."""

from __future__ import annotations

import numpy as np

from decai_forecast.demand.history import rhythm
from decai_forecast.demand.models.base import Forecast, Model, filled, register, with_errors
from decai_forecast.demand.panel import Floats, Panel

__all__ = ["seasonal_naive"]


def seasonal_naive(panel: Panel, origin: int) -> Forecast:
    """The last known sale of the same place in the season; without one the last known sale. Quantiles from the series' own
    past differences over as many seasons as the horizon spans."""
    quantity, season = panel.quantity[:, :origin], panel.calendar.season
    first = max(0, origin - 2 * rhythm(panel.calendar).scale)

    def errors(h: int) -> Floats:
        back = season * -(-h // season)
        start = max(first, back)
        return quantity[:, start:] - quantity[:, start - back : max(origin - back, start - back)]

    return with_errors(_points(quantity, season, panel.calendar.horizon), errors)


def _points(quantity: Floats, season: int, horizon: int) -> Floats:
    size, origin = quantity.shape
    last = filled(quantity)[:, -1] if origin else np.full(size, np.nan)
    by_place = np.full((size, season), np.nan)
    for start in range(origin % season - season, origin, season):  # the oldest season first, the later ones write over it
        part = quantity[:, max(start, 0) : start + season]
        place = slice(season - part.shape[1], season)
        by_place[:, place] = np.where(np.isfinite(part), part, by_place[:, place])
    points = by_place[:, np.arange(horizon) % season]
    return np.where(np.isfinite(points), points, last[:, None])


register(Model("seasonal_naive", "what was sold a season ago: 7 days, 52 weeks or 12 months", seasonal_naive))
