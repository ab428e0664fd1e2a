"""The rhythm of a date column: every day, every week, every month, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from decai_forecast.contracts.draft.sample import Sample
from decai_forecast.sql import name as quoted

__all__ = ["LATENCY_DAYS", "Rhythm", "rhythm_of"]

LATENCY_DAYS = {"D": 10, "W": 21, "M": 62}  # how old the newest row may be: late deliveries, and a holiday
FEWEST_DAYS, MOST_DAYS = 3, 50_000  # distinct days that make a rhythm


@dataclass(frozen=True)
class Rhythm:
    """``every`` is D, W, M or empty; ``whole``: no period is missing over all rows; ``by``: nor in any series of ``by``."""

    every: str
    whole: bool = False
    by: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None


def rhythm_of(sample: Sample, column: str, series: Sequence[str]) -> Rhythm:
    """The rhythm of ``column``; ``series`` are the columns of a series (an item at a location), partner's names."""
    day = f"CAST({quoted(column)} AS DATE)"
    days = [row[0] for row in sample.rows(f"SELECT DISTINCT {day} AS day FROM sample WHERE {day} IS NOT NULL ORDER BY 1")]
    every = _every(days) if FEWEST_DAYS <= len(days) <= MOST_DAYS else ""
    if not every:
        return Rhythm("", first=days[0] if days else None, last=days[-1] if days else None)
    steps = {"D": 1, "W": 7}.get(every)
    whole = bool(steps) and all((after - before).days == steps for before, after in pairwise(days))
    unbroken = bool(whole and steps and series) and _unbroken(sample, day, series, steps or 1)
    return Rhythm(every, whole, tuple(series) if unbroken else (), days[0], days[-1])


def _every(days: Sequence[date]) -> str:
    steps = [(after - before).days for before, after in pairwise(days)]
    if all(step % 7 == 0 for step in steps):
        return "W" if min(steps) == 7 else ""
    if all(day.day == 1 for day in days):
        return "M"
    return "D" if sorted(steps)[len(steps) // 2] == 1 else ""


def _unbroken(sample: Sample, day: str, series: Sequence[str], step: int) -> bool:
    """Whether each series has a row for every period between its first and its last."""
    by = ", ".join(map(quoted, series))
    periods = f"date_diff('day', min({day}), max({day})) // {step} + 1"
    counted = f"SELECT count(DISTINCT {day}) < {periods} AS gap FROM sample WHERE {day} IS NOT NULL GROUP BY {by}"
    return not sample.rows(f"SELECT count(*) FROM ({counted}) WHERE gap")[0][0]
