"""The section ``supply`` of ``network.yaml``: what a participant states of its supply network instead of delivering it.

::

    supply:
      alder_foods:
        suppliers: [{vendor: Acme, recovery_days: 28, capacity: 500}]
        sites: [{location_id: dc, recovery_days: 14}]
        lanes: [{from_id: Acme, to_id: dc, lead_time_days: 10}]
        bill_of_materials: [{item_id: kit, component_id: part, quantity: 2}]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from decai_forecast.documents.constraints import Name

__all__ = ["Component", "Lane", "Site", "Supplier", "Supply"]

Amount = Annotated[float, Field(ge=0)]


@dataclass(frozen=True)
class Supplier:
    """``recovery_days``: until it ships again after a failure. ``capacity`` in units a day."""

    vendor: Name
    recovery_days: Amount | None = None
    capacity: Amount | None = None


@dataclass(frozen=True)
class Site:
    """A place that holds stock."""

    location_id: Name
    recovery_days: Amount | None = None
    capacity: Amount | None = None


@dataclass(frozen=True)
class Lane:
    """A way of goods; without ``item_id`` for all items. ``share``: of what the place needs."""

    from_id: Name
    to_id: Name
    lead_time_days: Amount
    item_id: Name | None = None
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    capacity: Amount | None = None
    recovery_days: Amount | None = None


@dataclass(frozen=True)
class Component:
    """``quantity`` units of the component are in one unit of the item."""

    item_id: Name
    component_id: Name
    quantity: Annotated[float, Field(gt=0)]
    location_id: Name | None = None
    lead_time_days: Amount | None = None
    unit: Name | None = None


@dataclass(frozen=True)
class Supply:
    """The tables of one participant; each replaces the data set of the same name."""

    suppliers: tuple[Supplier, ...] = ()
    sites: tuple[Site, ...] = ()
    lanes: tuple[Lane, ...] = ()
    bill_of_materials: tuple[Component, ...] = ()
