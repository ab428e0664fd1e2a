"""The moving average: the mean of the last quarter (13 weeks, 6 months, 28 days), for every period of the horizon."""

from __future__ import annotations

import numpy as np

from decai_forecast.demand.history import Running
from decai_forecast.demand.models.base import Forecast, Model, filled, register, with_level_errors
from decai_forecast.demand.panel import Panel

__all__ = ["WINDOW", "moving_average"]

WINDOW = {"W": 13, "M": 6, "D": 28}  # periods


def moving_average(panel: Panel, origin: int) -> Forecast:
    """Quantiles from the series' own past h-step errors. A window without a known period keeps the average before it."""
    window = WINDOW[panel.calendar.frequency]
    levels = filled(Running(panel.quantity[:, :origin]).mean(np.arange(origin + 1), window))
    return with_level_errors(panel, origin, levels)


register(Model("moving_average", "the mean of the last 28 days, 13 weeks or 6 months", moving_average))
