"""What one firm knows of its own ordering: demand, stock, supply line and orders of its series, period by period."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import ceil

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.graph import Bools, Floats

__all__ = ["Records", "records_of"]


@dataclass(frozen=True)
class Records:
    """Arrays of series x periods in units, as they stood when the order of the period was placed; NaN: not known."""

    asked: Floats  # demand of the period
    net: Floats  # stock less what is owed, after that demand
    line: Floats  # ordered before and not yet there
    orders: Floats  # what was ordered
    fill: Floats  # share of what was due that suppliers had delivered in the period before; 1 where nothing was due

    @property
    def known(self) -> Bools:
        """True where a period can be learned from."""
        return np.isfinite(self.asked) & np.isfinite(self.net) & np.isfinite(self.line) & np.isfinite(self.orders)

    @property
    def scale(self) -> Floats:
        """[series, 1]: mean demand per period; NaN without any. Levels are told in multiples of it."""
        known = np.isfinite(self.asked)
        count = known.sum(axis=1, keepdims=True)
        total = np.where(known, self.asked, 0.0).sum(axis=1, keepdims=True)
        mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=(count > 0) & (total > 0))
        return np.asarray(mean, dtype=float)

    def part(self, periods: slice) -> Records:
        """Some of the periods."""
        return Records(*(getattr(self, field.name)[:, periods] for field in fields(self)))


def records_of(
    table: pd.DataFrame,
    stock: pd.DataFrame | None,
    receipts: pd.DataFrame | None,
    open_orders: pd.DataFrame | None,
    calendar: Calendar,
) -> Records:
    """Records of every series of which demand, stock and receipts are known; none of them: 0 series.

    ``table``: the demand table. ``stock``, ``receipts``, ``open_orders``: accepted rows of these data sets. Stock is that at
    the end of a period; an order is placed in the period of ``ordered_on``, so that receipts without it tell nothing. The
    supply line is what was ordered less what was received since the records begin: orders from before are not in it.
    """
    placed = _orders(receipts, open_orders)
    if table.empty:  # of a company that has sold nothing yet
        return Records(*(np.empty((0, 0)) for _ in fields(Records)))
    dates = pd.date_range(table["date"].min(), table["date"].max(), freq=calendar.pandas)
    if stock is None or stock.empty or placed.empty:
        return Records(*(np.empty((0, len(dates))) for _ in fields(Records)))
    sets = [frame[SERIES].astype(str).apply(tuple, axis=1) for frame in (table, stock, placed)]
    series = sorted(set(sets[0]) & set(sets[1]) & set(sets[2]))

    def wide(frame: pd.DataFrame, day: str, value: str, how: str, none: float) -> Floats:
        return _wide(frame, day, value, how, series, dates, calendar, none)

    asked = wide(table, "date", "quantity", "sum", np.nan)
    on_hand = wide(stock.sort_values("date", kind="stable"), "date", "on_hand", "last", np.nan)
    orders = wide(placed, "ordered_on", "quantity", "sum", 0.0)
    came = wide(placed[placed["received_on"].notna()], "received_on", "quantity", "sum", 0.0)
    line = _before(np.maximum(np.cumsum(orders, axis=1) - np.cumsum(came, axis=1), 0.0))
    return Records(asked, _before(on_hand, np.nan) - asked, line, orders, _fill(orders, came, _lead(placed, calendar)))


def _orders(receipts: pd.DataFrame | None, open_orders: pd.DataFrame | None) -> pd.DataFrame:
    """location_id, item_id, ordered_on, received_on (NaT: open), quantity."""
    columns = [*SERIES, "ordered_on", "received_on", "quantity"]
    parts = [frame.reindex(columns=columns) for frame in (receipts, open_orders) if frame is not None and len(frame)]
    every = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    every["location_id"] = every["location_id"].fillna("all")
    return every[every["ordered_on"].notna()]


def _wide(
    frame: pd.DataFrame,
    day: str,
    value: str,
    how: str,
    series: list[tuple[str, str]],
    dates: pd.DatetimeIndex,
    calendar: Calendar,
    none: float,
) -> Floats:
    row = pd.MultiIndex.from_tuples(series).get_indexer(pd.MultiIndex.from_frame(frame[SERIES].astype(str)))
    starts = pd.to_datetime(frame[day]).dt.to_period(calendar.frequency).dt.start_time
    column = dates.get_indexer(pd.DatetimeIndex(starts))
    inside = (row >= 0) & (column >= 0)
    cells = pd.Series(frame[value].to_numpy(float)[inside]).groupby([row[inside], column[inside]])
    found = cells.last() if how == "last" else cells.sum(min_count=1)
    out = np.full((len(series), len(dates)), none)
    at = [found.index.get_level_values(k).to_numpy(np.int64) for k in (0, 1)]
    out[at[0], at[1]] = found.to_numpy(float)
    return out


def _before(values: Floats, first: float = 0.0) -> Floats:
    """As it stood at the end of the period before."""
    return np.concatenate([np.full((len(values), 1), first), values[:, :-1]], axis=1)


def _lead(placed: pd.DataFrame, calendar: Calendar) -> int:
    """Median periods from order to receipt, at least 1."""
    days = (pd.to_datetime(placed["received_on"]) - pd.to_datetime(placed["ordered_on"])).dt.days.dropna()
    return max(1, ceil(float(days.median()) / calendar.days)) if len(days) else 1


def _fill(orders: Floats, came: Floats, lead: int) -> Floats:
    """What came in the period before, of all that was ordered at least ``lead`` periods before it and had not come yet."""
    ordered, there = np.cumsum(orders, axis=1), np.cumsum(came, axis=1)
    long_ago = np.concatenate([np.zeros((len(orders), lead)), ordered], axis=1)[:, : orders.shape[1]]
    due = long_ago - _before(there)
    share = np.divide(came, due, out=np.ones_like(came), where=due > 0)
    return _before(np.clip(share, 0.0, 1.0), 1.0)
