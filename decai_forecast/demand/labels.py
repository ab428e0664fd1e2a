"""What the date of a row names: the first or the last day of its week or month, or any other; converted to the period's start.

People label a week by its Monday, by the Sunday before it (United States), or by its last day; months by their first or last
day. A week is the one from Monday to Sunday with which the labelled seven days share most.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.demand.frequency import PARTNER
from decai_forecast.periods import Calendar

__all__ = ["FIRST", "LAST", "PERIOD", "Tell", "own_days", "to_periods"]

FIRST, LAST = "first", "last"  # day of the week that its label names
NEAREST = 3  # days: what begins up to so many after a Monday is that Monday's week, later ones the next
LATE = 20  # o'clock UTC, from which on a stamp that never changes is midnight further east
PERIOD = {"D": "day", "W": "week", "M": "month"}
TWO = 2  # hours that midnight elsewhere has in UTC: winter and summer
Tell = Callable[[str], None]


def own_days(stamps: pd.Series, days: pd.Series, tell: Tell) -> pd.Series:
    """``days`` (of the clock that wrote the ``stamps``), moved to the next one where all stamps are midnights written in UTC.

    A week of Berlin begins at 23:00 or 22:00 of Sunday in UTC; its day is Monday.
    """
    if not _in_utc(stamps):
        return days
    written = not isinstance(stamps.dtype, pd.DatetimeTZDtype)
    times = pd.to_datetime(stamps, utc=True, format="ISO8601" if written else None)
    hours = sorted(times.dt.hour.unique())
    whole = not (times.dt.minute.any() or times.dt.second.any())
    if not (whole and len(hours) <= TWO and hours[0] >= LATE):
        return days
    shown = " or ".join(f"{hour}:00" for hour in hours)
    tell(f"all dates are stamped {shown} UTC, which is midnight further east: each is taken for the day that begins then")
    return days + pd.Timedelta(days=1)


def _in_utc(stamps: pd.Series) -> bool:
    if isinstance(stamps.dtype, pd.DatetimeTZDtype):
        return str(stamps.dt.tz) == "UTC"
    if pd.api.types.is_datetime64_dtype(stamps) or not len(stamps):
        return False
    return bool(stamps.astype(str).str.fullmatch(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*(?:Z|\+00:?00)").all())


def to_periods(rows: pd.DataFrame, calendar: Calendar, labels: str, tell: Tell) -> pd.DataFrame:
    """``rows`` with the start of its period as the date of each; ``tell`` hears of companies whose labels are other days."""
    if calendar.frequency == "D":
        return rows
    starts = _months(rows[DATE]) if calendar.frequency == "M" else _weeks(rows[DATE], labels)
    for partner, own in rows.groupby(PARTNER, sort=True, observed=True)[DATE]:
        if text := _other_labels(own, calendar, labels):
            tell(f"{partner}: {text}")
    converted = rows.assign(**{DATE: starts})
    _tell_of_sums(rows, converted, calendar, tell)
    return converted


def _months(days: pd.Series) -> pd.Series:
    found: pd.Series = days - pd.to_timedelta(days.dt.day - 1, unit="D")
    return found


def _weeks(days: pd.Series, labels: str) -> pd.Series:
    middle = days + pd.Timedelta(days=NEAREST - (6 if labels == LAST else 0))
    found: pd.Series = middle - pd.to_timedelta(middle.dt.day_of_week, unit="D")
    return found


def _other_labels(days: pd.Series, calendar: Calendar, labels: str) -> str:
    """In words, where the labels are not the first days of the calendar's periods."""
    if calendar.frequency == "M":
        odd = days[days.dt.day != 1]
        return (
            f"months are stamped by other days than their first, as {odd.iloc[0].date()}; each is the month it lies in"
            if len(odd)
            else ""
        )
    names = [str(name) for name in days.dt.day_name().value_counts().index]
    if names == ["Monday"] and labels == FIRST:
        return ""
    shown = ", ".join(names)
    if labels == LAST:
        return f"weeks are labelled by their last day ({shown}); each is the week from Monday that has most of it"
    return (
        f"weeks are labelled by {shown}, taken for their first day; each is the week from Monday that has most of it "
        "(--week-labels last, if they are last days)"
    )


def _tell_of_sums(rows: pd.DataFrame, converted: pd.DataFrame, calendar: Calendar, tell: Tell) -> None:
    """Rows of one item on different days that fall into one period add up: of two labels of a week that is twice the sale."""
    keys = [name for name in (PARTNER, LOCATION, ITEM, DATE) if name in rows]
    days = rows[DATE].groupby([converted[name] for name in keys], observed=True).nunique()
    if several := int((days > 1).sum()):
        tell(
            f"{several:,} times rows of one item with different dates fall into one {PERIOD[calendar.frequency]} and are "
            "summed; where both tell of the same sale, delete one"
        )
