"""What can happen to a network: shocks, and scenarios made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from decai_forecast.shock_kinds import ShockKind

__all__ = ["Scenario", "Shock"]


@dataclass(frozen=True)
class Shock:
    """One thing that happens to one place.

    ``node``: site or supplier; "" (demand only): all sites. ``start``: a date, or days after the forecast's first day.
    ``length``: days; None: to the end of the horizon. ``items``: those it hits; empty: all.
    """

    kind: ShockKind
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
