"""The peer that anybody can write in an afternoon: one direct LightGBM over all series, with the horizon as a column.

``--rows own`` trains a model for each company on its own rows; ``--rows pooled`` one on the rows of all, which competitors
cannot have. Targets are divided by the mean of the item's last year; quantiles .1, .5 and .9, and Tweedie for the mean. No
choice, no calibration, and nothing learned of its own errors.
"""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from forecast_common import COLUMNS, QUANTILES, Task, arguments, run

TREES: dict[str, Any] = {
    "num_iterations": 300, "learning_rate": 0.05, "num_leaves": 31, "min_child_samples": 50, "colsample_bytree": 0.8,
    "subsample": 0.8, "subsample_freq": 1, "max_bin": 127, "seed": 1, "num_threads": 1, "deterministic": True, "verbosity": -1,
}  # fmt: skip
LOSSES = [{"objective": "quantile", "alpha": q} for q in QUANTILES] + [{"objective": "tweedie", "tweedie_variance_power": 1.3}]
MOST_ROWS = {"own": 20_000, "pooled": 250_000}  # more change little but the time
SPARE = 4  # rows made for each that is kept; more origins than these are left out evenly
YEARS = 3  # of origins
WINDOWS = {52: (4, 8, 13, 26, 52), 12: (2, 3, 6, 12)}
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
LEAST = 50  # training rows
Panel = tuple[
    np.ndarray, pd.DatetimeIndex, int
]  # series x known periods (NaN before the first sale), their dates and later, season


def of_series(y: np.ndarray, origin: int, season: int) -> tuple[np.ndarray, np.ndarray]:
    """What is known of each series at an origin (the last known period), in multiples of its scale; and the scale."""
    known, year = y[:, : origin + 1], y[:, max(0, origin + 1 - season) : origin + 1]
    scale = np.nanmean(year, axis=1)
    scale = np.where(scale > 0, scale, np.nan)
    lags = [known[:, -k] if origin >= k - 1 else np.full(len(y), np.nan) for k in (1, 2, 3, 4)]
    means = [np.nanmean(known[:, -window:], axis=1) for window in (*WINDOWS[season], 2 * season)]
    sizes = np.stack([*lags, *means, np.nanstd(year, axis=1), *np.nanquantile(year, LEVELS, axis=1)], axis=1) / scale[:, None]
    often = [np.nanmean(year > 0, axis=1), np.nanmean(known[:, -season // 4 :] > 0, axis=1)]
    return np.column_stack([sizes, *often, np.minimum(np.isfinite(known).sum(axis=1), 2 * season)]), scale


def of_period(panel: Panel, origin: int, h: int, scale: np.ndarray) -> np.ndarray:
    """What the period ``h`` after the origin adds: its place in the year, and the same weeks of the last two years."""
    y, dates, season = panel
    day, reach = dates[origin + h], 2 if season == 52 else 0
    angle = 2 * np.pi * day.day_of_year / 365.25 * np.array([1, 2])
    place = [h, day.week if season == 52 else day.month, *np.sin(angle), *np.cos(angle)]

    def around(centre: int, width: int) -> np.ndarray:
        there = y[:, max(centre - width, 0) : max(min(centre + width, origin) + 1, 0)]
        return np.nanmean(there, axis=1) / scale if there.shape[1] else np.full(len(y), np.nan)

    ago = origin + h - season
    past = [around(ago, 0), around(ago, reach), around(ago - season, reach), around(origin - season, reach)]
    return np.column_stack([np.tile(place, (len(y), 1)), *past])


def rows_at(panel: Panel, origin: int, horizons: range) -> tuple[np.ndarray, np.ndarray]:
    """The features of all series, horizon by horizon, and the scale of each row."""
    own, scale = of_series(panel[0], origin, panel[2])
    parts = [np.concatenate([own, of_period(panel, origin, h, scale)], axis=1) for h in horizons]
    return np.concatenate(parts).astype(np.float32), np.tile(scale, len(horizons))


def training_rows(panel: Panel, horizon: int, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and targets of about ``most`` rows of the last years' origins."""
    y, last, season = panel[0], panel[0].shape[1] - 1, panel[2]
    first, rng, found = max(season // 4, last - YEARS * season), np.random.default_rng(seed), []
    stride = max(1, (last - first) * horizon * len(y) // (SPARE * most))
    for origin in range(last - 1, first - 1, -stride):
        horizons = range(1, min(horizon, last - origin) + 1)
        X, scale = rows_at(panel, origin, horizons)
        target = np.concatenate([y[:, origin + h] for h in horizons]) / scale
        found.append(np.column_stack([X, target])[np.isfinite(target)])
    rows = np.concatenate(found) if found else np.empty((0, 1))
    kept = rng.random(len(rows)) < most / max(1, len(rows))
    return rows[kept, :-1], rows[kept, -1]


def forecast(task: Task) -> pd.DataFrame:
    table = task.rows.pivot(index="unique_id", columns="ds", values="y")
    later, last = task.case.future(task.origin), table.shape[1] - 1
    panel = (table.to_numpy(float), pd.DatetimeIndex(table.columns).union(later), task.case.season)
    out = pd.MultiIndex.from_product([later, table.index], names=["ds", "unique_id"]).to_frame(index=False)
    X, target = training_rows(panel, len(later), MOST_ROWS[task.case.options.rows], task.seed)
    if len(X) < LEAST or not target.sum() > 0:
        return out.merge(table.iloc[:, -task.case.season :].mean(axis=1).rename("mean"), on="unique_id").assign(
            **{name: lambda rows: rows["mean"] for name in COLUMNS[:3]}
        )
    future, scale = rows_at(panel, last, range(1, len(later) + 1))
    rows = lgb.Dataset(X, target, params={"max_bin": TREES["max_bin"], "verbosity": -1}, free_raw_data=False)
    for name, loss in zip(COLUMNS, LOSSES, strict=True):
        ratio = lgb.train(TREES | loss, rows).predict(future, num_threads=1)
        out[name] = np.nan_to_num(ratio * scale)  # a series that sold nothing for a year has no scale, and sells nothing
    return out


if __name__ == "__main__":
    case = arguments(__doc__, rows={"choices": list(MOST_ROWS), "default": "own"})
    run(case, forecast, by_partner=case.options.rows == "own", at_once=10**9)
