"""Which round a delivery counts for: the next one that is closed after its start; and whether its schedule can be in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from decai_forecast.cron_times import CronTimes
from decai_forecast.network.agreement import Agreement
from decai_forecast.round import Round

__all__ = ["Coverage", "Windows", "windows_of"]

LEAST = timedelta(minutes=10)  # from the start of a delivery until closing: starting three tasks, pulling, training
DAY, YEAR = timedelta(days=1), timedelta(days=366)
WINTER, SUMMER = (datetime(2028, month, 10, tzinfo=UTC) for month in (1, 7))  # not today: equal files give equal DAGs
LOOKED_AT = 8  # deliveries from each of the two on; a week of nights, and no clock is changed then


@dataclass(frozen=True)
class Coverage:
    """How many of ``rounds`` a schedule delivers for in time; ``first_missed``: the id of one that it does not, or empty."""

    rounds: int
    in_time: int
    first_missed: str

    def words(self) -> str:
        """A sentence about what is missed; empty if nothing is."""
        if not self.first_missed:
            return ""
        return (
            f"in time for {self.in_time:,} of {self.rounds:,} rounds of a year; the first that it misses is {self.first_missed}"
        )


@dataclass(frozen=True)
class Windows:
    """The rounds of a network on the clock. ``closings``: when they are closed; ``width``: how long before that a delivery may
    start. A start outside of every window counts for the next round too, but no schedule should promise one."""

    closings: CronTimes
    width: timedelta

    def round_for(self, moment: datetime) -> Round:
        """The round that a delivery which starts at ``moment`` (timezone-aware) counts for: the next one to be closed."""
        return self._round_of(self.closings.after(moment))

    def round_closed_at(self, moment: datetime) -> Round:
        """The round whose closing is due at ``moment``, or was the last one before it."""
        return self._round_of(self.closings.until(moment))

    def closes_after(self, moment: datetime) -> datetime:
        """The next time, in UTC, at which a round is closed."""
        return self.closings.after(moment)

    def never_in_time(self, deliveries: CronTimes) -> str:
        """What is wrong with a schedule that is in time for no round, and what would be right; empty if nothing is.

        Looked at in winter and in summer: one that is in time only while one of two clocks is changed is in time for none.
        """
        if any(self._is_in_time(start) for season in (WINTER, SUMMER) for start in _some(deliveries, season)):
            return ""
        return (
            f"a delivery at {deliveries.cron!r} ({deliveries.zone}) is in time for no round: rounds are closed at "
            f"{self.closings.cron!r} ({self.closings.zone}, close_at) and take what starts between {_hours(self.width)} "
            f"(window_hours) and {LEAST.seconds // 60} minutes before; one at {self._example(deliveries)} would be in time"
        )

    def coverage(self, deliveries: CronTimes, today: datetime) -> Coverage:
        """The rounds of the year after ``today``."""
        closings = [at for at in self.closings.between(today, today + YEAR) if at - self.width > today]
        starts = deliveries.between(today - self.width, today + YEAR)
        served = {self.closings.after(start) for start in starts if self._is_in_time(start)}
        missed = [at for at in closings if at not in served]
        return Coverage(len(closings), len(closings) - len(missed), self._round_of(missed[0]).id if missed else "")

    def _is_in_time(self, start: datetime) -> bool:
        return LEAST <= self.closings.after(start) - start <= self.width

    def _example(self, deliveries: CronTimes) -> str:
        first = self.closings.after(WINTER)
        wall = (first - min(self.width, timedelta(hours=2))).astimezone(deliveries.zone)
        daily = self.closings.after(first) - first <= DAY
        return f"{wall:%H:%M}" if daily else f"{wall:%A %H:%M}"

    def _round_of(self, closing: datetime) -> Round:
        return _round_of(self.closings, closing)


@lru_cache(4096)
def _round_of(closings: CronTimes, closing: datetime) -> Round:
    """Named by the day of its closing; where a day has several, the later ones are its further rounds."""
    day = closing.astimezone(closings.zone).date()
    number = sum(at.astimezone(closings.zone).date() == day for at in closings.between(closing - 2 * DAY, closing))
    return Round(day.isoformat() + (f".{number}" if number > 1 else ""), day)


def _some(deliveries: CronTimes, moment: datetime) -> Iterator[datetime]:
    for _ in range(LOOKED_AT):
        yield (moment := deliveries.after(moment))


def windows_of(agreed: Agreement) -> Windows:
    """As ``close_at``, ``time_zone`` and ``window_hours`` say."""
    return Windows(CronTimes(agreed.close_at, ZoneInfo(agreed.time_zone)), timedelta(hours=agreed.window_hours))


def _hours(width: timedelta) -> str:
    return f"{width.total_seconds() / 3600:g} hours"
