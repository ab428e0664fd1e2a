"""Demand tables of several companies from one long file, as `decai network init` and the benchmarks know them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.demand.coverage import Silence, silences, tell_of_gaps, tell_of_returns, without_part, without_placeholders
from decai_forecast.demand.frequency import HORIZONS, PARTNER, calendar_of
from decai_forecast.demand.labels import FIRST, PERIOD, Tell, own_days, to_periods
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
OTHER_NAMES = {DATE: "ds", ITEM: "unique_id", QUANTITY: "y"}  # of the long tables of statsforecast and its relatives
TEXTS = (PARTNER, LOCATION, ITEM, DATE, CATEGORY, COUNTRY)
NUMBERS = (QUANTITY, PRICE, "list_price", PROMOTION, "promo", CENSORED)
MENTIONED = 5  # items named in one line


def read_long(
    path: Path,
    *,
    horizon: int = 0,
    missing: str = "zero",
    labels: str = FIRST,
    keep_last: bool = False,
    tell: Tell = lambda _: None,
) -> tuple[Calendar, dict[str, pd.DataFrame]]:
    """Partner -> demand table of a Parquet or CSV file with the columns partner_id, date, item_id, quantity.

    The calendar (days, weeks, months) is read off the dates; ``labels``: whether a week is labelled by its first or its last
    day. Placeholders of the future and (unless ``keep_last``) a last period that was cut off are left out; periods in which a
    whole company delivered nothing are unknown. ``tell`` hears of all that was taken otherwise than it is written, and of items
    left out because they never sold.
    :class:`ConfigError` says what the file lacks, or names the first row (counted from 1 without the header), its partner and
    item, that cannot be used, and what to do about it.
    """
    rows = _typed(path, _read(path), tell)
    calendar = calendar_of(path, rows, horizon)
    rows = without_placeholders(to_periods(rows, calendar, labels, tell), calendar, tell)
    rows, cut = (rows, []) if keep_last else without_part(rows, calendar, tell)
    tell_of_returns(rows, tell)
    tell_of_gaps(rows, calendar, missing, tell)
    end = calendar.add(rows[DATE].max().date(), 1)
    tables = {}
    for name, part in rows.groupby(PARTNER, sort=True):
        tables[str(name)] = build_table(part, calendar, end, missing=missing)
        if len(unsold := never_sold(part)):
            tell(f"{name}: left out, since no row has a sale: {_some(unsold)}")
    silent = silences(rows, calendar, end)
    for one in (one for one in silent if one not in cut):  # of what was cut off it is told already
        tell(_silence_in_words(one, calendar))
    return calendar, _silenced(tables, [*cut, *silent])


def _silenced(tables: dict[str, pd.DataFrame], found: Sequence[Silence]) -> dict[str, pd.DataFrame]:
    """The tables with unknown demand where a company delivered nothing, or a part."""
    for one in found:
        table = tables[one.partner]
        silent = table[DATE].between(pd.Timestamp(one.first), pd.Timestamp(one.last))
        tables[one.partner] = table.assign(**{QUANTITY: table[QUANTITY].mask(silent)})
    return tables


def _silence_in_words(one: Silence, calendar: Calendar) -> str:
    each, count = PERIOD[calendar.frequency], calendar.between(one.first, one.last) + 1
    many = f"{count} {each}{'' if count == 1 else 's'}"
    return f"{one.partner}: no row from {one.first} on for {many}: taken for silence, not for demand of zero"


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
        raise ConfigError(f"{path}: column {', '.join(lacking)} is missing; {_advice(lacking, [str(c) for c in rows])}")
    return rows.reset_index(drop=True)


def _advice(lacking: list[str], there: list[str]) -> str:
    """What to do about the columns that a file does not have."""
    if len(there) == 1 and (mark := next((m for m in ";\t|" if m in there[0]), "")):
        return (
            f"its columns are separated by {mark!r}; save it with commas between columns and points in numbers, or as Parquet"
        )
    if all(other in there for other in (OTHER_NAMES[name] for name in lacking if name in OTHER_NAMES)):
        renamed = [f"{OTHER_NAMES[name]} to {name}" for name in lacking if name in OTHER_NAMES]
        if len(renamed) == len(lacking):
            return f"rename {', '.join(renamed)}"
    alone = " (of one company: the same name in every row)" if PARTNER in lacking else ""
    return f"there are {', '.join(there)}; name one of them so, or add it{alone}"


def _csv(path: Path) -> pd.DataFrame:
    """Texts as they are written: item 007 is not 7, and item NA is an item."""
    missing = {name: ["", "NA", "NaN", "nan", "NULL", "null", "None"] for name in NUMBERS}
    return pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=missing)


def _typed(path: Path, rows: pd.DataFrame, tell: Tell) -> pd.DataFrame:
    given = TypedColumns(rows, str(path))
    ids = {name: given.texts(name) for name in (PARTNER, ITEM, LOCATION) if name in rows}
    censored = given.booleans(CENSORED) if CENSORED in rows else False
    days = own_days(rows[DATE], given.days(DATE), tell)
    typed = rows.assign(**ids, **{DATE: days, QUANTITY: given.quantities(QUANTITY, censored)})
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
