"""What can happen to a network: shocks, and scenarios made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

__all__ = ["KINDS", "Kind", "Scenario", "Shock"]


@dataclass(frozen=True)
class Kind:
    """``factor``: the range a shock of this kind needs; None: it has none. ``on``: kinds of places it can hit."""

    about: str
    factor: tuple[float, float] | None
    on: tuple[str, ...]


SITE, SUPPLIER, ANYWHERE = ("site",), ("supplier",), ("site", "supplier")
MOST = 100.0  # times lead time or demand: beyond, somebody has mixed up percent and factors
KINDS: Mapping[str, Kind] = {
    "site-down": Kind("the site orders, ships and sells nothing", None, SITE),
    "supplier-down": Kind("the supplier ships nothing; orders queue, goods in transit arrive", None, SUPPLIER),
    "capacity": Kind("the place ships at most factor times what it ships in normal times", (0.0, 1.0), ANYWHERE),
    "lead-time": Kind("what the place ships takes factor times as long", (1.0, MOST), ANYWHERE),
    "demand": Kind("customers of the site buy factor times as much", (0.0, MOST), SITE),
    "order-pause": Kind("the site places no orders", None, SITE),
    "ship-pause": Kind("the place ships and sells nothing, and goes on ordering", None, ANYWHERE),
}


@dataclass(frozen=True)
class Shock:
    """One thing that happens to one place.

    ``node``: site or supplier; "" (demand only): all sites. ``start``: a date, or days after the forecast's first day.
    ``length``: days; None: to the end of the horizon. ``items``: those it hits; empty: all.
    """

    kind: str
    node: str
    start: date | int = 0
    length: int | None = None
    factor: float = 1.0
    items: tuple[str, ...] = ()
    where: str = field(default="", compare=False)  # file and line, for messages


@dataclass(frozen=True)
class Scenario:
    """Shocks that happen together. ``probability`` within the horizon, where somebody knows it; ``notes`` say what was
    taken for granted in reading it."""

    name: str
    shocks: tuple[Shock, ...]
    probability: float | None = None
    notes: tuple[str, ...] = ()
