"""Prophet, one series at a time, with its own 80 % interval from samples of trend and noise.

Seasons are left to Prophet: a year where the history has two of them, none within the period.
"""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd
from forecast_common import COLUMNS, QUANTILES, Case, Task, arguments, run
from prophet import Prophet


def forecast(task: Task) -> pd.DataFrame:
    parts = [_one(task.case, task.origin, str(series), rows) for series, rows in task.rows.groupby("unique_id")]
    return pd.concat(parts, ignore_index=True)


def _one(case: Case, origin: pd.Timestamp, series: str, rows: pd.DataFrame) -> pd.DataFrame:
    future = pd.DataFrame({"ds": case.future(origin)})
    if len(rows) < 2:  # Prophet takes no single observation
        return future.assign(unique_id=series, **dict.fromkeys(COLUMNS, rows["y"].mean()))
    model = Prophet(weekly_seasonality=False, daily_seasonality=False, interval_width=0.8)
    model.fit(rows[["ds", "y"]], seed=1)
    np.random.seed(zlib.crc32(f"{series} {origin}".encode()))  # Prophet draws from the global generator
    drawn = model.predictive_samples(future)["yhat"]
    quantiles = dict(zip(COLUMNS, np.quantile(drawn, QUANTILES, axis=1), strict=False))
    return future.assign(unique_id=series, **quantiles, mean=drawn.mean(axis=1))


if __name__ == "__main__":
    run(arguments(__doc__), forecast, by_partner=False, at_once=25)
