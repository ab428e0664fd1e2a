"""What may happen within a year, and what could be done about it, from a YAML file.

::

    name: A year at Alder
    service_limit: 0.9         # for the smallest disturbance that breaks it
    budget: 20000              # per year, for mitigations; optional
    events:
      - {name: port strike, kind: supplier-down, node: Acme, per_year: 0.3, days: [7, 28]}
      - {name: rush, kind: demand, node: north, per_year: 1, days: [7, 14], factor: 1.5}
    mitigations:
      - {name: second source, does: second-source, node: Acme, share: 0.4, cost_per_year: 6000}
      - {name: more stock, does: stock, node: north, days: 7}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field

from decai_forecast.documents.constraints import Name
from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Fault
from decai_forecast.documents.files import read_as
from decai_forecast.documents.kind import Kind
from decai_forecast.shock_kinds import KINDS, ShockKind
from decai_forecast.simulation.shocks import Scenario, Shock

__all__ = ["Does", "Event", "Mitigation", "Risks", "read_risks"]

RISKS = Kind("a file of risks", "expected risks (a mapping with name and events)")
LONGEST = 730  # days of an event
Days = Annotated[int, Field(ge=1, le=LONGEST)]


class Does(StrEnum):
    """What a mitigation does."""

    STOCK = "stock"  # the site holds so many days of demand more
    EARLIER_ORDER = "earlier-order"  # the site orders so many days earlier (safety time): its level covers them, too
    SECOND_SOURCE = "second-source"  # another supplier ships this share of what the place does not
    EXPEDITE = "expedite"  # outages of the place are over so many days sooner


@dataclass(frozen=True)
class Event:
    """``per_year``: how often it happens in the mean; every length within ``days`` is as likely."""

    name: Name
    kind: ShockKind
    node: Name
    per_year: Annotated[float, Field(gt=0, le=365)]
    days: Annotated[tuple[Days, ...], Field(min_length=1, max_length=2)]
    factor: float | None = None

    def faults(self) -> Iterator[Fault]:
        """Days that fall, and a factor that is missing or cannot be."""
        limits = KINDS[self.kind].factor
        if self.days[0] > self.days[-1]:
            yield Fault(("days",), f"days are {list(self.days)}; expected the shortest and the longest")
        if limits is None and self.factor is not None:
            yield Fault(("factor",), f"an event of kind {self.kind} has no factor; delete it, or use capacity")
        elif limits is not None and not (self.factor is not None and limits[0] <= self.factor <= limits[1]):
            yield Fault(("factor",), f"an event of kind {self.kind} needs a factor from {limits[0]:g} to {limits[1]:g}")

    def lengths(self) -> tuple[int, ...]:
        """Days that are simulated: the shortest, the middle and the longest."""
        low, high = self.days[0], self.days[-1]
        return (low,) if low == high else (low, (low + high) // 2, high) if high - low > 1 else (low, high)

    def scenario(self, days: int) -> Scenario:
        """Begins on the forecast's first day."""
        factor = 1.0 if self.factor is None else self.factor
        return Scenario(f"{self.name}, {days} days", (Shock(self.kind, self.node, 0, days, factor),))


@dataclass(frozen=True)
class Mitigation:
    """``cost_per_year`` beyond what more stock costs to hold, which the simulation adds."""

    name: Name
    does: Does
    node: Name
    days: Days | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    cost_per_year: Annotated[float, Field(ge=0)] = 0.0

    def faults(self) -> Iterator[Fault]:
        """A measure that is missing."""
        if self.does is Does.SECOND_SOURCE and (self.share is None or self.days is not None):
            yield Fault((), "second-source needs share, what the other source ships of it, and no days")
        if self.does is not Does.SECOND_SOURCE and (self.days is None or self.share is not None):
            yield Fault((), f"{self.does} needs days, and no share")


@dataclass(frozen=True)
class Risks:
    """A file's content."""

    name: Name
    events: Annotated[tuple[Event, ...], Field(min_length=1, max_length=50)]
    mitigations: Annotated[tuple[Mitigation, ...], Field(max_length=20)] = ()
    budget: Annotated[float, Field(ge=0)] | None = None
    service_limit: Annotated[float, Field(gt=0, lt=1)] = 0.9

    def faults(self) -> Iterator[Fault]:
        """Those of its events and mitigations, and names that are there twice."""
        for key in ("events", "mitigations"):
            rows, seen = getattr(self, key), set()
            for number, row in enumerate(rows):
                yield from (Fault((key, number, *fault.where), fault.text) for fault in row.faults())
                if row.name in seen:
                    yield Fault((key, number, "name"), f"the name {row.name!r} is there twice; rename one")
                seen.add(row.name)


def read_risks(path: Path) -> Risks:
    """The risks in a YAML file; :class:`ConfigError` with file, line and column of every fault."""
    return read_as(Document(path, RISKS), Risks)
