"""What is wrong with a network as a whole; every message names the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.network.facts import Lane, SupplyFacts
from decai_forecast.simulation.network.rows import WHERE
from decai_forecast.simulation.network.stages import Group

__all__ = ["check_capacity", "check_circles", "check_orphans", "check_units"]

COUNTED = ("stock", "receipts", "open_orders")  # data sets with a unit per item, beside the items themselves


def check_units(tables: Mapping[str, pd.DataFrame]) -> None:
    """An item is counted in one unit everywhere; in a bill of material the unit is the component's."""
    known = _units(tables.get("items"), "item_id")
    for name in (*COUNTED, "bill_of_materials"):
        key = "component_id" if name == "bill_of_materials" else "item_id"
        for item, (unit, where) in _units(tables.get(name), key).items():
            first, place = known.setdefault(item, (unit, where))
            if unit != first:
                raise ConfigError(
                    f"{where}: item {item!r} is counted in {unit!r}, in {place} in {first!r}; deliver one unit for each item"
                )


def _units(table: pd.DataFrame | None, key: str) -> dict[str, tuple[str, str]]:
    """Item -> unit and row; two units in one table are a fault, too."""
    if table is None or "unit" not in table:
        return {}
    measured = table[table["unit"] != ""].drop_duplicates([key, "unit"])
    found: dict[str, tuple[str, str]] = {}
    for item, unit, where in zip(measured[key], measured["unit"], measured[WHERE], strict=True):
        first, place = found.setdefault(str(item), (str(unit), str(where)))
        if unit != first:
            raise ConfigError(f"{where}: item {item!r} is counted in {unit!r}, in {place} in {first!r}; deliver one unit")
    return found


def check_circles(facts: SupplyFacts) -> None:
    """Lanes for all items go in no circle, whether or not an item takes it (the ways of items are checked on their own)."""
    into: dict[str, list[Lane]] = {}
    for (to, item), lanes in facts.lanes.items():
        if not item:
            into[to] = list(lanes)
    done: set[str] = set()
    for start in sorted(into):
        _follow(start, into, done)


def _follow(start: str, into: Mapping[str, list[Lane]], done: set[str]) -> None:
    """Depth first, upstream; ``way`` holds the lanes taken, with those that are still to be tried."""
    way: list[tuple[str, list[Lane]]] = [(start, list(into[start]))] if start not in done else []
    while way:
        place, left = way[-1]
        if not left:
            done.add(place)
            way.pop()
            continue
        lane = left.pop()
        names = [name for name, _ in way]
        if lane.origin in names:
            circle = [lane.origin, *reversed(names[names.index(lane.origin) :])]
            raise ConfigError(f"{lane.where}: lanes go in a circle, {' -> '.join(circle)}; delete one of them")
        if lane.origin in into and lane.origin not in done:
            way.append((lane.origin, list(into[lane.origin])))


def check_orphans(tables: Mapping[str, pd.DataFrame], facts: SupplyFacts) -> None:
    """A supplier or site that ``network.yaml`` names is connected to something."""
    ends = {place for lanes in facts.lanes.values() for lane in lanes for place in (lane.origin, lane.to)}
    vendors = {vendor.name for found in facts.vendors.values() for vendor in found}
    sold = {place for places in facts.demand.values() for place in places}
    made = {part.place for parts in facts.parts.values() for part in parts}
    for name, key, known in (("suppliers", "vendor", ends | vendors), ("sites", "location_id", ends | sold | made)):
        table = tables.get(name)
        for place, where in () if table is None else zip(table[key], table[WHERE], strict=True):
            if place not in known:
                raise ConfigError(f"{where}: no lane and no demand mentions {place!r}; add a lane to or from it, or delete it")


def check_capacity(groups: Sequence[Group], tables: Mapping[str, pd.DataFrame]) -> None:
    """Somebody who supplies an item can ship it."""
    for group in groups:
        source, stages = group.graph.source, group.stages
        needed = stages.throughput[source] > 0
        dead = needed.any(axis=0) & ~((stages.capacity[source] > 0) & needed).any(axis=0)
        if dead.any():
            item = stages.items[int(np.flatnonzero(dead)[0])]
            names = [name for name, own in zip(group.graph.nodes, source, strict=True) if own]
            raise ConfigError(f"{_zero(tables, names)}: every supplier of item {item!r} has capacity 0; state what it can ship")


def _zero(tables: Mapping[str, pd.DataFrame], names: Sequence[str]) -> str:
    """The first row that gives one of the suppliers a capacity of zero."""
    for name, key in (("suppliers", "vendor"), ("lanes", "from_id")):
        table = tables.get(name)
        if table is not None and "capacity" in table:
            rows = table[table[key].isin(names) & (table["capacity"] == 0)]
            if len(rows):
                return str(rows[WHERE].iloc[0])
    return ", ".join(names)
