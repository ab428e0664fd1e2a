"""Days, weeks or months: read off the dates of a table, and the same for all that is in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

__all__ = ["HORIZONS", "PARTNER", "calendar_of"]

HORIZONS = {"D": 28, "W": 13, "M": 3}  # periods: four weeks of days, a quarter of weeks or months
NAMES = {"D": "daily", "W": "weekly", "M": "monthly"}
ENOUGH = 8  # dates of a partner, or equal steps of a series in a row, that are no coincidence
ALONE = 0.95  # share of the rows of an item that are the only ones of their week or month
COVERED = 0.6  # share of the weeks or months of an item that have a row; an item of a daily table is not ordered as often
PARTNER = "partner_id"


def calendar_of(path: Path, rows: pd.DataFrame, horizon: int = 0) -> Calendar:
    """Days, weeks or months, by the steps between the dates of each partner and, where a week or month is labelled now by one
    day and now by another, of each item.

    ``rows``: partner_id, item_id, date (days), location_id if there is one. :class:`ConfigError` for steps that are none of
    them, and where a partner delivers in another rhythm than the others or changes it within an item: weekly sums among days
    would be forecast as one giant day a week. A partner with fewer than eight dates is not judged by itself.
    """
    parts = {str(name): part for name, part in rows.groupby(PARTNER, sort=True, observed=True)}
    days = {name: _days(part[DATE]) for name, part in parts.items()}
    every = _days(rows[DATE])
    if len(every) < 2:
        one = f"all rows are of one date, as {_row(rows, 0)}" if len(every) else "no rows"
        raise ConfigError(f"{path}: {one}; a forecast needs a history")
    known = {
        name: found for name, own in days.items() if len(own) >= ENOUGH and (found := _labelled(parts[name]) or _rhythm(own))
    }
    if len(set(known.values())) > 1:
        raise ConfigError(f"{path}: {_contrast(rows, known)}; deliver all of them in the longest of these periods, summed")
    frequency = next(iter(known.values()), _labelled(rows) or _rhythm(every))
    if not frequency:
        raise ConfigError(f"{path}: {_irregular(rows, every)}")
    _refuse_change(path, rows)
    return Calendar(frequency, horizon or HORIZONS[frequency])


def _days(dates: pd.Series) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(dates.unique()).sort_values()


def _steps(days: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    """Days between dates that follow each other."""
    return np.asarray(np.diff(days.to_numpy()) // np.timedelta64(1, "D"), dtype=np.int64)


def _rhythm(days: pd.DatetimeIndex) -> str:
    """D, W (one weekday) or M (one day of the month) by the smallest step of ``days``; empty if it is none of them."""
    smallest = int(_steps(days).min())
    if smallest >= 28 and (days.day == days[0].day).all():
        return "M"
    if smallest == 7 and days.day_of_week.nunique() == 1:
        return "W"
    return "D" if smallest == 1 else ""


def _labelled(rows: pd.DataFrame) -> str:
    """W or M where hardly an item has two rows in one, and most have a row in most of them, whatever day it is labelled by."""
    keys = [name for name in (PARTNER, LOCATION, ITEM) if name in rows]
    once = rows[[*keys, DATE]].drop_duplicates()
    month = once[DATE].dt.year * 12 + once[DATE].dt.month
    week = (once[DATE] + pd.Timedelta(days=3)).dt.to_period("W-SUN").astype("int64")
    for name, period in (("M", month), ("W", week)):
        groups = period.groupby([once[key] for key in keys], observed=True)
        rows_of = groups.size()
        several = rows_of[rows_of > 1].index  # one row of an item has no rhythm
        rows_of, distinct, span = (part.loc[several] for part in (rows_of, groups.nunique(), groups.max() - groups.min() + 1))
        if distinct.sum() >= ENOUGH and distinct.sum() >= ALONE * rows_of.sum() and distinct.sum() >= COVERED * span.sum():
            return name
    return ""


def _row(rows: pd.DataFrame, row: int) -> str:
    """``row 4 (partner 'a', item 'i', 2026-01-05)``"""
    partner, item, day = rows[[PARTNER, ITEM, DATE]].iloc[row]
    return f"row {row + 1} (partner {partner!r}, item {item!r}, {day.date()})"


def _irregular(rows: pd.DataFrame, days: pd.DatetimeIndex) -> str:
    step = _steps(days)
    smallest = int(step.min())
    if smallest == 7:
        odd = days[days.day_of_week != days[0].day_of_week][0]
        what = f"weekly rows lie on {days.day_of_week.nunique()} weekdays, several in a week; sum the rows of each week"
    else:
        odd = days[int(step.argmin()) + 1]
        what = f"dates are {smallest} days apart; sum them to days, weeks or months, with one row each"
    return f"{what}; look at {_row(rows, int((rows[DATE] == odd).to_numpy().argmax()))}"


def _contrast(rows: pd.DataFrame, known: Mapping[str, str]) -> str:
    """One partner of each rhythm, with an item and a date to look at."""
    kinds = []
    for frequency in sorted(set(known.values())):
        names = [name for name, own in known.items() if own == frequency]
        others = f" and {len(names) - 1} more" if len(names) > 1 else ""
        first = _row(rows, int((rows[PARTNER] == names[0]).to_numpy().argmax()))
        kinds.append(f"{first}{others}: {NAMES[frequency]} rows")
    return "; ".join(kinds)


def _refuse_change(path: Path, rows: pd.DataFrame) -> None:
    """A series with many steps in a row of exactly one length, and then many of another."""
    keys = [name for name in (PARTNER, LOCATION, ITEM) if name in rows]
    ordered = rows[[*keys, DATE]].assign(row=np.arange(len(rows)) + 1)
    ordered = ordered.sort_values([*keys, DATE, "row"]).drop_duplicates([*keys, DATE], ignore_index=True)
    step = _steps(pd.DatetimeIndex(ordered[DATE]))
    kind = np.select([step == 1, step == 7, (step >= 28) & (step <= 31)], ["daily", "weekly", "monthly"], "")
    kind[(ordered[keys].iloc[1:].to_numpy() != ordered[keys].iloc[:-1].to_numpy()).any(axis=1)] = ""  # from series to series
    start = np.flatnonzero(np.append(True, kind[1:] != kind[:-1])) if len(kind) else np.empty(0, dtype=np.int64)
    runs = pd.DataFrame({"at": start, "length": np.diff(np.append(start, len(kind))), "kind": kind[start]})
    runs = runs[(runs["length"] >= ENOUGH) & (runs["kind"] != "")].reset_index(drop=True)
    series = ordered[keys].iloc[runs["at"]].reset_index(drop=True)
    changed = (series == series.shift()).all(axis=1) & (runs["kind"] != runs["kind"].shift())
    if changed.any():
        k = int(changed.to_numpy().argmax())
        row, new = ordered.iloc[int(runs["at"][k])], runs["kind"][k]
        kinds = ", ".join(f"{name.removesuffix('_id')} {row[name]!r}" for name in keys)
        raise ConfigError(
            f"{path}: row {row['row']} ({kinds}): rows were {runs['kind'][k - 1]} and are {new} from {row[DATE].date()} on; "
            "deliver one of them, summed"
        )
