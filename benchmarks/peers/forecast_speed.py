"""mlforecast's features, LightGBM's training and the forecast on one large daily set, in one process.

Rows before ``--origin`` are history; those from it on are only what the forecast is scored with. The line at the end
counts the CPU seconds of the three steps; reading the file and the imports are apart.
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import Any

import pandas as pd
from forecast_common import cpu_seconds, said  # first: it sets the threads of the numeric libraries

import lightgbm as lgb  # isort: skip
from mlforecast import MLForecast  # isort: skip
from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean, RollingStd  # isort: skip

RECENT = [*(RollingMean(days, 1) for days in (7, 14, 28, 56)), RollingStd(28, 7), ExponentiallyWeightedMean(0.1)]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("input", help="Parquet with unique_id, ds, y: daily, regular, sorted")
    parser.add_argument("--origin", type=pd.Timestamp, required=True, help="the first day to forecast")
    for name, default in (("horizon", 28), ("trees", 100), ("leaves", 31), ("bins", 63), ("min-leaf", 20), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--learning-rate", type=float, default=0.08)
    parser.add_argument("--objective", choices=["tweedie", "quantile"], default="tweedie")
    parser.add_argument("--quantile", type=float, default=0.5)
    parser.add_argument("--power", type=float, default=1.3, help="of Tweedie")
    return parser.parse_args()


def forecaster(asked: argparse.Namespace) -> MLForecast:
    shape = {"alpha": asked.quantile} if asked.objective == "quantile" else {"tweedie_variance_power": asked.power}
    trees: dict[str, Any] = {
        "objective": asked.objective, "n_estimators": asked.trees, "num_leaves": asked.leaves, "max_bin": asked.bins,
        "learning_rate": asked.learning_rate, "min_child_samples": asked.min_leaf, "n_jobs": asked.threads,
        "random_state": 0, "verbosity": -1,
    }  # fmt: skip
    return MLForecast(
        models={"forecast": lgb.LGBMRegressor(**trees, **shape)}, freq="D", lags=[1, 7, 14, 28], lag_transforms={1: RECENT},
        date_features=["dayofweek", "month"], num_threads=asked.threads,
    )  # fmt: skip


def main() -> None:
    asked, imports, began = options(), cpu_seconds(), time.monotonic()
    frame = pd.read_parquet(asked.input)
    history, truth = frame[frame["ds"] < asked.origin], frame[frame["ds"] >= asked.origin]
    series = int(history["unique_id"].nunique())
    del frame
    marks = [cpu_seconds()]
    company = forecaster(asked)
    X, y = company.preprocess(history, static_features=[], return_X_y=True, as_numpy=True)
    del history
    marks.append(cpu_seconds())
    company.fit_models(X, y)
    marks.append(cpu_seconds())
    out = company.predict(asked.horizon)
    marks.append(cpu_seconds())
    scored = truth.merge(out, on=["unique_id", "ds"])
    wape = (scored["y"] - scored["forecast"]).abs().sum() / scored["y"].sum()
    features, training, predicting = (round(b - a, 2) for a, b in itertools.pairwise(marks))
    said(
        cpu=round(marks[-1] - marks[0], 2), imports=round(imports, 2), wall=round(time.monotonic() - began, 1),
        features=features, training=training, predicting=predicting, wape=round(float(wape), 4),
        series=series, rows=int(X.shape[0]), columns=int(X.shape[1]), scored=len(scored),
    )  # fmt: skip


if __name__ == "__main__":
    main()
