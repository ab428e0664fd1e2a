"""Two forecasts that every planner could make, and no library offers.

``empirical_year``: the mean and the quantiles of an item's own last year. ``pooled_season``: a moving average times a seasonal
index by week (month) that is learned over all companies' items; its quantiles are those of the item's last year without season.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from forecast_common import COLUMNS, QUANTILES, Task, arguments, run

SMOOTH = {52: (0.25, 0.5, 0.25), 12: (0.0, 1.0, 0.0)}  # of an index with its neighbours
RECENT = {52: 13, 12: 6}


def forecast(task: Task) -> pd.DataFrame:
    season = task.case.season
    table = task.rows.pivot(index="unique_id", columns="ds", values="y")
    later, index, window = task.case.future(task.origin), np.ones(season), season
    if task.case.options.method == "pooled_season":
        index, window = season_of(table, season), RECENT[season]
    flat = table.to_numpy(float) / index[places(pd.DatetimeIndex(table.columns), season)]
    level = np.nanmean(flat[:, -window:], axis=1)
    shape = np.nanquantile(flat[:, -season:], QUANTILES, axis=1)
    usual = np.nanmean(flat[:, -season:], axis=1)
    ratio = np.divide(shape, usual, out=np.zeros_like(shape), where=usual > 0)
    ahead = index[places(later, season)]
    found = [np.outer(level * one, ahead).ravel() for one in (*ratio, np.ones(len(level)))]
    out = pd.MultiIndex.from_product([table.index, later], names=["unique_id", "ds"]).to_frame(index=False)
    return out.assign(**dict(zip(COLUMNS, found, strict=True)))


def places(dates: pd.DatetimeIndex, season: int) -> np.ndarray:
    """The place of each period in the year, from 0; a 53rd week counts as the 52nd."""
    number = dates.isocalendar().week if season == 52 else dates.month
    return np.minimum(np.asarray(number, int) - 1, season - 1)


def season_of(table: pd.DataFrame, season: int) -> np.ndarray:
    """The index of each week (month), one on average: what all items sold, over the year around it; ones without two years."""
    total = table.sum()
    around = total.rolling(season, center=True).mean()
    if around.notna().sum() < season:
        return np.ones(season)
    ratio = (total / around).groupby(places(pd.DatetimeIndex(table.columns), season)).mean().reindex(range(season)).fillna(1.0)
    before, here, after = SMOOTH[season]
    smooth = before * np.roll(ratio, 1) + here * ratio.to_numpy() + after * np.roll(ratio, -1)
    return smooth / smooth.mean()


if __name__ == "__main__":
    case = arguments(__doc__, method={"choices": ["empirical_year", "pooled_season"], "required": True})
    run(case, forecast, by_partner=False, at_once=10**9)
