"""The kinds of shocks a scenario is made of.

This imports nothing heavy: Airflow reads it with every DAG file, for the form of a what-if.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["KINDS", "Kind", "ShockKind"]


class ShockKind(StrEnum):
    """What happens to a place."""

    SITE_DOWN = "site-down"
    SUPPLIER_DOWN = "supplier-down"
    CAPACITY = "capacity"
    LEAD_TIME = "lead-time"
    DEMAND = "demand"
    ORDER_PAUSE = "order-pause"
    SHIP_PAUSE = "ship-pause"


@dataclass(frozen=True)
class Kind:
    """``factor``: the range a shock of this kind needs; None: it has none. ``on``: kinds of places it can hit."""

    about: str
    factor: tuple[float, float] | None
    on: tuple[str, ...]


SITE, SUPPLIER, ANYWHERE = ("site",), ("supplier",), ("site", "supplier")
LARGEST_FACTOR = 100.0  # times lead time or demand: beyond, somebody has mixed up percent and factors
KINDS: Mapping[str, Kind] = {
    ShockKind.SITE_DOWN: Kind("the site orders, ships and sells nothing", None, SITE),
    ShockKind.SUPPLIER_DOWN: Kind("the supplier ships nothing; orders queue, goods in transit arrive", None, SUPPLIER),
    ShockKind.CAPACITY: Kind("the place ships at most factor times what it ships in normal times", (0.0, 1.0), ANYWHERE),
    ShockKind.LEAD_TIME: Kind("what the place ships takes factor times as long", (1.0, LARGEST_FACTOR), ANYWHERE),
    ShockKind.DEMAND: Kind("customers of the site buy factor times as much", (0.0, LARGEST_FACTOR), SITE),
    ShockKind.ORDER_PAUSE: Kind("the site places no orders", None, SITE),
    ShockKind.SHIP_PAUSE: Kind("the place ships and sells nothing, and goes on ordering", None, ANYWHERE),
}
