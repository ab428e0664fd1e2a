"""Demand tables of several companies from one long file, as `decai network init` and the benchmarks know them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.demand.frequency import HORIZONS, PARTNER, calendar_of
from decai_forecast.demand.table import (
    CATEGORY,
    CENSORED,
    COUNTRY,
    EVERYWHERE,
    PRICE,
    PROMOTION,
    QUANTITY,
    build_table,
    never_sold,
)
from decai_forecast.demand.typed_columns import TypedColumns
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

__all__ = ["HORIZONS", "calendar_of", "read_long"]

NEEDED = (PARTNER, DATE, ITEM, QUANTITY)
TEXTS = (PARTNER, LOCATION, ITEM, DATE, CATEGORY, COUNTRY)
NUMBERS = (QUANTITY, PRICE, "list_price", PROMOTION, "promo", CENSORED)
MENTIONED = 5  # items named in one line


def read_long(
    path: Path, *, horizon: int = 0, missing: str = "zero", tell: Callable[[str], None] | None = None
) -> tuple[Calendar, dict[str, pd.DataFrame]]:
    """Partner -> demand table of a Parquet or CSV file with the columns partner_id, date, item_id, quantity.

    The calendar (days, weeks, months) is read off the dates. ``tell`` hears of items left out because they never sold.
    :class:`ConfigError` says what the file lacks, or names the first row (counted from 1 without the header), its partner and
    item, that cannot be used, and what to do about it.
    """
    rows = _typed(path, _read(path))
    calendar = calendar_of(path, rows, horizon)
    end = calendar.add(calendar.floor(rows[DATE].max().date()), 1)
    tables = {}
    for name, part in rows.groupby(PARTNER, sort=True):
        tables[str(name)] = build_table(part, calendar, end, missing=missing)
        if tell and len(unsold := never_sold(part)):
            tell(f"{name}: left out, since no row has a sale: {_some(unsold)}")
    return calendar, tables


def _read(path: Path) -> pd.DataFrame:
    try:
        rows = pd.read_parquet(path) if path.suffix == ".parquet" else _csv(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: not found") from None
    except pd.errors.EmptyDataError:
        raise ConfigError(f"{path}: is empty; the columns {', '.join(NEEDED)} are expected") from None
    except (ValueError, OSError) as error:
        raise ConfigError(f"{path}: cannot be read as Parquet or CSV ({str(error).splitlines()[0]})") from None
    if lacking := [name for name in NEEDED if name not in rows]:
        raise ConfigError(f"{path}: column {', '.join(lacking)} is missing; there are {', '.join(map(str, rows.columns))}")
    return rows.reset_index(drop=True)


def _csv(path: Path) -> pd.DataFrame:
    """Texts as they are written: item 007 is not 7, and item NA is an item."""
    missing = {name: ["", "NA", "NaN", "nan", "NULL", "null", "None"] for name in NUMBERS}
    return pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=missing)


def _typed(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    given = TypedColumns(rows, str(path))
    ids = {name: given.texts(name) for name in (PARTNER, ITEM, LOCATION) if name in rows}
    censored = given.booleans(CENSORED) if CENSORED in rows else False
    typed = rows.assign(**ids, **{DATE: given.days(DATE), QUANTITY: given.quantities(QUANTITY, censored)})
    _refuse_copies(path, rows, typed)
    return typed


def _refuse_copies(path: Path, rows: pd.DataFrame, typed: pd.DataFrame) -> None:
    """Rows of one item and day add up, as the orders of a day do. Where the only such rows are the same in every column, the
    table is not one of orders, and something was exported twice."""
    keys = [name for name in (PARTNER, LOCATION, ITEM, DATE) if name in rows]
    repeated = typed.duplicated(keys)
    if repeated.any() and (repeated == rows.duplicated()).all():
        one = typed.loc[repeated, keys].iloc[0]
        first = int((typed[keys] == one).all(axis=1).to_numpy().argmax())
        what = f"is the same as row {first + 1} in every column"
        TypedColumns(typed, str(path)).refuse(repeated, f"{what}; delete the copies, or sum rows that are sales of their own")


def _some(series: pd.DataFrame) -> str:
    """``item 'a', item 'b' at 'north' and 7 more``"""
    names = [
        f"item {item!r}" + (f" at {place!r}" if place != EVERYWHERE else "")
        for place, item in series.head(MENTIONED).itertuples(index=False)
    ]
    return ", ".join(names) + (f" and {len(series) - MENTIONED} more" if len(series) > MENTIONED else "")
