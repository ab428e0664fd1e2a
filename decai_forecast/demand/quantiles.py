"""From the three trained quantiles to the levels that simulation and reports use."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from decai_forecast.demand.lots import to_lots
from decai_forecast.demand.panel import Floats

__all__ = ["LEVELS", "MEAN", "TRAINED", "implied_mean", "name_of", "to_levels"]

TRAINED = (0.1, 0.5, 0.9)
MEAN = "mean"
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
GRID = np.linspace(0.005, 0.995, 100)  # probabilities at which the inverse distribution is averaged for the mean


def name_of(quantile: float) -> str:
    """``q05`` for 0.05."""
    return f"q{round(quantile * 100):02d}"


def to_levels(forecast: pd.DataFrame) -> pd.DataFrame:
    """Replaces the trained quantiles by ``mean`` and all ``LEVELS``: not negative, monotone, q10, q50, q90 as they were.

    Between and beyond the trained levels each half of the distribution is taken for a half normal on its own scale. Where
    a column ``lot`` (units) says what a series is ordered in, all levels are whole lots. ``mean`` stays if it is there.
    """
    trained = forecast[[name_of(q) for q in TRAINED]].to_numpy(float)
    levels = _inverse(trained, np.array(LEVELS))
    if "lot" in forecast:
        levels = to_lots(levels, forecast["lot"].to_numpy(float))
    out = forecast.drop(columns=[name_of(q) for q in TRAINED] + ["lot"] * ("lot" in forecast))
    mean = forecast[MEAN].to_numpy(float) if MEAN in forecast else implied_mean(forecast)
    out = out.drop(columns=MEAN, errors="ignore").assign(**{MEAN: mean})
    for k, level in enumerate(LEVELS):
        out[name_of(level)] = levels[:, k]
    return out


def implied_mean(forecast: pd.DataFrame) -> Floats:
    """The mean of the distribution that q10, q50 and q90 stand for, in units."""
    return np.asarray(_inverse(forecast[[name_of(q) for q in TRAINED]].to_numpy(float), GRID).mean(axis=1), dtype=float)


def _inverse(trained: Floats, probability: Floats) -> Floats:
    """The quantile function at ``probability``: rows x len(probability), in the units of ``trained``."""
    normal = NormalDist()
    low, middle, high = trained[:, [0]], trained[:, [1]], trained[:, [2]]
    edge = normal.inv_cdf(TRAINED[2])
    z = np.array([normal.inv_cdf(float(p)) for p in probability])[None, :] / edge
    found = np.where(z < 0, middle + z * (middle - low), middle + z * (high - middle))
    return np.maximum(found, 0.0)
