"""Exponential smoothing as a state space model (Hyndman et al. 2008), by statsmodels.

A level, a damped trend and the season of months and days. Unknown periods are passed over by the Kalman filter, not filled.
Needs the extra ``ets``.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from statistics import NormalDist
from typing import Any

import numpy as np

from decai_forecast.demand.models.base import Forecast, Model, register
from decai_forecast.demand.panel import Floats, Panel
from decai_forecast.demand.quantiles import TRAINED
from decai_forecast.errors import ConfigError

__all__ = ["ets"]

LONGEST_SEASON = 12  # periods: a state for each of 52 weeks takes minutes, and learns little from two of each
SEASONS = 2  # that have to be known
STEPS = 50  # of the optimiser


def ets(panel: Panel, origin: int) -> Forecast:
    """Each series by itself, the quantiles those of the model's own normal errors; NaN where it cannot be fitted."""
    horizon = panel.calendar.horizon
    quantiles = np.full((len(panel.quantity), horizon, len(TRAINED)), np.nan)
    mean = np.full(quantiles.shape[:2], np.nan)
    for k, quantity in enumerate(panel.quantity[:, :origin]):
        known = np.isfinite(quantity)
        if known.any():
            level, spread = _of_series(quantity[known.argmax() :], panel.calendar.season, horizon)
            mean[k], quantiles[k] = np.maximum(level, 0.0), _normal(level, spread)
    return Forecast(quantiles, mean)


def _of_series(quantity: Floats, season: int, horizon: int) -> tuple[Floats, Floats]:
    """Mean and standard error of each period of the horizon; of a series that never moved without an error."""
    from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

    scale = float(np.nanmax(quantity))
    if not np.nanmin(quantity) < scale:
        return np.full(horizon, scale), np.zeros(horizon)
    seasonal = season if season <= LONGEST_SEASON and len(quantity) >= SEASONS * season else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an optimiser that stops early has still the best it saw
        model = ExponentialSmoothing(quantity / scale, trend=True, damped_trend=True, seasonal=seasonal)
        try:
            made: Any = model.fit(disp=False, maxiter=STEPS).get_forecast(horizon)
        except (ValueError, np.linalg.LinAlgError):
            return np.full(horizon, np.nan), np.full(horizon, np.nan)
    return scale * np.asarray(made.predicted_mean, dtype=float), scale * np.asarray(made.se_mean, dtype=float)


def _normal(level: Floats, spread: Floats) -> Floats:
    z = np.array([NormalDist().inv_cdf(quantile) for quantile in TRAINED])
    return np.asarray(np.maximum(level[:, None] + z * spread[:, None], 0.0), dtype=float)


if find_spec("statsmodels") is None:
    raise ConfigError("model ets needs statsmodels; install it with pip install 'decai-forecast[ets]'")
register(Model("ets", "exponential smoothing with a damped trend, by statsmodels", ets, title="ETS", least=16, candidate=True))
