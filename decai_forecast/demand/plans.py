"""Prices and promotions known ahead, from the partner's data set ``prices``: one row per price and the days it holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION, SERIES
from decai_forecast.demand.table import PLANNED_PRICE, PLANNED_PROMOTION, PRICE, PROMOTION
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

__all__ = ["PUBLISHED", "plan_rows", "published_before", "with_plans"]

VALID_FROM, VALID_TO, LIST_PRICE = "valid_from", "valid_to", "list_price"
PUBLISHED = "published_on"  # optional: the day the row was made; without it a row counts as known before its first day
CHUNK = 2_000  # series whose days are in memory at a time
NO_PLAN = -1
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def with_plans(table: pd.DataFrame, prices: pd.DataFrame, calendar: Calendar, cutoff: date | None = None) -> pd.DataFrame:
    """The demand table with ``planned_price`` (per unit, the mean over the period's planned days) and ``planned_promotion``
    (the share of the period's days under promotion; of a period without any planned day NaN, as the price).

    Periods beyond the table's last have no row here: ``to_panel(..., plans=prices)`` carries the plan over the horizon.
    ``cutoff``: rows published on or after that day are not used (:func:`published_before`).
    """
    known = prices if cutoff is None else published_before(prices, cutoff)
    series = table[SERIES].drop_duplicates(ignore_index=True)
    dates = pd.DatetimeIndex(sorted(table[DATE].unique()))
    price, promotion = plan_rows(known, series, calendar, dates)
    row = pd.MultiIndex.from_frame(series).get_indexer(pd.MultiIndex.from_frame(table[SERIES]))
    at = row, dates.get_indexer(pd.DatetimeIndex(table[DATE]))
    return table.assign(**{PLANNED_PRICE: price[at], PLANNED_PROMOTION: promotion[at]})


def published_before(prices: pd.DataFrame, cutoff: date) -> pd.DataFrame:
    """The rows of ``prices`` that were made before ``cutoff``; all of them where the data set does not tell."""
    if PUBLISHED not in prices:
        return prices
    made = pd.to_datetime(prices[PUBLISHED])
    return prices[~(made >= pd.Timestamp(cutoff))]


def plan_rows(prices: pd.DataFrame, series: pd.DataFrame, calendar: Calendar, dates: pd.DatetimeIndex) -> tuple[Floats, Floats]:
    """Planned price and planned promotion of each series in each period: two arrays series x periods, NaN without a plan.

    ``series``: columns location_id, item_id; ``dates``: consecutive period starts, also beyond the last delivery. Prices
    without ``location_id`` hold everywhere. Of several rows that hold on a day the one that began last counts, so that a
    promotion interrupts the usual price and gives way to it again. ``valid_to`` empty: until further notice. A row with
    ``published_on`` counts from the first period that begins after it: made in the period itself it is no plan. A price of
    zero is no price. The promotion is the column ``promotion``, else ``price`` below ``list_price``.

    :class:`ConfigError` names a missing column, or the item of a row whose first day cannot be read.
    """
    rows = _rows(prices, calendar)
    edges = np.append((dates - dates[0]).days.to_numpy(), (calendar.add(dates[-1].date(), 1) - dates[0].date()).days)
    price, promotion = np.full((2, len(series), len(dates)), np.nan)
    for part, found in _placed(rows, series):
        days = _days(found, part.stop - part.start, dates[0], int(edges[-1]))
        price[part] = _mean(days, rows[PRICE].to_numpy(float), edges)
        covered = np.add.reduceat(days != NO_PLAN, edges[:-1], axis=1) > 0
        on = np.append(rows[PROMOTION].to_numpy(float) > 0, False)[days]
        promotion[part] = np.where(covered, np.add.reduceat(on, edges[:-1], axis=1, dtype=float) / np.diff(edges), np.nan)
    return price, promotion


def _rows(prices: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Item, location (if told), first and last day, price and promotion; ordered by first day, so that later ones win."""
    missing = [name for name in (ITEM, VALID_FROM, PRICE) if name not in prices]
    if missing:
        raise ConfigError(f"plans cannot be read: the data set 'prices' has no column {', '.join(missing)}")
    first = pd.to_datetime(prices[VALID_FROM], errors="coerce").dt.normalize()
    _readable(prices, first)
    last = pd.to_datetime(prices[VALID_TO]).dt.normalize() if VALID_TO in prices else pd.Series(pd.NaT, index=prices.index)
    price = prices[PRICE].astype(float)
    rows = pd.DataFrame({ITEM: prices[ITEM].astype(str), "first": first, "last": last, PRICE: price.where(price > 0)})
    rows[PROMOTION] = _promotion(prices)
    if LOCATION in prices:
        rows[LOCATION] = prices[LOCATION].astype(str)
    if PUBLISHED in prices:
        rows["first"] = np.maximum(first, _following(prices[PUBLISHED], calendar).fillna(first))
    order = first.argsort(kind="stable")
    return rows.iloc[order].reset_index(drop=True)


def _readable(prices: pd.DataFrame, first: pd.Series) -> None:
    if first.isna().any():
        item, given = prices.loc[first.isna(), [ITEM, VALID_FROM]].iloc[0]
        raise ConfigError(f"prices of item {item}: valid_from is {given!r}, not a day; write it as 2026-01-31")


def _promotion(prices: pd.DataFrame) -> pd.Series:
    if PROMOTION in prices:
        return prices[PROMOTION].astype(float)
    if LIST_PRICE in prices:
        return (prices[PRICE].astype(float) < prices[LIST_PRICE].astype(float)).astype(float)
    return pd.Series(0.0, index=prices.index)


def _following(published: pd.Series, calendar: Calendar) -> pd.Series:
    """The start of the first period that begins after each day; NaT where the day is not told."""
    when = pd.to_datetime(published)
    start = {day: pd.Timestamp(calendar.add(calendar.floor(day.date()), 1)) for day in when.dropna().unique()}
    return pd.to_datetime(when.map(start))


def _placed(rows: pd.DataFrame, series: pd.DataFrame) -> Iterator[tuple[slice, pd.DataFrame]]:
    """Chunks of the series, each with its price rows (``row``: position among ``rows``, ``place``: in the chunk)."""
    on = [name for name in (LOCATION, ITEM) if name in rows]
    keyed = rows[[*on, "first", "last"]].assign(row=np.arange(len(rows)))
    for start in range(0, len(series), CHUNK):
        part = slice(start, min(start + CHUNK, len(series)))
        own = series.iloc[part][SERIES].astype(str).assign(place=np.arange(part.stop - part.start))
        yield part, keyed.merge(own, on=on).sort_values("row", kind="stable")


def _days(found: pd.DataFrame, size: int, first: pd.Timestamp, length: int) -> Ints:
    """Which price row holds on each day: series x days, ``NO_PLAN`` where none does."""
    begin = (found["first"] - first).dt.days.clip(0, length).to_numpy(int)
    end = ((found["last"] - first).dt.days + 1).fillna(length).clip(0, length).to_numpy(int)
    days = np.full((size, length), NO_PLAN, dtype=np.int64)
    for row, place, low, high in zip(found["row"], found["place"], begin, end, strict=True):
        days[place, low:high] = row
    return days


def _mean(days: Ints, values: Floats, edges: npt.NDArray[Any]) -> Floats:
    """The mean of each row's value over the days of each period that have one."""
    daily = np.append(values, np.nan)[days]
    known = np.isfinite(daily)
    total = np.add.reduceat(np.where(known, daily, 0.0), edges[:-1], axis=1)
    count = np.add.reduceat(known, edges[:-1], axis=1, dtype=float)
    mean: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean
