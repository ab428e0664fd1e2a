"""What the data sets and ``network.yaml`` say of a supply network, row by row, before anything is built from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TypeVar

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.errors import ConfigError
from decai_forecast.simulation.network.rows import ALL, text_column

__all__ = ["Lane", "Part", "SupplyFacts", "Vendor", "facts_of"]

WHOLE = 1e-6  # how far shares may be from 1
K = TypeVar("K")
V = TypeVar("V")
ANYWHERE = "all"  # the location of demand that is not told by location


@dataclass(frozen=True)
class Lane:
    origin: str
    to: str
    item: str  # "" for every item without lanes of its own
    days: float  # NaN: unknown
    share: float  # NaN: what the others leave
    capacity: float  # units a day; NaN: no limit
    where: str


@dataclass(frozen=True)
class Part:
    """One line of a bill of material: ``quantity`` units of the component in one unit of the item."""

    item: str
    component: str
    quantity: float
    place: str  # "" for wherever no other site sends the item
    days: float  # of making it
    where: str


@dataclass(frozen=True)
class Vendor:
    """Who sells an item, and what it takes: ``least`` and ``multiple`` in units, 0 where any quantity is."""

    name: str
    days: float  # NaN: unknown
    where: str
    least: float = 0.0
    multiple: float = 0.0
    order_cost: float = 0.0  # of placing an order, whatever its quantity


@dataclass(frozen=True)
class SupplyFacts:
    """Keys are names; places of ``sites`` hold stock, every other origin is a supplier."""

    demand: Mapping[str, tuple[str, ...]]  # item -> locations that customers buy it from
    lanes: Mapping[tuple[str, str], tuple[Lane, ...]]  # (to, item or "") -> lanes
    parts: Mapping[str, tuple[Part, ...]]  # item -> its bill of material
    vendors: Mapping[str, tuple[Vendor, ...]]  # item -> who sells it
    sites: frozenset[str]
    cost: Mapping[str, float]  # item -> cost of a unit
    recovery: Mapping[str, float]  # place -> days
    capacity: Mapping[tuple[str, str], float]  # place, item or "" for all together -> units a day

    @property
    def located(self) -> bool:
        """Whether demand is told by location; else one site stands for all."""
        return any(places != (ANYWHERE,) for places in self.demand.values())


def facts_of(forecast: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> SupplyFacts:
    """The facts of ``tables`` (data sets and the tables of ``network.yaml``; each row knows its place).

    Raises :class:`ConfigError` naming the row.
    """
    demand = _demand(forecast)
    lanes = [_lane(row) for row in _rows(tables, "lanes")]
    parts = [_part(row) for row in _rows(tables, "bill_of_materials")]
    _once([(f"the lane from {x.origin!r} to {x.to!r}{_of(x.item)}", x.where) for x in lanes])
    _once([(f"component {x.component!r} of item {x.item!r}{_at(x.place)}", x.where) for x in parts])
    _whole(lanes)
    sites = {site for places in demand.values() for site in places} | {lane.to for lane in lanes}
    sites |= {str(row["location_id"]) for name in ("locations", "sites", "stock") for row in _places(tables, name)}
    _known_sites(forecast, tables)
    return SupplyFacts(
        demand=demand,
        lanes=_grouped([((lane.to, lane.item), lane) for lane in lanes]),
        parts=_grouped([(part.item, part) for part in parts]),
        vendors=_vendors(tables, sites),
        sites=frozenset(sites),
        cost=_costs(tables),
        recovery=_of_places(tables, "recovery_days", "the days of recovery"),
        capacity=_of_lanes(lanes) | {(k, ""): v for k, v in _of_places(tables, "capacity", "the capacity").items()},
    )


def _demand(forecast: pd.DataFrame) -> Mapping[str, tuple[str, ...]]:
    series = forecast[SERIES].astype(str).drop_duplicates().sort_values(["item_id", "location_id"])
    return {str(item): tuple(rows["location_id"]) for item, rows in series.groupby("item_id")}


def _rows(tables: Mapping[str, pd.DataFrame], name: str) -> list[dict[str, object]]:
    frame = tables.get(name)
    return [] if frame is None else [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _places(tables: Mapping[str, pd.DataFrame], name: str) -> list[dict[str, object]]:
    frame = tables.get(name)
    if frame is None or "location_id" not in frame:
        return []
    return [{"location_id": place} for place in text_column(frame["location_id"]).unique() if place]


def _lane(row: Mapping[str, object]) -> Lane:
    origin, to, where = _name(row, "from_id"), _name(row, "to_id"), str(row["where"])
    item = str(row.get("item_id", "") or "")
    if origin == to:
        raise ConfigError(f"{where}: the lane leads from {origin!r} to itself; delete it")
    days, share = _at_least_zero(row, "lead_time_days"), _at_least_zero(row, "share")
    return Lane(origin, to, "" if item == ALL else item, days, share, _at_least_zero(row, "capacity"), where)


def _part(row: Mapping[str, object]) -> Part:
    item, component, where = _name(row, "item_id"), _name(row, "component_id"), str(row["where"])
    quantity, days = _at_least_zero(row, "quantity"), _at_least_zero(row, "lead_time_days")
    if not quantity > 0:
        raise ConfigError(f"{where}: quantity of component {component!r} must be more than 0, not {quantity:g}")
    place = str(row.get("location_id", "") or "")
    return Part(item, component, quantity, "" if place == ALL else place, 0.0 if isnan(days) else days, where)


def _name(row: Mapping[str, object], column: str) -> str:
    if not (found := str(row.get(column, "") or "")):
        raise ConfigError(f"{row['where']}: {column} is empty; every row needs one")
    return found


def _at_least_zero(row: Mapping[str, object], column: str) -> float:
    value = float(row.get(column, np.nan))  # type: ignore[arg-type]  # a number: with_places saw to it
    if value < 0 or np.isinf(value):
        raise ConfigError(f"{row['where']}: {column} is {value:g}; expected a number of at least 0")
    return value


def _or_none(row: Mapping[str, object], column: str) -> float:
    value = _at_least_zero(row, column)
    return 0.0 if isnan(value) else value


def _once(named: Sequence[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for name, where in named:
        if name in seen:
            raise ConfigError(f"{where}: {name} is there twice, first in {seen[name]}; keep one")
        seen[name] = where


def _whole(lanes: Sequence[Lane]) -> None:
    """The shares of the lanes into one place for one item sum to 1; where some are left out, they leave something."""
    for (to, item), found in _grouped([((lane.to, lane.item), lane) for lane in lanes]).items():
        given = [lane.share for lane in found if not isnan(lane.share)]
        total, complete = sum(given), len(given) == len(found)
        if given and (total > 1 + WHOLE or (complete and total < 1 - WHOLE)):
            raise ConfigError(
                f"{found[0].where}: the shares of the lanes to {to!r}{_of(item)} sum to {total:g}; expected 1 "
                f"({', '.join(f'{lane.origin} {lane.share:g}' for lane in found)})"
            )


def _known_sites(forecast: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> None:
    """Where the locations were delivered, nobody buys from another one."""
    known = {str(row["location_id"]) for name in ("locations", "sites") for row in _places(tables, name)} | {ANYWHERE}
    where = forecast["location_id"].astype(str)
    if "locations" not in tables or where.isin(known).all():
        return
    row = int(np.flatnonzero(~where.isin(known))[0])
    item = forecast["item_id"].iloc[row]
    raise ConfigError(
        f"forecast, row {row + 1}: demand for item {str(item)!r} at {where.iloc[row]!r}, which is not among the "
        "locations; add the place there, or correct location_id in the data set demand"
    )


def _vendors(tables: Mapping[str, pd.DataFrame], sites: set[str]) -> Mapping[str, tuple[Vendor, ...]]:
    """A supplier that has the name of a site gets a name of its own."""
    found: list[tuple[str, Vendor]] = []
    for row in _rows(tables, "items"):
        name = str(row.get("vendor", "") or "").strip()
        if name:
            own = f"{name} (supplier)" if name in sites else name
            taken = (_or_none(row, column) for column in ("minimum_order", "order_multiple", "order_cost"))
            vendor = Vendor(own, _at_least_zero(row, "lead_time_days"), str(row["where"]), *taken)
            found.append((_name(row, "item_id"), vendor))
    unique = {(item, vendor.name): (item, vendor) for item, vendor in reversed(found)}
    return _grouped(sorted(unique.values(), key=lambda pair: (pair[0], pair[1].name)))


def _costs(tables: Mapping[str, pd.DataFrame]) -> Mapping[str, float]:
    costs = [(str(row["item_id"]), _at_least_zero(row, "unit_cost")) for row in _rows(tables, "items")]
    known = _grouped([(item, cost) for item, cost in costs if cost > 0])  # a cost of 0 is one that nobody knows
    return {item: sum(found) / len(found) for item, found in known.items()}


def _of_places(tables: Mapping[str, pd.DataFrame], column: str, called: str) -> Mapping[str, float]:
    """Per place, from the tables that can say so; two rows that say different things are a fault."""
    found: dict[str, tuple[float, str]] = {}
    for table, key in (("suppliers", "vendor"), ("sites", "location_id"), ("locations", "location_id"), ("lanes", "from_id")):
        for row in _rows(tables, table) if (table, column) != ("lanes", "capacity") else ():
            value, where = _at_least_zero(row, column), str(row["where"])
            name = _name(row, key)
            if isnan(value):
                continue
            before, first = found.setdefault(name, (value, where))
            if before != value and table != "locations":
                raise ConfigError(f"{where}: {called} of {name!r} is {value:g}, in {first} it is {before:g}; keep one")
    return {name: value for name, (value, _) in found.items()}


def _of_lanes(lanes: Sequence[Lane]) -> dict[tuple[str, str], float]:
    """What a place ships is limited where every lane from it is (for an item: every lane of its own)."""
    found = {}
    for key, own in _grouped([((lane.origin, lane.item), lane.capacity) for lane in lanes]).items():
        if not any(map(isnan, own)):
            found[key] = sum(own)
    return found


def _grouped(pairs: Sequence[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    found: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: tuple(values) for key, values in found.items()}


def _of(item: str) -> str:
    return f" for item {item!r}" if item else ""


def _at(place: str) -> str:
    return f" at {place!r}" if place else ""
