"""The instants of a cron expression on a wall clock, across clock changes exactly as Airflow's cron timetable has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

__all__ = ["CronTimes", "is_cron"]

FIELDS = 5  # minute hour day month weekday; Airflow would take a sixth for seconds
BACK = timedelta(days=1)  # more than any clock change: from there on the instants come as they come in a running Airflow
NEVER = 8  # years without an instant: 29 February is away that long around 2100


@lru_cache(1024)
def is_cron(text: str) -> bool:
    """Whether ``text`` is a cron expression of five fields that comes at all: 30 February never does."""
    from croniter import CroniterError, croniter

    if len(text.split()) != FIELDS or not croniter.is_valid(text):
        return False
    try:
        return bool(croniter(text, datetime(2026, 1, 1), max_years_between_matches=NEVER).get_next(datetime))
    except CroniterError:
        return False


@dataclass(frozen=True)
class CronTimes:
    """``cron``: five fields; ``zone``: of the wall clock. All instants are in UTC.

    A time that a clock change leaves out comes an hour later, of one that comes twice the second counts; an expression that
    covers every hour goes by elapsed time. So do Airflow's, and ``tests/core/test_cron_times.py`` compares.
    """

    cron: str
    zone: tzinfo

    def after(self, moment: datetime) -> datetime:
        """The first instant after ``moment`` (timezone-aware)."""
        at = self._next(moment if self._is_steady(moment) else moment - BACK)
        while at <= moment:
            at = self._next(at)
        return at

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The instants after ``start`` until ``end``, inclusive."""
        while (start := self.after(start)) <= end:
            yield start

    def until(self, moment: datetime) -> datetime:
        """The last instant at or before ``moment``."""
        from croniter import croniter

        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        before: datetime = croniter(self.cron, wall - BACK, max_years_between_matches=NEVER).get_prev(datetime)
        return list(self.between(self._instant(before) - BACK, moment))[-1]

    def _is_steady(self, moment: datetime) -> bool:
        """No clock is changed within a day: a wall clock then means one instant."""
        day = (moment - BACK, moment + BACK)
        return len({instant.astimezone(self.zone).utcoffset() for instant in day}) == 1

    def _next(self, moment: datetime) -> datetime:
        """The step of Airflow's timetable from one of its instants to the next."""
        from croniter import croniter

        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        cron = croniter(self.cron, wall, max_years_between_matches=NEVER)
        following: datetime = cron.get_next(datetime)
        if cron.expanded[1] == ["*"]:
            return moment.astimezone(UTC) + (following - wall)
        return self._instant(following)

    def _instant(self, wall: datetime) -> datetime:
        """The later of the two that a wall clock can mean; they differ only where it is changed."""
        return max(wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
