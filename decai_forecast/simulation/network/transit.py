"""Goods that were ordered before the simulation starts, by lane and period of arrival."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.facts import ANYWHERE
from decai_forecast.simulation.network.flows import Flow, Shares, kept
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.rows import WHERE
from decai_forecast.simulation.network.supply import FARTHEST
from decai_forecast.simulation.network.topology import Topology

__all__ = ["Transit", "transit_of"]


@dataclass(frozen=True)
class Transit:
    """``known`` False: nothing was delivered, and the steady state of the policy is taken (see ``levels.py``)."""

    known: bool
    due: Mapping[tuple[str, str], Mapping[str, Floats]]  # place, item -> vendor ("" for any) -> [period] units
    ahead: int  # periods: as far as the last open order, at least the horizon
    overdue: int  # open orders whose day has passed: expected in the first period

    def of(self, topology: Topology, flow: Flow, shares: Shares) -> Floats:
        """[lane, item, period]: of the vendor named, else divided by the lanes' shares of orders."""
        graph, share = topology.graph, topology.share()
        found = np.zeros((*share.shape, self.ahead))
        if not self.known:
            return found
        for lanes in topology.alternatives():
            child = int(graph.child[lanes[0]])
            for column, item in enumerate(topology.items):
                self._add(
                    found,
                    topology,
                    shares,
                    lanes,
                    column,
                    kept(topology.keys[child], item),
                    float(flow.throughput[child, column]),
                )
        return found

    def _add(
        self, found: Floats, topology: Topology, shares: Shares, lanes: list[int], column: int, item: str, ships: float
    ) -> None:
        keys, graph = topology.keys, topology.graph
        place = keys[int(graph.child[lanes[0]])].place
        origins = [keys[int(graph.parent[lane])].place for lane in lanes]
        if not ships > 0 or place in origins:  # made there, not shipped
            return
        part, split = shares.item(place, item, ships), topology.share()[lanes, column]
        for vendor, units in self.due.get((place, item), {}).items():
            named = np.array([origin == vendor for origin in origins], dtype=float)
            for lane, own in zip(lanes, named if named.any() else split, strict=True):
                found[lane, column] += units * part * own


def transit_of(
    orders: pd.DataFrame | None, shares: Shares, receiving: Mapping[str, frozenset[str]], calendar: Calendar, start: date
) -> Transit:
    """From the data set open_orders; what has no location goes where the item is received, divided by need."""
    if orders is None:
        return Transit(False, {}, calendar.horizon, 0)
    due: dict[tuple[str, str], dict[str, Floats]] = defaultdict(dict)
    overdue, rows = 0, orders.to_dict("records")
    periods = [_period(row, calendar, start) for row in rows]
    ahead = max([calendar.horizon, *(period + 1 for period in periods)])
    ahead = min(ahead, max(FARTHEST // calendar.days, calendar.horizon))
    for row, period in zip(rows, periods, strict=True):
        item, units = str(row["item_id"]), float(row["quantity"])
        overdue += period < 0
        if np.isnan(units) or units < 0:
            raise ConfigError(f"{row[WHERE]}: quantity of item {item!r} is {units:g}; expected units of at least 0")
        for place, part in _places(str(row.get("location_id", "")), item, shares, receiving):
            if period < ahead:
                by_vendor = due[place, item].setdefault(str(row.get("vendor", "")), np.zeros(ahead))
                by_vendor[max(period, 0)] += units * part
    return Transit(True, due, ahead, overdue)


def _period(row: Mapping[object, object], calendar: Calendar, start: date) -> int:
    expected = pd.Timestamp(row["expected_on"])  # type: ignore[arg-type]  # a date: the contract saw to it
    if pd.isna(expected):
        raise ConfigError(f"{row[WHERE]}: expected_on is empty; an open order needs the day the goods are expected")
    return calendar.between(start, calendar.floor(expected.date()))


def _places(place: str, item: str, shares: Shares, receiving: Mapping[str, frozenset[str]]) -> list[tuple[str, float]]:
    if place and place != ANYWHERE:
        return [(place, 1.0)]
    found = sorted(receiving.get(item, ()))
    needs = [shares.of_item.get((name, item), 0.0) for name in found]
    total = sum(needs)
    return [(name, need / total if total > 0 else 1 / len(found)) for name, need in zip(found, needs, strict=True)]
