"""The peers of statsforecast, one series at a time: AutoETS, Croston, TSB, seasonal naive, moving average.

Quantiles: AutoETS has its own interval (level 80); its median is its mean. The other methods give a rate and no
distribution. They get the empirical quantiles of their own errors at earlier origins of the same series, over all
periods of the horizon, added to the forecast: so the median, too, is one, and not a mean that WAPE would punish. On
origins before those of the benchmark this beat the package's conformal intervals for nearly every method and set: those
are symmetric about the forecast, which demand with zeros is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from forecast_common import COLUMNS, QUANTILES, Task, arguments, run
from statsforecast import StatsForecast
from statsforecast.models import TSB, AutoETS, CrostonOptimized, CrostonSBA, HistoricAverage, SeasonalNaive, WindowAverage

WINDOWS = 8  # earlier origins, one horizon apart
OWN_INTERVAL = "auto_ets"


def auto_ets(season: int) -> AutoETS:
    """Weekly: no season, since AutoETS ignores one longer than 24 periods (in ten times the time), and additive errors: on
    lumpy orders the multiplicative ones reach a billion bottles."""
    return AutoETS(season_length=season) if season <= 24 else AutoETS(season_length=1, model="AZN")


def tsb(season: int) -> TSB:
    """Smoothing as it did best on origins before those of the benchmark, among .1, .2 and .3."""
    alpha = 0.2 if season == 12 else 0.1
    return TSB(alpha_d=alpha, alpha_p=alpha)


METHODS: Mapping[str, Callable[[int], Any]] = {
    OWN_INTERVAL: auto_ets,
    "croston_optimized": lambda _: CrostonOptimized(),
    "croston_sba": lambda _: CrostonSBA(),
    "tsb": tsb,
    "seasonal_naive": lambda season: SeasonalNaive(season_length=season),
    "moving_average": lambda season: WindowAverage(window_size=6 if season == 12 else 13),
}


def forecast(task: Task) -> pd.DataFrame:
    if task.case.options.method == OWN_INTERVAL:
        return _ahead(task, task.rows, [80])
    out = _ahead(task, task.rows)
    spread = _errors(task).groupby("unique_id")["error"].quantile(list(QUANTILES)).unstack()
    spread = spread.reindex(out["unique_id"]).fillna(0.0)  # a series too young to have been wrong yet
    out[COLUMNS[:3]] = out[["mean"]].to_numpy() + spread.to_numpy()
    return out[["unique_id", "ds", *COLUMNS]]


def _ahead(task: Task, rows: pd.DataFrame, level: list[int] | None = None) -> pd.DataFrame:
    """``unique_id``, ``ds``, ``mean`` (and the quantiles, with ``level``); a series too short for the method gets its mean."""
    method = METHODS[task.case.options.method](task.case.season)
    package = StatsForecast([method], freq=task.case.frequency, n_jobs=1, fallback_model=HistoricAverage())
    out = package.forecast(df=rows, h=task.case.horizon, level=level)
    out.columns = ["unique_id", "ds", "mean", *(["q10", "q90"] if level else [])]
    out["q50"] = out["mean"]
    average = out["unique_id"].map(rows.groupby("unique_id")["y"].mean())
    return out.apply(lambda column: column.fillna(average) if column.name in COLUMNS else column)


def _errors(task: Task) -> pd.DataFrame:
    """``unique_id``, ``error`` (sold less forecast) at each of the earlier origins that has a history."""
    ends = pd.date_range(end=task.origin, periods=WINDOWS * task.case.horizon + 1, freq=task.case.frequency)
    known = [task.rows[task.rows["ds"] < end] for end in ends[:: task.case.horizon][:-1]]
    found = [_ahead(task, rows).merge(task.rows, on=["unique_id", "ds"]) for rows in known if len(rows)]
    none = pd.DataFrame({"unique_id": [], "y": [], "mean": []})
    return pd.concat(found or [none]).eval("error = y - mean")[["unique_id", "error"]]


if __name__ == "__main__":
    run(arguments(__doc__, method={"choices": list(METHODS), "required": True}), forecast, by_partner=False, at_once=500)
