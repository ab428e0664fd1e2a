"""The peer a planner would pick: mlforecast and LightGBM over all series of one company.

Each figure gets the objective that suits it: the median for WAPE, quantiles .1 and .9 for WQL, Tweedie for the mean.
``--strategy recursive`` feeds forecasts back as lags; ``direct`` trains a model per period of the horizon, about that
many times the cost, and does not feed a quantile back as if it had been sold.
"""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import pandas as pd
from forecast_common import COLUMNS, QUANTILES, Case, Task, arguments, run
from mlforecast import MLForecast
from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean, RollingStd
from mlforecast.target_transforms import BaseTargetTransform
from sklearn.base import BaseEstimator

LAGS = {52: [1, 2, 3, 4, 8, 13, 26, 52], 12: [1, 2, 3, 6, 12]}
WINDOWS = {52: (4, 13, 26, 52), 12: (3, 6, 12)}
SPREAD = {52: 13, 12: 6}  # the window of the standard deviation
CALENDAR = {52: "week", 12: "month"}
TREES: dict[str, Any] = {
    "num_iterations": 100, "learning_rate": 0.08, "min_child_samples": 20, "subsample": 0.7, "subsample_freq": 1,
    "colsample_bytree": 0.7, "reg_lambda": 1.0, "max_bin": 63, "deterministic": True, "force_row_wise": True,
    "seed": 0, "num_threads": 1, "verbosity": -1,
}  # fmt: skip
SMALL = 20_000  # training rows below which a company gets small trees
QUICK = {"num_iterations": 60, "learning_rate": 0.12, "subsample": 0.3}  # 13 weekly models: a third of the cost, no worse
QUICK_YEARS = 3  # of weekly history for the direct strategy; five changed nothing but the time
TOGETHER = "together"
LEAST = 50  # rows below which LightGBM, with 20 rows a leaf, has next to nothing to split


class Scaled(BaseTargetTransform):
    """Divides a series by the mean of its last two years, so that large and small ones teach each other; zero stays zero."""

    def __init__(self, season: int) -> None:
        self.season = season

    def fit_transform(self, df: pd.DataFrame) -> pd.DataFrame:
        recent = df.groupby(self.id_col, observed=True)[self.target_col].tail(2 * self.season)
        mean = recent.groupby(df[self.id_col], observed=True).mean()
        self.scale = mean.where(mean > 0, 1.0)
        return df.assign(**{self.target_col: df[self.target_col] / self._of(df)})

    def inverse_transform(self, df: pd.DataFrame) -> pd.DataFrame:
        forecasts = df.columns.drop([self.id_col, self.time_col])
        return df.assign(**{name: df[name] * self._of(df) for name in forecasts})

    def _of(self, df: pd.DataFrame) -> pd.Series:
        return df[self.id_col].map(self.scale).astype(float)


class Together(BaseEstimator):
    """LightGBM models by name, on rows that are binned once: the trees of each alone, in four fifths of the time."""

    def __init__(self, models: dict[str, dict[str, Any]]) -> None:
        self.models = models

    def fit(self, features: pd.DataFrame, target: Any) -> Together:
        binning = {name: TREES[name] for name in ("max_bin", "min_child_samples", "verbosity")}
        rows = lgb.Dataset(features, target, params=binning, free_raw_data=False)
        self.found = {name: lgb.train(params, rows, params["num_iterations"]) for name, params in self.models.items()}
        return self


def models(rows: int, quick: bool) -> dict[str, dict[str, Any]]:
    trees = TREES | {"num_leaves": 15 if rows < SMALL else 31} | (QUICK if quick else {})
    found = {name: trees | {"objective": "quantile", "alpha": q} for name, q in zip(COLUMNS, QUANTILES, strict=False)}
    return found | {"mean": trees | {"objective": "tweedie", "tweedie_variance_power": 1.3}}


def quick(case: Case) -> bool:
    return case.options.strategy == "direct" and case.season == 52


def forecaster(case: Case, rows: int) -> MLForecast:
    season = case.season
    recent = [RollingMean(size, 1) for size in WINDOWS[season]]
    recent += [RollingStd(SPREAD[season], 2), ExponentiallyWeightedMean(0.25)]
    return MLForecast(
        models={TOGETHER: Together(models(rows, quick(case)))}, freq=case.frequency, lags=LAGS[season],
        lag_transforms={1: recent}, date_features=[CALENDAR[season]], target_transforms=[Scaled(season)], num_threads=1,
    )  # fmt: skip


def forecast(task: Task) -> pd.DataFrame:
    case, rows = task.case, task.rows
    if quick(case):
        rows = rows[rows["ds"] >= task.origin - pd.DateOffset(years=QUICK_YEARS)]
    later = rows[rows.groupby("unique_id").cumcount() >= case.horizon]  # what every model of the direct strategy can learn
    if len(later) < LEAST or not later["y"].sum() > 0:
        return _without_trees(task)
    company = forecaster(case, len(rows))
    direct = {"max_horizon": case.horizon} if case.options.strategy == "direct" else {}
    company.fit(rows, static_features=[], dropna=False, **direct)  # LightGBM knows what to do with the lags of the young
    company.models_ = _by_name(company.models_[TOGETHER])
    return company.predict(case.horizon)


def _by_name(fitted: Together | dict[int, Together]) -> dict[str, Any]:
    """As mlforecast keeps models that it trained one by one: by name, and of the direct strategy by period of the horizon."""
    if isinstance(fitted, Together):
        return fitted.found
    return {name: {period: one.found[name] for period, one in fitted.items()} for name in COLUMNS}


def _without_trees(task: Task) -> pd.DataFrame:
    """The quantiles and the mean of each series' last year."""
    recent = task.rows.groupby("unique_id").tail(task.case.season).groupby("unique_id")["y"]
    found = recent.quantile(list(QUANTILES)).unstack().set_axis(COLUMNS[:3], axis=1).assign(mean=recent.mean())
    return found.reset_index().merge(pd.DataFrame({"ds": task.case.future(task.origin)}), how="cross")


if __name__ == "__main__":
    run(arguments(__doc__, strategy={"choices": ["recursive", "direct"], "default": "recursive"}), forecast, by_partner=True)
