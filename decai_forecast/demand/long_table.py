"""Demand tables of several companies from one long file, as `decai network init` and the benchmarks know them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from decai_forecast.demand.table import CENSORED, build_table
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

__all__ = ["HORIZONS", "calendar_of", "read_long"]

HORIZONS = {"D": 28, "W": 13, "M": 3}  # periods: four weeks of days, a quarter of weeks or months
NEEDED = ("partner_id", "date", "item_id", "quantity")


def read_long(path: Path, *, horizon: int = 0, missing: str = "zero") -> tuple[Calendar, dict[str, pd.DataFrame]]:
    """Partner -> demand table of a Parquet or CSV file with the columns partner_id, date, item_id, quantity.

    The calendar (days, weeks, months) is read off the dates. :class:`ConfigError` says what the file lacks, or the first row
    whose date or quantity cannot be read.
    """
    rows = _read(path)
    if lacking := [name for name in NEEDED if name not in rows]:
        raise ConfigError(f"{path}: column {', '.join(lacking)} is missing; there are {', '.join(map(str, rows.columns))}")
    rows["date"] = _readable(path, rows, "date", pd.to_datetime(rows["date"], errors="coerce"))
    rows["quantity"] = _readable(path, rows, "quantity", pd.to_numeric(rows["quantity"], errors="coerce"))
    calendar = calendar_of(path, rows["date"], horizon)
    end = calendar.add(calendar.floor(rows["date"].max().date()), 1)
    parts = rows.groupby(rows["partner_id"].astype(str), sort=True)
    return calendar, {str(name): build_table(part, calendar, end, missing=missing) for name, part in parts}


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: not found") from None
    except (ValueError, OSError) as error:
        raise ConfigError(f"{path}: cannot be read as Parquet or CSV ({str(error).splitlines()[0]})") from None


def _readable(path: Path, rows: pd.DataFrame, name: str, found: pd.Series) -> pd.Series:
    bad = found.isna() & ~rows.get(CENSORED, pd.Series(False, index=rows.index)).astype(bool)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise ConfigError(
            f"{path}: row {row + 1}: {name} {rows[name].iloc[row]!r} cannot be read; {int(bad.sum())} rows in all"
        )
    return found


def calendar_of(path: Path, dates: pd.Series, horizon: int = 0) -> Calendar:
    """Days, weeks or months, by the smallest step between different dates; mixed steps are an error."""
    days = pd.DatetimeIndex(dates.dropna().unique()).normalize().unique().sort_values()
    steps = pd.Series(days).diff().dt.days.dropna()
    if steps.empty:
        raise ConfigError(f"{path}: all rows are of one date; a forecast needs a history")
    smallest = int(steps.min())
    months = smallest >= 28 and bool((days.day == days[0].day).all())
    if not months and smallest not in (1, 7):
        raise ConfigError(f"{path}: dates are {smallest} days apart; daily, weekly (one weekday) or monthly rows are expected")
    if smallest == 7 and days.day_of_week.nunique() > 1:
        raise ConfigError(f"{path}: weekly rows lie on {days.day_of_week.nunique()} weekdays; deliver days, or one weekday")
    frequency = "M" if months else {1: "D", 7: "W"}[smallest]
    return Calendar(frequency, horizon or HORIZONS[frequency])
