"""What a table covers: periods that have not happened, have not ended, or that nobody delivered; none is zero demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise

import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.demand.frequency import PARTNER
from decai_forecast.demand.labels import PERIOD, Tell
from decai_forecast.demand.table import QUANTITY
from decai_forecast.periods import Calendar

__all__ = ["Silence", "silences", "tell_of_gaps", "tell_of_returns", "without_part", "without_placeholders"]

AHEAD = 2  # periods without any sale at the end that may be the future; one may be a bad week
BEFORE = 8  # periods before the last one that say how low a whole one may be
PART = 0.6  # of the lowest of them: a last period below it was cut off
MOST = 0.5  # share of the items that must be at their lowest, too; of a weekday's dates that have a row where it is usual
USUALLY = 0.9  # share of periods with a row, from which on a company without any for two is silent
GAPS = 0.1  # share of periods without a row that is worth a word


def without_placeholders(rows: pd.DataFrame, calendar: Calendar, tell: Tell) -> pd.DataFrame:
    """``rows`` (dates are period starts) without zeros of the future: after the last sale of anybody, and many more periods
    than ever passed without a sale."""
    sold = rows.loc[rows[QUANTITY] > 0, DATE]
    later = rows[rows[DATE] > sold.max()] if len(sold) else rows.iloc[:0]
    if later.empty or not (later[QUANTITY] == 0).all():
        return rows
    ahead = calendar.between(sold.max().date(), later[DATE].max().date())
    if ahead < AHEAD or ahead <= 2 * _longest_gap(sold, calendar):
        return rows
    tell(
        f"{len(later):,} rows after {sold.max().date()} are all 0, up to {later[DATE].max().date()}: taken for placeholders of "
        "the future and left out"
    )
    kept: pd.DataFrame = rows[rows[DATE] <= sold.max()]
    return kept


def _longest_gap(days: pd.Series, calendar: Calendar) -> int:
    """Periods between two that follow each other in ``days``, the most."""
    there = sorted({day.date() for day in days.drop_duplicates()})
    return max((calendar.between(a, b) - 1 for a, b in pairwise(there)), default=0)


@dataclass(frozen=True)
class Silence:
    """Periods of a company, from ``first`` to ``last``, of which nobody knows what it sold, though it usually says so."""

    partner: str
    first: date
    last: date


def without_part(rows: pd.DataFrame, calendar: Calendar, tell: Tell) -> tuple[pd.DataFrame, list[Silence]]:
    """``rows`` without a company's last period, where that was delivered before it had ended: far below each of the periods
    before it (of days: of the same weekday), and so most of its items. Such a period is a silence: where another company has
    rows of it, it is unknown and not zero."""
    kept, cut = [], list[Silence]()
    for partner, own in rows.groupby(PARTNER, sort=True, observed=True):
        last = own[DATE].max()
        lowest = _cut_off(own, last, calendar)
        kept.append(own if lowest is None else own[own[DATE] < last])
        if lowest is not None:
            cut.append(Silence(str(partner), last.date(), last.date()))
            total = own.loc[own[DATE] == last, QUANTITY].sum()
            each = PERIOD[calendar.frequency]
            tell(
                f"{partner}: the {each} of {last.date()} has {total:,.4g} units, and none of the {BEFORE} before it less than "
                f"{lowest:,.4g}: taken for a part of a {each} and left out (--keep-last keeps it)"
            )
    return pd.concat(kept).sort_index(), cut


def _cut_off(own: pd.DataFrame, last: pd.Timestamp, calendar: Calendar) -> float | None:
    """The lowest total of the periods before ``last``, if that one is only part of a period."""
    step = 7 if calendar.frequency == "D" else 1
    before = [pd.Timestamp(calendar.add(last.date(), -step * k)) for k in range(1, BEFORE + 1)]
    totals = own.groupby(DATE)[QUANTITY].sum().reindex([last, *before])
    if totals.isna().any() or not totals.iloc[0] < PART * totals.iloc[1:].min():
        return None
    keys = [name for name in (LOCATION, ITEM) if name in own]
    wide = own.pivot_table(index=keys, columns=DATE, values=QUANTITY, aggfunc="sum", observed=True).reindex(
        columns=[last, *before]
    )
    sells = wide[wide[before].gt(0).mean(axis=1) > MOST].fillna(0.0)
    low = float((sells[last] < sells[before].min(axis=1)).mean()) if len(sells) else 0.0
    return float(totals.iloc[1:].min()) if low > MOST else None


def silences(rows: pd.DataFrame, calendar: Calendar, end: date) -> list[Silence]:
    """The silences of every company before the period ``end``: two periods or more; at the end, one is enough. Of a daily table
    only the weekdays count on which the company usually delivers: a shop that is closed on Sundays is not silent then."""
    found: list[Silence] = []
    for partner, own in rows.groupby(PARTNER, sort=True, observed=True):
        there = {day.date() for day in own[DATE].drop_duplicates()}
        every = _usual(there, calendar, end)
        until = [day for day in every if day <= max(there)]
        if len(there.intersection(every)) >= USUALLY * len(until) - AHEAD:
            found += [Silence(str(partner), a, b) for a, b in _runs(every, there)]
    return found


def _usual(there: set[date], calendar: Calendar, end: date) -> list[date]:
    """The periods before ``end`` from the first of ``there`` on; of days those whose weekday has a row in most weeks."""
    first, last = min(there), max(there)
    every = [calendar.add(first, k) for k in range(calendar.between(first, end))]
    if calendar.frequency != "D":
        return every
    could, did = (Counter(day.weekday() for day in days) for days in ([d for d in every if d <= last], there))
    return [day for day in every if did[day.weekday()] > MOST * could[day.weekday()]]


def _runs(every: list[date], there: set[date]) -> Iterator[tuple[date, date]]:
    for absent, run in groupby(every, key=lambda day: day not in there):
        days = list(run)
        if absent and (len(days) >= AHEAD or days[-1] == every[-1]):
            yield days[0], days[-1]


def tell_of_gaps(rows: pd.DataFrame, calendar: Calendar, missing: str, tell: Tell) -> None:
    """How many periods between the first and the last row of an item have no row, if they are many, and what they count as."""
    keys = [name for name in (PARTNER, LOCATION, ITEM) if name in rows]
    series = rows.groupby(keys, observed=True)[DATE].agg(["min", "max", "nunique"])
    spans = [calendar.between(a.date(), b.date()) + 1 for a, b in zip(series["min"], series["max"], strict=True)]
    share = 1 - series["nunique"].sum() / max(1, sum(spans))
    if share < GAPS:
        return
    each = PERIOD[calendar.frequency]
    counts = f"{share:.0%} of the {each}s between an item's first and last row have no row"
    if missing == "zero":
        tell(f"{counts}; they count as {each}s without a sale (--missing unknown, if nobody knows)")
    else:
        tell(f"{counts}; they count as unknown (--missing zero, if nothing was sold)")


def tell_of_returns(rows: pd.DataFrame, tell: Tell) -> None:
    """How many rows are below zero."""
    if count := int((rows[QUANTITY] < 0).sum()):
        tell(f"{count:,} rows have a negative quantity: returns are not demand, and they count as nothing sold")
