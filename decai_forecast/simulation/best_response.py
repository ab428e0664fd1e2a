"""The best possible response to an outage, as a linear program: time to survive, performance impact, risk exposure index.

Simchi-Levi et al. 2015 (Interfaces 45(5), "Identifying risks and mitigating disruptions in the automotive supply chain").
While a place is down, everything that is on hand, arrives or can still be shipped may be used wherever it helps most, at
once: shares of orders, lead times and policies do not bind. It is therefore a bound: no policy loses less. The simulation
says what today's does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.network.graph import Bools, Floats, Ints
from decai_forecast.simulation.network.reach import not_sure, outside_demand
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import Place, SupplyNetwork

__all__ = ["best_response"]

TINY = 1e-9


def best_response(network: SupplyNetwork) -> pd.DataFrame:
    """One row per place that goes down for its time to recover (TTR), by name; those that recover at once are left out.

    ``node``, ``kind``, ``node_ttr_days``; ``tts_lp_days``: longest time without a lost sale, NaN where it is beyond what is
    simulated; ``pi_lp_units``: units lost during the TTR beyond what is lost anyway; ``pi_lp_value``: the same as margin, NaN
    where the margin of an item is unknown; ``rei_lp``: performance impact over the largest one, 0 to 1. Demand is its mean
    over the horizon.
    """
    base: dict[tuple[tuple[int, ...], float], tuple[float, float]] = {}
    limits = _limits_of(network)
    rows = [_exposure(network, limits, place, base) for place in network.places if place.recovery_days > 0]
    frame = pd.DataFrame(rows, columns=["node", "kind", "node_ttr_days", "tts_lp_days", "pi_lp_units", "pi_lp_value"])
    impact = frame["pi_lp_units" if frame["pi_lp_value"].isna().any() else "pi_lp_value"]
    return frame.assign(rei_lp=impact / impact.max() if (impact > TINY).any() else 0.0)


def _limits_of(network: SupplyNetwork) -> dict[str, float]:
    """Places whose capacity could bind: infinity where they can ship all that could ever be asked of them."""
    most: dict[str, float] = defaultdict(float)
    for group in network.groups:
        graph, needed = group.graph, np.zeros(group.stages.stock.shape)
        needed[graph.demand] = outside_demand(group)
        for lane in np.argsort(-graph.child, kind="stable"):  # children before their parents, each lane as if it had all orders
            needed[graph.parent[lane]] += group.stages.quantity[lane] * needed[graph.child[lane]]
        for name, units in zip(graph.places or graph.nodes, needed.sum(axis=1).tolist(), strict=True):
            most[name] += units
    known = {place.name: place.capacity for place in network.places if np.isfinite(place.capacity)}
    return {name: capacity if capacity < most[name] else np.inf for name, capacity in known.items()}


def _exposure(
    network: SupplyNetwork, limits: Mapping[str, float], place: Place, base: dict[Any, tuple[float, float]]
) -> tuple[Any, ...]:
    periods = place.recovery_days / network.calendar.days
    groups = _concerned(network, limits, place)
    key = (groups, periods)
    if key not in base:
        base[key] = _Program(network, limits, groups, "", periods).lost()
    if not any(base[key]) and _ends(network, groups, place):
        return place.name, place.kind, place.recovery_days, 0.0, *_unsold(network, groups, place, periods)
    down = _Program(network, limits, groups, place.name, periods)
    units, value = (max(found - usual, 0.0) for found, usual in zip(down.lost(), base[key], strict=True))
    longest = down.survives()
    days = longest * network.calendar.days if longest < network.periods - TINY else np.nan
    return place.name, place.kind, place.recovery_days, days, units, value if down.valued else np.nan


def _ends(network: SupplyNetwork, groups: Sequence[int], place: Place) -> bool:
    """Whether customers buy at the place and it ships to no other: down, it takes its own sales and leaves the others more.
    Where nothing is lost otherwise the program would say just that, and need not be solved."""
    at = [(network.groups[k], network.groups[k].graph.at(place.name)) for k in groups]
    feeds = any(np.isin(group.graph.parent, nodes).any() for group, nodes in at)
    return not feeds and any(_bought(group, nodes).any() for group, nodes in at)


def _bought(group: Group, nodes: Ints) -> Floats:
    """[demand node, item]: units per period that customers buy at some nodes, 0 elsewhere."""
    return np.where(np.isin(group.graph.demand, nodes)[:, None], outside_demand(group), 0.0)


def _unsold(network: SupplyNetwork, groups: Sequence[int], place: Place, periods: float) -> tuple[float, float]:
    """Units and margin that the place does not sell; NaN where the margin of something the groups sell is unknown."""
    units = value = 0.0
    for group in (network.groups[k] for k in groups):
        bought, margin = _bought(group, group.graph.at(place.name)) * periods, group.stages.value[group.graph.demand]
        units += float(bought.sum())
        value += float((bought * np.where(outside_demand(group) > 0, margin, 0.0)).sum())
    return units, value


def _concerned(network: SupplyNetwork, limits: Mapping[str, float], place: Place) -> tuple[int, ...]:
    """The groups that ship through the place, and those that compete with them for a limited place."""
    at = [_active(group) for group in network.groups]
    limited = {name for name, capacity in limits.items() if np.isfinite(capacity)}
    found, reached = set[int](), {place.name}
    while more := {k for k, names in enumerate(at) if names & reached} - found:
        found |= more
        reached |= {name for k in more for name in at[k] & limited}
    return tuple(sorted(found))


def _active(group: Group) -> set[str]:
    flows = np.asarray((group.stages.throughput > 0).any(axis=1)).tolist()
    return {name for name, active in zip(group.graph.places or group.graph.nodes, flows, strict=True) if active}


@dataclass
class _Part:
    """The part of a group that the program decides on; numbers are those of variables, -1: none."""

    group: Group
    demand: Floats  # [demand node, item]: units per period
    down: Bools  # [node]
    open: Bools  # [node, item]: limited in some way; the others are served whatever happens
    ship: Ints  # [lane, item]
    make: Ints  # [node, item]
    lose: Ints  # [demand node, item]


@dataclass
class _Rows:
    """A sparse matrix in the making: ``matrix @ variables <= limit + rate * periods``."""

    row: list[Ints] = field(default_factory=list)
    column: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    limit: list[Floats] = field(default_factory=list)
    rate: list[Floats] = field(default_factory=list)
    count: int = 0

    def new(self, limit: Floats, rate: Floats) -> Ints:
        """Numbers of new rows."""
        numbers = np.arange(self.count, self.count + len(limit))
        self.count += len(limit)
        self.limit.append(np.asarray(limit, dtype=float))
        self.rate.append(np.asarray(rate, dtype=float))
        return numbers

    def add(self, row: Ints, column: Ints, value: Floats) -> None:
        there = column >= 0
        self.row.append(row[there])
        self.column.append(column[there])
        self.value.append(value[there])


class _Program:
    """The program of one outage: nothing is down where ``down`` is empty."""

    def __init__(
        self, network: SupplyNetwork, limits: Mapping[str, float], groups: Sequence[int], down: str, periods: float
    ) -> None:
        self.network, self.down, self.periods, self.size = network, down, periods, 0
        self.pooled = list(limits)  # places whose capacity is that of all items together
        self.capacity = {name: capacity for name, capacity in limits.items() if np.isfinite(capacity)}
        self.parts = [self._part(network.groups[k]) for k in groups]
        self.rows = _Rows()
        for part in self.parts:
            self._balance(part)
            self._assembly(part)
            self._limits(part)
        self._shared()

    def _part(self, group: Group) -> _Part:
        graph, stages = group.graph, group.stages
        is_down = np.zeros(len(graph.nodes), dtype=bool)
        is_down[graph.at(self.down)] = True
        places = graph.places or graph.nodes
        limited = np.isfinite(stages.capacity) & ~np.isin(places, self.pooled)[:, None]
        limited |= np.isin(places, list(self.capacity))[:, None]
        is_open = not_sure(group, is_down, limited)
        demand = outside_demand(group)
        needed = (stages.throughput > 0) | np.isin(np.arange(len(graph.nodes)), graph.parent)[:, None]
        works = ~(is_down[graph.parent] | is_down[graph.child])[:, None]
        used = is_open[graph.child] & needed[graph.child] & works
        make = is_open & needed & ~(graph.source | is_down)[:, None]
        lose = is_open[graph.demand] & ~is_down[graph.demand][:, None] & (demand > 0)
        return _Part(group, demand, is_down, is_open, self._numbers(used), self._numbers(make), self._numbers(lose))

    def _numbers(self, there: Bools) -> Ints:
        found = np.full(there.shape, -1, dtype=np.int64)
        found[there] = np.arange(self.size, self.size + int(there.sum()))
        self.size += int(there.sum())
        return found

    def _balance(self, part: _Part) -> None:
        """Shipped and sold <= on hand + made, for every open node that holds stock."""
        graph, stages = part.group.graph, part.group.stages
        there = part.make >= 0
        sold = np.zeros(stages.stock.shape)
        sold[graph.demand] = part.demand
        row = np.full(there.shape, -1, dtype=np.int64)
        row[there] = self.rows.new(stages.stock[there], -sold[there])
        self._outflow(part, row)
        self.rows.add(row[there], part.make[there], np.full(int(there.sum()), -1.0))

    def _outflow(self, part: _Part, row: Ints) -> None:
        """Puts what leaves each node into its row: shipments in its own units, less what customers do not get."""
        graph = part.group.graph
        at = row[graph.parent]
        there = (at >= 0) & (part.ship >= 0)
        self.rows.add(at[there], part.ship[there], part.group.stages.quantity[there])
        sold = row[graph.demand]
        there = (sold >= 0) & (part.lose >= 0)
        self.rows.add(sold[there], part.lose[there], np.full(int(there.sum()), -1.0))

    def _assembly(self, part: _Part) -> None:
        """Made <= what comes in of each component, in transit included, where its suppliers are limited or down."""
        graph, stages = part.group.graph, part.group.stages
        whole, rest = int(self.periods), self.periods % 1
        transit = stages.transit[:, :, :whole].sum(axis=2)
        if whole < stages.transit.shape[2]:
            transit = transit + rest * stages.transit[:, :, whole]
        transit = transit / stages.quantity
        for child, lanes, _ in graph.alternatives:
            there = part.make[child] >= 0
            if not there.any():
                continue
            row = self.rows.new(transit[list(lanes)][:, there].sum(axis=0), np.zeros(int(there.sum())))
            self.rows.add(row, part.make[child, there], np.ones(len(row)))
            for lane in lanes:
                self.rows.add(row, part.ship[lane, there], np.full(len(row), -1.0))

    def _limits(self, part: _Part) -> None:
        """Shipped and sold <= capacity, per item; a place that is limited as a whole has a row of its own."""
        stages, graph = part.group.stages, part.group.graph
        whole = np.isin(graph.places or graph.nodes, self.pooled)
        there = np.isfinite(stages.capacity) & ~whole[:, None] & ~part.down[:, None]
        row = np.full(there.shape, -1, dtype=np.int64)
        sold = np.zeros(there.shape)
        sold[graph.demand] = part.demand
        row[there] = self.rows.new(np.zeros(int(there.sum())), stages.capacity[there] - sold[there])
        self._outflow(part, row)

    def _shared(self) -> None:
        """What a place ships of all items together <= its capacity."""
        for name, capacity in self.capacity.items():
            if name == self.down:
                continue
            sold, rows = 0.0, []
            number = self.rows.count
            for part in self.parts:
                nodes = part.group.graph.at(name)
                row = np.full(part.open.shape, -1, dtype=np.int64)
                row[nodes] = number
                sold += float(part.demand[np.isin(part.group.graph.demand, nodes)].sum())
                rows.append((part, row))
            self.rows.new(np.zeros(1), np.array([capacity - sold]))
            for part, row in rows:
                self._outflow(part, row)

    @property
    def valued(self) -> bool:
        """Whether the margin of everything that can be lost is known."""
        return all(not np.isnan(part.group.stages.value[part.group.graph.demand][part.demand > 0]).any() for part in self.parts)

    def lost(self) -> tuple[float, float]:
        """Units and margin (units again where it is unknown) lost in ``periods`` under the best response."""
        weights, gone_units, gone_value = np.zeros(self.size), 0.0, 0.0
        upper = np.full(self.size, np.inf)
        for part, value in self._values():
            there = part.lose >= 0
            weights[part.lose[there]] = value[there]
            upper[part.lose[there]] = part.demand[there] * self.periods
            gone = part.demand * part.down[part.group.graph.demand][:, None] * self.periods
            gone_units, gone_value = gone_units + float(gone.sum()), gone_value + float((gone * value).sum())
        if not self.size:
            return gone_units, gone_value
        limit = np.concatenate(self.rows.limit) + np.concatenate(self.rows.rate) * self.periods
        found = _solve(weights, self._matrix(self.size), limit, upper)
        units = sum(float(found[part.lose[part.lose >= 0]].sum()) for part in self.parts)
        return units + gone_units, float(weights @ found) + gone_value

    def _values(self) -> Iterator[tuple[_Part, Floats]]:
        """[demand node, item]: what a lost unit counts."""
        for part in self.parts:
            value = part.group.stages.value[part.group.graph.demand]
            yield part, np.where(part.demand > 0, value if self.valued else 1.0, 0.0)

    def survives(self) -> float:
        """Periods without a lost unit, at most those that are simulated."""
        if any(part.demand[part.down[part.group.graph.demand]].any() for part in self.parts):
            return 0.0  # the place sells, and is down
        horizon = float(self.network.periods)
        if not self.size:
            return horizon
        weights, upper = np.zeros(self.size + 1), np.full(self.size + 1, np.inf)
        weights[-1], upper[-1] = -1.0, horizon
        for part in self.parts:
            upper[part.lose[part.lose >= 0]] = 0.0
        matrix = self._matrix(self.size + 1, np.concatenate(self.rows.rate))
        return float(_solve(weights, matrix, np.concatenate(self.rows.limit), upper)[-1])

    def _matrix(self, columns: int, rate: Floats | None = None) -> Any:
        """With ``rate``, the last column is time."""
        from scipy.sparse import coo_array

        rows = self.rows
        row, column, value = (np.concatenate(parts) for parts in (rows.row, rows.column, rows.value))
        if rate is not None:
            row, column = np.append(row, np.arange(len(rate))), np.append(column, np.full(len(rate), columns - 1))
            value = np.append(value, -rate)
        return coo_array((value, (row, column)), shape=(rows.count, columns)).tocsr()


def _solve(weights: Floats, matrix: Any, limit: Floats, upper: Floats) -> Floats:
    from scipy.optimize import linprog

    bounds = np.column_stack([np.zeros(len(upper)), upper])
    found = linprog(weights, A_ub=matrix, b_ub=limit, bounds=bounds, method="highs")
    if found.status != 0:
        raise ConfigError(
            "what an outage costs at best cannot be reckoned: quantities of the network differ too much in size; check the "
            "units of stock, open orders, capacities and bills of material"
        )
    return np.asarray(found.x, dtype=float)
