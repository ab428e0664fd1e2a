"""The calendar of a network: its periods, and the cut-offs at which forecasters are trained and judged.

A *cut-off* is the start of the first period a forecaster must not have seen. Of one night's cut-offs the last one ships
(nothing later is known), the one before is the test nobody chooses on, and the earlier ones lie on a fixed grid, so that
the shared forecaster of a grid cut-off, once trained, serves every later night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from decai_forecast.errors import ConfigError

__all__ = ["CHOICE_ORIGINS", "Calendar", "Cutoffs"]

CHOICE_ORIGINS = 3  # rolling origins a partner chooses on; one alone loses to the plain mean of the candidates
DAYS = {"D": 1, "W": 7, "M": 30}  # of a period; months are counted as months, and told as 30 days
SEASON = {"D": 7, "W": 52, "M": 12}
PANDAS = {"D": "D", "W": "W-MON", "M": "MS"}


@dataclass(frozen=True)
class Cutoffs:
    """The cut-offs of one night, oldest first in ``choice``; test windows of ``choice`` end at or before ``test``."""

    choice: tuple[date, ...]
    test: date
    ship: date

    @property
    def all(self) -> tuple[date, ...]:
        """All of them, oldest first."""
        return (*self.choice, self.test, self.ship)


@dataclass(frozen=True)
class Calendar:
    """Regular periods. ``frequency``: ``D`` (days), ``W`` (weeks, starting on Mondays) or ``M`` (calendar months);
    ``horizon`` in periods."""

    frequency: str
    horizon: int

    def __post_init__(self) -> None:
        if self.frequency not in DAYS:
            raise ConfigError(f"frequency {self.frequency!r} is not known; use D (daily), W (weekly, Mondays) or M (monthly)")
        if self.horizon < 1:
            raise ConfigError(f"horizon must be at least 1 period, not {self.horizon}")

    @property
    def days(self) -> int:
        """Days of one period; a month is told as 30."""
        return DAYS[self.frequency]

    @property
    def noun(self) -> str:
        """``day``, ``week`` or ``month``."""
        return {"D": "day", "W": "week", "M": "month"}[self.frequency]

    @property
    def season(self) -> int:
        """Periods of the main season: 7 days, 52 weeks or 12 months."""
        return SEASON[self.frequency]

    @property
    def cycle(self) -> int:
        """Periods after which demand is alike: the main season where a horizon holds one, else 1."""
        return self.season if self.season <= self.horizon else 1

    @property
    def year(self) -> int:
        """Periods of a year, in whole seasons, so that weekdays match."""
        return 364 if self.frequency == "D" else self.season

    @property
    def pandas(self) -> str:
        """The pandas frequency of period starts."""
        return PANDAS[self.frequency]

    def floor(self, day: date) -> date:
        """The start of the period that holds ``day``."""
        if self.frequency == "M":
            return day.replace(day=1)
        return day if self.frequency == "D" else day - timedelta(days=day.weekday())

    def add(self, start: date, periods: int) -> date:
        """The period start ``periods`` after the period start ``start``."""
        if self.frequency == "M":
            return _month(start.year * 12 + start.month - 1 + periods)
        return start + timedelta(days=self.days * periods)

    def between(self, start: date, end: date) -> int:
        """Whole periods from the period start ``start`` to ``end``; negative if ``end`` lies before."""
        if self.frequency == "M":
            return (end.year - start.year) * 12 + end.month - start.month
        return (end - start).days // self.days

    def cutoffs(self, as_of: date, choice: int = CHOICE_ORIGINS) -> Cutoffs:
        """The cut-offs of a night whose data end before ``as_of`` (exclusive): only whole periods count."""
        ship = self.floor(as_of)
        test = self.add(ship, -self.horizon)
        monday = date(1970, 1, 5) if self.frequency != "M" else date(1970, 1, 1)  # the grid's anchor is a period start
        last = self.between(monday, self.add(test, -self.horizon)) // self.horizon * self.horizon
        grid = tuple(self.add(monday, last - self.horizon * k) for k in range(choice - 1, -1, -1))
        return Cutoffs(grid, test, ship)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
