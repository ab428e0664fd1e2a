"""Outages that reach only a part of a network are run only there.

Sources that ship without limit tie nothing together: what one site orders changes nothing for another. Cut at them a network
falls into parts, and a shop that is closed is felt in its own part only; all others are as in the base run. A network of ten
depots is then swept at a tenth of the work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.engine.frame import Disturbance, Late, Outcome, Samples
from decai_forecast.simulation.network.graph import Graph, Ints
from decai_forecast.simulation.network.stages import Group, OrderRule, Stages

__all__ = ["Parts", "Ways", "part_of", "parts_of"]

OF_NODES = ("stock", "level", "review", "capacity", "throughput", "holding", "shortage", "value")
OF_LANES = ("quantity", "share", "lead", "lead_late", "transit", "lead_streak")
SUMS = ("on_hand", "orders", "placed", "dry", "asked")  # of outcomes, by node
SOLD = ("demand", "served", "short", "stockouts", "first_short", "node_demand", "node_served")  # by demand node
WHOLE = ("cost", "total_demand", "total_served")
Engine = Callable[..., Outcome]


@dataclass(frozen=True)
class Ways:
    """Positions in the whole graph: of nodes, of lanes, and of demand nodes."""

    nodes: Ints
    lanes: Ints
    sold: Ints


def parts_of(group: Group) -> Ints:
    """[node]: the number of its part; -1: a source without limit, which belongs to several."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = group.graph
    free = graph.source & np.isinf(group.stages.capacity).all(axis=1)
    tied = ~free[graph.parent]
    ends = graph.parent[tied], graph.child[tied]
    lanes = coo_array((np.ones(len(ends[0])), ends), shape=(len(free), len(free)))
    return np.asarray(np.where(free, -1, connected_components(lanes, directed=False)[1]), dtype=np.int64)


def part_of(group: Group, nodes: Ints) -> tuple[Group, Ways]:
    """The group of some of the nodes (with all that supplies them), and where these are in the whole."""
    graph = group.graph
    lanes = np.flatnonzero(np.isin(graph.child, nodes))
    kept = np.union1d(nodes, graph.parent[lanes])
    sold = np.flatnonzero(np.isin(graph.demand, nodes))
    number = np.full(len(graph.nodes), -1)
    number[kept] = np.arange(len(kept))
    own = Graph(
        tuple(graph.nodes[n] for n in kept), graph.source[kept], number[graph.parent[lanes]], number[graph.child[lanes]],
        graph.component[lanes], number[graph.demand[sold]], tuple(graph.places[n] for n in kept) if graph.places else (),
    )  # fmt: skip
    return Group(own, _stages(group.stages, kept, lanes)), Ways(kept, lanes, sold)


def _stages(stages: Stages, nodes: Ints, lanes: Ints) -> Stages:
    cut: dict[str, Any] = {name: getattr(stages, name)[nodes] for name in OF_NODES}
    cut |= {name: None if (of := getattr(stages, name)) is None else of[lanes] for name in OF_LANES}
    if stages.rule is not None:
        cut["rule"] = OrderRule(*(getattr(stages.rule, field.name)[nodes] for field in fields(OrderRule)))
    if (settling := stages.settling) is not None:
        at = {"stock": nodes, "counted": nodes, "ordered": nodes, "transit": lanes, "quantity": lanes}
        cut["settling"] = replace(settling, **{name: getattr(settling, name)[some] for name, some in at.items()})
    return replace(stages, **cut)


class Parts:
    """The runs of one block: ``base`` of the whole, and disturbed ones, each where it is felt."""

    def __init__(self, engine: Engine, group: Group, demand: Samples, given: dict[str, Any]) -> None:
        self.engine, self.group, self.demand, self.given = engine, group, demand, given
        self.number = parts_of(group)
        self.base = engine(group.graph, group.stages, demand, **given)
        self.plain: dict[bytes, Outcome] = {}

    def run(self, disturbance: Disturbance) -> Outcome:
        """The outcome of the whole network."""
        hit = np.flatnonzero(_hit(disturbance))
        numbers = np.unique(self.number[hit])
        nodes = np.flatnonzero(np.isin(self.number, numbers))
        if (numbers < 0).any() or not len(hit) or 2 * len(nodes) > len(self.number):
            return self.engine(self.group.graph, self.group.stages, self.demand, disturbance, **self.given)
        part, ways = part_of(self.group, nodes)
        key = numbers.tobytes()
        if key not in self.plain:
            self.plain[key] = self._part(part, ways, None)
        return self._joined(ways, self.plain[key], self._part(part, ways, _cut(disturbance, ways)))

    def _part(self, part: Group, ways: Ways, disturbance: Disturbance | None) -> Outcome:
        given = self.given | {
            "behaviour": _behaviour(self.given["behaviour"], ways), "late": _lanes(self.given["late"], ways),
            "before": None if (early := self.given["before"]) is None else early[ways.sold],
        }  # fmt: skip
        return self.engine(part.graph, part.stages, self.demand[ways.sold], disturbance, **given)

    def _joined(self, ways: Ways, plain: Outcome, hit: Outcome) -> Outcome:
        """The base outcome with the part's own figures; what a source or the whole adds up changes by what the part's does.
        Only the squares of what is asked of a source stay those of the base run: nobody reads them under a scenario."""
        own, changed = ~self.group.graph.source[ways.nodes], {}
        for name in SOLD:
            changed[name] = getattr(self.base, name).copy()
            changed[name][ways.sold] = getattr(hit, name)
        for name in SUMS:
            changed[name] = getattr(self.base, name).copy()
            changed[name][ways.nodes] += getattr(hit, name) - getattr(plain, name)
            changed[name][ways.nodes[own]] = getattr(hit, name)[own]
        changed["asked"][ways.nodes[~own], :, 1] = self.base.asked[ways.nodes[~own], :, 1]
        for name in WHOLE:
            changed[name] = getattr(self.base, name) + (getattr(hit, name) - getattr(plain, name))
        return replace(self.base, **changed)


def _hit(disturbance: Disturbance) -> Ints:
    """[node]: whether anything happens to it."""
    found = ~disturbance.ordering | np.isfinite(disturbance.shipping) | (disturbance.lead != 0) | (disturbance.demand != 1)
    return np.asarray(found.any(axis=0))


def _cut(disturbance: Disturbance, ways: Ways) -> Disturbance:
    return Disturbance(*(getattr(disturbance, field.name)[:, ways.nodes] for field in fields(Disturbance)))


def _behaviour(behaviour: Behaviour | None, ways: Ways) -> Behaviour | None:
    if behaviour is None:
        return None
    return Behaviour(**{name: rows[ways.nodes] for name, rows in vars(behaviour).items()})


def _lanes(late: Late | None, ways: Ways) -> Late | None:
    return None if late is None else late[ways.lanes]
