"""Invented daily demand of many items over a year and a horizon: half of them intermittent, with weekdays, seasons, level
shifts and promotions nobody was told of. Usage: forecast_daily.py FILE SERIES. Rows are sorted, one per series and day.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

DAYS, HORIZON = 365, 28
BEGIN = pd.Timestamp("2025-01-06")  # a Monday
CHUNK = 5_000


def demand(series: int, rng: np.random.Generator) -> np.ndarray:
    """series x (DAYS + HORIZON), units."""
    day = np.arange(DAYS + HORIZON)
    level = rng.lognormal(0.5, 1.2, (series, 1))
    weekday = rng.dirichlet(np.full(7, 8.0), (series,)) * 7
    season = 1 + rng.uniform(0, 0.4, (series, 1)) * np.sin(2 * np.pi * (day / 365 + rng.uniform(0, 1, (series, 1))))
    shifted = day >= rng.integers(0, 3 * DAYS, (series, 1))  # for most of them after the end
    shift = np.where(shifted, rng.lognormal(0, 0.5, (series, 1)), 1.0)
    wave = np.cumsum(rng.normal(0, 0.03, (series, len(day))), axis=1)
    rate = level * weekday[:, day % 7] * season * shift * np.exp(wave - wave.mean(axis=1, keepdims=True))
    rate *= np.where(rng.random(rate.shape) < 0.02, 2.5, 1.0)
    asked = rng.poisson(rng.gamma(3.0, rate / 3.0))
    often = np.where(rng.random((series, 1)) < 0.5, 1.0, rng.uniform(0.1, 0.7, (series, 1)))
    return np.where(rng.random(rate.shape) < often, asked, 0)


def main(target: Path, series: int) -> None:
    days = pd.date_range(BEGIN, periods=DAYS + HORIZON)
    rng = np.random.default_rng(5)
    found = np.concatenate([demand(min(CHUNK, series - k), rng) for k in range(0, series, CHUNK)])
    names = np.repeat(np.arange(series, dtype=np.int32), len(days))
    rows = {"unique_id": names, "ds": np.tile(days, series), "y": found.ravel().astype(np.float32)}
    pd.DataFrame(rows).to_parquet(target, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
