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


@dataclass(frozen=True)
class Cutoffs:
    """The cut-offs of one night, oldest first in ``choice``; test windows of ``choice`` end at or before ``test``."""

    choice: tuple[date, ...]
    test: date
    ship: date

    @property
    def all(self) -> tuple[date, ...]:
        return (*self.choice, self.test, self.ship)


@dataclass(frozen=True)
class Calendar:
    """Regular periods. ``frequency``: ``D`` (days) or ``W`` (weeks, starting on Mondays); ``horizon`` in periods."""

    frequency: str
    horizon: int

    def __post_init__(self) -> None:
        if self.frequency not in ("D", "W"):
            raise ConfigError(f"frequency {self.frequency!r} is not known; use D (daily) or W (weekly, Mondays)")
        if self.horizon < 1:
            raise ConfigError(f"horizon must be at least 1 period, not {self.horizon}")

    @property
    def days(self) -> int:
        """Days of one period."""
        return 1 if self.frequency == "D" else 7

    @property
    def season(self) -> int:
        """Periods of the main season: 7 days, or 52 weeks."""
        return 7 if self.frequency == "D" else 52

    @property
    def pandas(self) -> str:
        """The pandas frequency of period starts."""
        return "D" if self.frequency == "D" else "W-MON"

    def floor(self, day: date) -> date:
        """The start of the period that holds ``day``."""
        return day if self.frequency == "D" else day - timedelta(days=day.weekday())

    def add(self, start: date, periods: int) -> date:
        return start + timedelta(days=self.days * periods)

    def cutoffs(self, as_of: date) -> Cutoffs:
        """The cut-offs of a night whose data end before ``as_of`` (exclusive): only whole periods count."""
        ship = self.floor(as_of)
        test = self.add(ship, -self.horizon)
        span = self.days * self.horizon
        monday = date(1970, 1, 5)  # the grid's anchor: a Monday, so weekly cut-offs are period starts
        last = monday + timedelta(days=(self.add(test, -self.horizon) - monday).days // span * span)
        choice = tuple(last - timedelta(days=span * k) for k in range(CHOICE_ORIGINS - 1, -1, -1))
        return Cutoffs(choice, test, ship)
