"""What comes in, as it did in the past: receipts like those that followed a similar cover of stock at the same company.

No policy is taken for granted: a site whose orders are not met, or that orders late, has receipts to match.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.columns import KEYS, SERIES
from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.facts import ANYWHERE
from decai_forecast.simulation.network.graph import Floats

__all__ = ["LEAST_WINDOWS", "Windows", "like_before", "windows_of"]

ALIKE = 60  # past windows with the most similar cover, of which receipts are drawn
LEAST_WINDOWS = 30  # fewer tell nothing
RECENT = 6  # periods whose mean sale is a series' scale
LEAST = 0.5  # units a period: the scale of a series that hardly moves


@dataclass(frozen=True)
class Windows:
    """Past windows of a horizon's length of which every count is known. ``end``: the first day after it. ``cover``: log of
    1 + opening stock over scale. ``share``: [window, period] what came in, in multiples of the scale. ``scale``: location_id,
    item_id, date and scale (mean units a period before it) of every period of every series."""

    end: pd.Series
    cover: Floats
    share: Floats
    scale: pd.DataFrame

    def before(self, cutoff: pd.Timestamp) -> Windows:
        """Those that had ended by the cut-off."""
        kept = (self.end <= cutoff).to_numpy(bool)
        return Windows(self.end[kept], self.cover[kept], self.share[kept], self.scale)

    def scale_at(self, keys: pd.DataFrame, cutoff: pd.Timestamp) -> Floats:
        """Of each series in ``keys``, at the newest period before the cut-off or at it; ``LEAST`` where it never sold."""
        known = self.scale[self.scale["date"] <= cutoff].drop_duplicates(SERIES, keep="last")
        found = keys[SERIES].merge(known, on=SERIES, how="left")["scale"].to_numpy(float)
        return np.asarray(np.maximum(np.nan_to_num(found), LEAST), dtype=float)


def windows_of(stock: pd.DataFrame, table: pd.DataFrame, calendar: Calendar) -> Windows:
    """From counts (location_id, item_id, date, on_hand; the last of a period is its closing stock) and the demand table.

    What came in is what counts and sales leave unexplained: closing less opening stock plus sales, never below 0.
    """
    rows = _closings(stock, calendar).merge(_sales(table), on=KEYS, how="left").fillna({"sold": 0.0})
    rows = rows.sort_values(KEYS, ignore_index=True)
    series, horizon = rows.groupby(SERIES, sort=False), calendar.horizon
    number = rows["date"].map({day: calendar.between(rows["date"].min().date(), day.date()) for day in rows["date"].unique()})
    opening = series["closing"].shift(1).where(number.groupby(series.ngroup()).diff() == 1)
    came = (rows["closing"] - opening + rows["sold"]).clip(lower=0.0)
    recent = series["sold"].transform(lambda sold: sold.shift(1).rolling(RECENT, min_periods=1).mean())
    scale = recent.fillna(0.0).clip(lower=LEAST)
    later = [came.groupby(series.ngroup()).shift(-k) for k in range(horizon)]
    apart = number.groupby(series.ngroup()).shift(1 - horizon) == number + horizon - 1
    step = max(1, horizon // 4)  # windows that overlap more tell hardly more
    whole = apart & np.all([one.notna() for one in later], axis=0) & (number % step == 0)
    ends = rows["date"].map({day: pd.Timestamp(calendar.add(day.date(), horizon)) for day in rows["date"].unique()})
    share = np.stack([one[whole].to_numpy(float) for one in later], axis=1) / scale[whole].to_numpy(float)[:, None]
    cover = np.log1p(opening[whole].clip(lower=0.0) / scale[whole]).to_numpy(float)
    return Windows(ends[whole], cover, share, rows[KEYS].assign(scale=scale))


def like_before(past: Windows, opening: Floats, scale: Floats, replications: int, seed: int) -> Floats:
    """Receipts [series, period, replication] in units: of the windows with the most similar cover, as often as they came."""
    rng = np.random.default_rng([seed, len(past.cover), len(opening)])
    order = np.argsort(past.cover, kind="stable")
    sorted_cover, size = past.cover[order], min(ALIKE, len(order))
    place = np.searchsorted(sorted_cover, np.log1p(np.maximum(opening, 0.0) / scale))
    first = np.clip(place - size // 2, 0, len(order) - size)
    drawn = order[first[:, None] + rng.integers(size, size=(len(opening), replications))]
    return np.asarray(np.round(past.share[drawn].transpose(0, 2, 1) * scale[:, None, None]))


def _closings(stock: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    where = stock["location_id"].astype(str) if "location_id" in stock else pd.Series(ANYWHERE, index=stock.index)
    days = pd.to_datetime(stock["date"])
    starts = days.map({day: pd.Timestamp(calendar.floor(day.date())) for day in days.unique()})
    rows = pd.DataFrame({
        "location_id": where, "item_id": stock["item_id"].astype(str), "date": starts, "day": days,
        "closing": stock["on_hand"].astype(float),
    })  # fmt: skip
    newest = rows.dropna(subset="closing").sort_values("day", kind="stable").drop_duplicates(KEYS, keep="last")
    return newest.drop(columns="day")


def _sales(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[KEYS].astype(dict.fromkeys(SERIES, str)).assign(sold=table["quantity"].astype(float))
    return rows.assign(date=pd.to_datetime(rows["date"]))
