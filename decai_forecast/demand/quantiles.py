"""From the three trained quantiles to the levels that simulation and reports use."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.demand.lots import to_lots
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.tails import beyond, lifted, within

__all__ = [
    "LEVELS", "LIFTED", "MEAN", "SALE", "TRAINED", "at_deviates", "implied_mean", "levels_at_actual", "name_of",
    "plotting_position", "to_levels",
]  # fmt: skip

TRAINED = (0.1, 0.5, 0.9)
MEAN = "mean"
SALE, LIFTED = "sale", "lifted"  # units of a usual sale of the series; the mean lay above q95
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
GRID = np.linspace(0.005, 0.995, 100)  # probabilities at which the inverse distribution is averaged for the mean


def name_of(quantile: float) -> str:
    """``q05`` for 0.05."""
    return f"q{round(quantile * 100):02d}"


def plotting_position(level: Floats, count: Any) -> Floats:
    """Where among ``count`` sorted values the quantile of ``level`` is: 0 is the first, 0.5 half way to the second.

    Weibull's plotting position, level (count + 1), within the values: a further draw lies below the quantile with just that
    probability (Hyndman & Fan 1996, definition 6).
    """
    return np.asarray(np.clip(level * (count + 1) - 1, 0, np.maximum(count - 1, 0)), dtype=float)


def to_levels(forecast: pd.DataFrame) -> pd.DataFrame:
    """Replaces the trained quantiles by ``mean`` and all ``LEVELS``: not negative, monotone, q10, q50, q90 as they were.

    Between the trained levels each half of the distribution is taken for a half normal on its own scale, beyond q90 for a
    longer tail. Where a column ``lot`` (units) says what a series is ordered in, all levels are whole lots. ``mean`` stays if
    it is there; where it lies above q95, the upper levels are lifted (see tails.py, which uses the column ``sale``), and
    ``lifted`` is true.
    """
    trained = forecast[[name_of(q) for q in TRAINED]].to_numpy(float)
    levels = _inverse(trained, np.array(LEVELS))
    if "lot" in forecast:
        levels = to_lots(levels, forecast["lot"].to_numpy(float))
    out = forecast.drop(columns=[name_of(q) for q in TRAINED])
    mean = forecast[MEAN].to_numpy(float) if MEAN in forecast else implied_mean(forecast)
    none = np.full(len(forecast), np.nan)
    sale, lot = (forecast[name].to_numpy(float) if name in forecast else none for name in (SALE, "lot"))
    levels, at = lifted(levels, mean, sale, lot)
    out = out.drop(columns=[MEAN, SALE, "lot"], errors="ignore").assign(**{MEAN: mean, LIFTED: at})
    for k, level in enumerate(LEVELS):
        out[name_of(level)] = levels[:, k]
    return out


def implied_mean(forecast: pd.DataFrame) -> Floats:
    """The mean of two half normals through q10, q50 and q90, in units: the longer tail is for upper levels, not for means."""
    low, middle, high = forecast[[name_of(q) for q in TRAINED]].to_numpy(float).T
    z = np.array([NormalDist().inv_cdf(float(p)) for p in GRID]) / NormalDist().inv_cdf(TRAINED[2])
    below, above = np.minimum(z, 0.0)[None, :], np.maximum(z, 0.0)[None, :]
    values = middle[:, None] + below * (middle - low)[:, None] + above * (high - middle)[:, None]
    return np.asarray(np.maximum(values, 0.0).mean(axis=1), dtype=float)


def _inverse(trained: Floats, probability: Floats) -> Floats:
    """The quantile function at ``probability``: rows x len(probability), in the units of ``trained``."""
    normal = NormalDist()
    columns = [at_deviates(trained, np.full(len(trained), normal.inv_cdf(float(p)))) for p in probability]
    return np.stack(columns, axis=1)


def at_deviates(trained: Floats, z: Floats) -> Floats:
    """The quantile of each row (q10, q50, q90 of rows x 3, units) at its own standard normal deviate; not negative.

    Beyond q90 the tail is longer than a half normal's (tails.py).
    """
    low, middle, high = trained.T
    part = beyond(z / NormalDist().inv_cdf(TRAINED[2]))
    return np.asarray(np.maximum(middle + part * np.where(part < 0, middle - low, high - middle), 0.0), dtype=float)


def levels_at_actual(forecast: pd.DataFrame) -> tuple[Floats, Floats]:
    """The lowest and the highest level (0..1) at which the distribution of :func:`to_levels` gives each row's ``actual``.

    Where no level does (between two lots, say) both are the level that jumps over it. A draw between the two is the
    randomised probability integral transform (Czado, Gneiting & Held 2009) of the whole distribution, not of a few levels.
    """
    trained, actual = forecast[[name_of(q) for q in TRAINED]].to_numpy(float), forecast["actual"].to_numpy(float)
    lot = forecast["lot"].to_numpy(float) if "lot" in forecast else np.zeros(len(actual))
    step = np.where(lot > 0, lot, 1.0)
    least = np.where(lot > 0, (np.ceil(actual / step) - 0.5) * step, actual)  # below it a level is rounded to less than actual
    most = np.where(lot > 0, (np.floor(actual / step) + 0.5) * step, actual)
    low, high = _share_below(trained, least, with_equal=False), _share_below(trained, most, with_equal=True)
    return np.where(actual > 0, low, 0.0), high


def _share_below(trained: Floats, value: Floats, *, with_equal: bool) -> Floats:
    """The share of levels whose quantile is less than ``value`` (or equal to it): the distribution function of _inverse."""
    low, middle, high = trained.T
    width = np.where(value < middle, middle - low, high - middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = within((value - middle) / width) * NormalDist().inv_cdf(TRAINED[2])
    at_middle = np.where(high > middle, 0.5, 1.0) if with_equal else np.where(low < middle, 0.5, 0.0)
    return np.where(value == middle, at_middle, _normal_cdf(z))


def _normal_cdf(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(z), dtype=float)
