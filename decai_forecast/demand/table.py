"""The demand table: a long frame with one row per ``(location_id, item_id, date)`` on a regular calendar."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.columns import DATE, ITEM, KEYS, LOCATION, SERIES
from decai_forecast.demand.typed_columns import TypedColumns
from decai_forecast.periods import Calendar

__all__ = [
    "CATEGORY", "CENSORED", "COUNTRY", "EVERYWHERE", "PLANNED_PRICE", "PLANNED_PROMOTION",
    "PRICE", "PROMOTION", "QUANTITY", "build_table", "never_sold",
]  # fmt: skip

QUANTITY, PRICE, PROMOTION = "quantity", "price", "promotion"
CENSORED = "censored"  # the shelf was empty: what sold is less than what was asked for
CATEGORY, COUNTRY = "category", "country"  # of the item, of the location (ISO 3166-1 alpha-2); empty where unknown
PLANNED_PRICE, PLANNED_PROMOTION = "planned_price", "planned_promotion"  # known ahead; NaN without a plan
UNKNOWN = "unknown"  # a row was delivered, its quantity was not
EVERYWHERE = "all"  # the location of a partner that delivers none


def build_table(
    clean: pd.DataFrame,
    calendar: Calendar,
    as_of: date,
    *,
    missing: str = "zero",
    items: pd.DataFrame | None = None,
    locations: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The demand table of the accepted rows ``clean`` (columns of the data set ``demand``), whole periods before ``as_of``.

    Every series runs from its first sale to the last period; a period without a row is zero, or unknown (NaN) with
    ``missing="unknown"``. Returns are not demand: negative quantities count as zero. As price known ahead a
    ``list_price`` is preferred: the price *paid* in a period exists only where something was sold, and so tells the
    answer; a price of zero is no price. The price of a missing period is the one before; its promotion is unknown.
    ``items`` and ``locations`` are the master data of the partner, if delivered: they bring category and country.
    A row without a quantity makes its period unknown. :class:`ConfigError` names the first row that cannot be used, its item
    and what to do.
    """
    end = pd.Timestamp(calendar.floor(as_of))
    rows = _columns(clean)
    rows[DATE] = _starts(rows[DATE], calendar)
    rows = rows[rows[DATE] < end]
    rows = rows.sort_values([QUANTITY, PRICE, PROMOTION])  # sums and means of fractions depend on the order
    how = {QUANTITY: "sum", PRICE: "mean", PROMOTION: "mean", CENSORED: "any", UNKNOWN: "any"}
    sums = rows.groupby(KEYS, as_index=False, sort=True, observed=True).agg(how)
    full = _regular(sums, calendar, end, 0.0 if missing == "zero" else np.nan)
    full[CATEGORY] = _attribute(full, ITEM, clean, items, CATEGORY)
    full[COUNTRY] = _attribute(full, LOCATION, clean, locations, COUNTRY)
    return full.assign(**{PLANNED_PRICE: np.nan, PLANNED_PROMOTION: np.nan})


def _columns(clean: pd.DataFrame) -> pd.DataFrame:
    given = TypedColumns(clean, "demand")
    price = next((c for c in ("list_price", PRICE) if c in clean), None)
    promotion = next((c for c in (PROMOTION, "promo") if c in clean), None)
    none = pd.Series(np.nan, index=clean.index)
    paid = given.numbers(price) if price else none
    censored = given.booleans(CENSORED) if CENSORED in clean else pd.Series(False, index=clean.index)
    quantity = given.quantities(QUANTITY, unknown=True).clip(lower=0)
    return pd.DataFrame(
        {
            LOCATION: given.texts(LOCATION) if LOCATION in clean else EVERYWHERE,
            ITEM: given.texts(ITEM),
            DATE: given.days(DATE),
            QUANTITY: quantity,
            PRICE: paid.where(paid > 0),
            PROMOTION: given.numbers(promotion) if promotion else none,
            CENSORED: censored,
            UNKNOWN: quantity.isna() & ~censored,
        }
    )


def never_sold(clean: pd.DataFrame) -> pd.DataFrame:
    """location_id, item_id of the series that :func:`build_table` leaves out of ``clean``: no row has a quantity above zero.

    A series that never sold has no level to forecast from; similar items can give it one (see newcomers.py).
    """
    rows = _columns(clean)
    sold = rows.groupby(SERIES, sort=True, observed=True)[QUANTITY].max() > 0
    return sold[~sold].reset_index()[SERIES]


def _starts(days: pd.Series, calendar: Calendar) -> pd.Series:
    """The start of each day's period."""
    midnight: pd.Series = days.dt.normalize()
    if calendar.frequency == "W":
        midnight = midnight - pd.to_timedelta(midnight.dt.day_of_week, unit="D")
    if calendar.frequency == "M":
        midnight = midnight - pd.to_timedelta(midnight.dt.day - 1, unit="D")
    return midnight


def _regular(sums: pd.DataFrame, calendar: Calendar, end: pd.Timestamp, gap: float) -> pd.DataFrame:
    sold = sums[sums[QUANTITY] > 0]
    if sold.empty:
        return sums.iloc[:0].drop(columns=UNKNOWN)
    first = sold.groupby(SERIES, observed=True)[DATE].min()
    periods = pd.date_range(first.min(), end, freq=calendar.pandas, inclusive="left")
    grid = pd.MultiIndex.from_product([first.index, periods])
    series = grid.get_level_values(0)
    keys = pd.DataFrame({LOCATION: [s[0] for s in series], ITEM: [s[1] for s in series], DATE: grid.get_level_values(1)})
    keys = keys[keys[DATE].to_numpy() >= first.loc[list(series)].to_numpy()]
    full = keys.merge(sums, on=KEYS, how="left").sort_values(KEYS, ignore_index=True)
    full[QUANTITY] = full[QUANTITY].fillna(gap).mask(full.pop(UNKNOWN).eq(True))
    full[PRICE] = full.groupby(SERIES, observed=True)[PRICE].ffill()
    full[CENSORED] = full[CENSORED].fillna(False).astype(bool)
    return full


def _attribute(full: pd.DataFrame, key: str, clean: pd.DataFrame, master: pd.DataFrame | None, name: str) -> pd.Series:
    """The attribute of each row's item or location: from the master data, else from the delivery itself, else empty."""
    source = master if master is not None and name in master else clean
    if name not in source or key not in source:
        return pd.Series("", index=full.index)
    rows = source[[key, name]].dropna().drop_duplicates()
    rows = rows.assign(**{key: TypedColumns(rows, "master data").texts(key), name: rows[name].astype(str)})
    known = rows.sort_values([key, name]).drop_duplicates(key, keep="last").set_index(key)[name]
    return full[key].map(known).fillna("").astype(str)
