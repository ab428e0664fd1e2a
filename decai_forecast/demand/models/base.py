"""What a model is, the list of all, and quantiles from a model's own past errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.columns import DATE, SERIES
from decai_forecast.demand.history import rhythm
from decai_forecast.demand.panel import Floats, Panel
from decai_forecast.demand.quantiles import TRAINED, name_of, plotting_position

__all__ = [
    "FEW_ERRORS", "MODELS", "POISSON", "Forecast", "Method", "Model", "as_frame", "empirical", "filled", "register",
    "with_errors", "with_level_errors",
]  # fmt: skip

FEW_ERRORS = 8  # fewer past errors than this do not show a tail; the spread of a Poisson count is taken instead
POISSON = np.array([-1.2815515655446004, 0.0, 1.2815515655446004])  # normal quantiles of TRAINED


@dataclass(frozen=True)
class Forecast:
    """``quantiles``: series x horizon x TRAINED; ``mean``: series x horizon. Units, not negative, quantiles not crossing; NaN
    for a series of which nothing is known before the origin."""

    quantiles: Floats
    mean: Floats


Method = Callable[[Panel, int], Forecast]


@dataclass(frozen=True)
class Model:
    """One local model: all that the backtest, the night, their reports and the docs ask about it.

    ``name``: in files, unique. ``about``: what it does, for the docs. ``title``: in tables; the name where empty. ``method``:
    fits on the periods before the index ``origin`` and forecasts the horizon from it on. It must not look at later periods, and
    must skip unknown ones (NaN), never take them for zero. It is a function of a module, so that other processes find it.
    ``least``: known periods before the origin that a series needs; with fewer it gets no forecast (NaN). ``candidate``: whether
    a night may choose it, beside own and shared (see ``demand/candidates.py``). A backtest compares with every model.
    ``version``: of what it is made of, where that may change: a night is done again for another one.
    """

    name: str
    about: str
    method: Method
    title: str = ""
    least: int = 1
    candidate: bool = False
    version: str = ""

    def forecast(self, panel: Panel, origin: int) -> Forecast:
        """The forecast of every series that has ``least`` known periods."""
        found = self.method(panel, origin)
        if self.least <= 1:
            return found
        short = np.isfinite(panel.quantity[:, :origin]).sum(axis=1) < self.least
        return Forecast(np.where(short[:, None, None], np.nan, found.quantiles), np.where(short[:, None], np.nan, found.mean))

    @property
    def heading(self) -> str:
        """``Moving average``."""
        return self.title or self.name.replace("_", " ").capitalize()


MODELS: dict[str, Model] = {}


def register(model: Model) -> Model:
    """Makes ``model`` known by its name; ValueError if another one has it."""
    if MODELS.setdefault(model.name, model) != model:
        raise ValueError(f"two models are called {model.name!r}; names in MODELS are unique")
    return model


def as_frame(panel: Panel, origin: int, forecast: Forecast) -> pd.DataFrame:
    """The forecast as a frame: location_id, item_id, date, ``h``, ``actual`` (NaN if unknown), ``mean``, q10, q50, q90."""
    size, horizon = forecast.mean.shape
    out = panel.series[SERIES].loc[panel.series.index.repeat(horizon)].reset_index(drop=True)
    out[DATE] = np.tile(panel.dates[origin : origin + horizon], size)
    out["h"] = np.tile(np.arange(1, horizon + 1), size)
    out["actual"] = panel.quantity[:, origin : origin + horizon].ravel()
    out["mean"] = forecast.mean.ravel()
    for k, quantile in enumerate(TRAINED):
        out[name_of(quantile)] = forecast.quantiles[:, :, k].ravel()
    return out


def empirical(values: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles of the known values of each row (rows x values): rows x levels, NaN for a row without any.

    At Weibull's plotting position (see :func:`plotting_position`), linear in between.
    """
    ordered = np.sort(values, axis=1)  # NaN go last
    count = np.isfinite(ordered).sum(axis=1)[:, None]
    place = plotting_position(np.asarray(levels)[None, :], count)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = (np.take_along_axis(ordered, at, axis=1) for at in (low, high))
    return np.asarray(below + (place - low) * (above - below))


def filled(values: Floats) -> Floats:
    """Each row with unknown values replaced by the last known one before them."""
    place = np.where(np.isfinite(values), np.arange(values.shape[1])[None, :], 0)
    return np.asarray(np.take_along_axis(values, np.maximum.accumulate(place, axis=1), axis=1))


def with_errors(mean: Floats, errors: Callable[[int], Floats]) -> Forecast:
    """The forecast whose quantiles are ``mean`` plus the quantiles of the series' own past errors, not below zero.

    ``mean``: series x horizon; ``errors(h)``: series x past errors of the same method h periods ahead, NaN where there is none.
    The median is moved as well: on lumpy demand the middle lies below the mean. With fewer than ``FEW_ERRORS`` errors the
    spread is that of a Poisson count, mean +- 1.28 sqrt(mean).
    """
    quantiles = np.empty((*mean.shape, len(TRAINED)))
    for k in range(mean.shape[1]):
        past, level = errors(k + 1), mean[:, [k]]
        enough = np.isfinite(past).sum(axis=1)[:, None] >= FEW_ERRORS
        usual = level + POISSON * np.sqrt(level)
        quantiles[:, k] = np.where(enough, level + empirical(past, TRAINED), usual) if past.shape[1] else usual
    return Forecast(np.maximum(quantiles, 0.0), mean)


def with_level_errors(panel: Panel, origin: int, levels: Floats) -> Forecast:
    """The forecast of a model whose forecast is flat. ``levels``: series x (origin + 1); column t is the level as forecast from
    the periods before t. Errors are those of the two scale windows (see history.rhythm) before the origin."""
    quantity, horizon = panel.quantity[:, :origin], panel.calendar.horizon
    first = max(0, origin - 2 * rhythm(panel.calendar).scale)

    def errors(h: int) -> Floats:
        made = levels[:, first : max(first, origin + 1 - h)]
        return quantity[:, first + h - 1 : first + h - 1 + made.shape[1]] - made

    return with_errors(np.repeat(levels[:, [origin]], horizon, axis=1), errors)
