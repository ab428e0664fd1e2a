"""Do the quantiles hold? Histogram of the probability integral transform, and each level beside what it promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.demand.metrics import levels_of, transformed
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import name_of
from decai_forecast.reports.backtest.facts import BacktestFacts
from decai_forecast.reports.backtest.names import COMBINED, LOCAL, SHARED

__all__ = ["BINS", "calibration"]

BINS = 10  # of the histogram: a tenth of the actuals belongs into each
TOLERANCE = 0.03  # share by which a level may miss what it promised
SEED = 1  # of the randomised transform


def calibration(facts: BacktestFacts) -> dict[str, Any]:
    """Of the combination, own and shared: means over partners, each weighing the same."""
    rows = facts.rows[np.isfinite(facts.rows["actual"])]
    there = [m for m in (COMBINED, LOCAL, SHARED) if m in facts.models]
    return {"tolerance": TOLERANCE, "models": {m: _one(rows[rows["model"] == m]) for m in there}}


def _one(rows: pd.DataFrame) -> dict[str, Any]:
    parts = [part for _, part in rows.groupby("partner", sort=True)]
    levels = levels_of(rows)
    shares = np.mean([_shares(part, levels) for part in parts], axis=0)
    checked = [_level(level, below, upto) for level, (below, upto) in zip(levels, shares.tolist(), strict=True)]
    return {"pit": np.mean([_histogram(part) for part in parts], axis=0).tolist(), "levels": checked}


def _level(level: float, below: float, upto: float) -> dict[str, Any]:
    """A level holds where it lies between the share of actuals below the quantile and that up to it: zeros lie on it."""
    return {"level": level, "below": below, "upto": upto, "holds": below <= level + TOLERANCE and upto >= level - TOLERANCE}


def _shares(part: pd.DataFrame, levels: tuple[float, ...]) -> Floats:
    """levels x (share of actuals below the quantile, share up to it)."""
    y, q = part["actual"].to_numpy(float)[:, None], _quantiles(part, levels)
    return np.stack([(y < q).mean(axis=0), (y <= q).mean(axis=0)], axis=1)


def _histogram(part: pd.DataFrame) -> Floats:
    return np.asarray(np.histogram(transformed(part, np.random.default_rng(SEED)), bins=BINS, range=(0.0, 1.0))[0] / len(part))


def _quantiles(part: pd.DataFrame, levels: tuple[float, ...]) -> Floats:
    return part[[name_of(level) for level in levels]].to_numpy(float)
