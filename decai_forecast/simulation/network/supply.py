"""The supply network of one participant, and what was taken for granted to build it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.stages import Group

__all__ = ["FARTHEST", "SITE", "SUPPLIER", "Assumption", "Place", "SupplyNetwork"]

FARTHEST = 1095  # days, three years: nothing is simulated farther ahead
SITE, SUPPLIER = "site", "supplier"


@dataclass(frozen=True)
class Place:
    """A site of the participant, or one of its suppliers."""

    name: str
    kind: str  # SITE or SUPPLIER
    recovery_days: float  # node time to recover (TTR): days until it works again after an outage
    recovery_assumed: bool
    capacity: float  # units per period, all items together; infinity: no limit known


@dataclass(frozen=True)
class Assumption:
    """One line of the report's list; ``assumed``: nobody delivered it. What was delivered is listed, too."""

    name: str
    text: str
    assumed: bool


@dataclass(frozen=True)
class SupplyNetwork:
    """Items grouped by topology. Periods count from ``start``, the forecast's first.

    ``beyond``: periods that are simulated after the forecast's horizon, until the last outage has been got over (ahead.py).
    """

    groups: tuple[Group, ...]
    places: tuple[Place, ...]  # by name
    assumptions: tuple[Assumption, ...]
    calendar: Calendar
    start: date
    money: bool  # costs are in the participant's currency; else in multiples of the cost of holding a unit for a period
    transit_known: bool = True  # open orders were delivered
    beyond: int = 0

    @property
    def periods(self) -> int:
        """All that are simulated: the horizon, and what lies beyond it."""
        return self.calendar.horizon + self.beyond

    @cached_property
    def by_name(self) -> Mapping[str, Place]:
        return {place.name: place for place in self.places}

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(item for group in self.groups for item in group.stages.items)
