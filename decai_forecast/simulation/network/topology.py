"""Items whose ways look alike, put together: one graph, and arrays over its lanes and the items.

Items share a graph when everything above their shops is the same and every shop is supplied in one way; which shops there are
may differ, since a place that does not sell an item has no demand for it. Items of one supplier that
ships to shops directly are therefore one group, whatever each shop sells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from decai_forecast.simulation.network.graph import Floats, Graph
from decai_forecast.simulation.network.walk import Edge, Key, Way

__all__ = ["Topology", "topologies"]


@dataclass(frozen=True)
class Topology:
    """``keys`` are the graph's nodes; ``edges[item]`` maps a lane's number to the item's own edge."""

    graph: Graph
    keys: tuple[Key, ...]
    items: tuple[str, ...]
    edges: tuple[Mapping[int, Edge], ...]  # [item]: lane -> edge

    def share(self) -> Floats:
        """[lane, item]: sums to 1 over a component's alternatives, also where a place does not sell the item."""
        share = np.zeros((len(self.graph.parent), len(self.items)))
        for column, own in enumerate(self.edges):
            for lane, edge in own.items():
                share[lane, column] = edge.share
        for lanes in self.alternatives():
            unused = share[lanes].sum(axis=0) == 0
            share[np.ix_(lanes, unused)] = 1 / len(lanes)
        return share

    def quantity(self) -> Floats:
        """[lane, item]."""
        quantity = np.ones((len(self.graph.parent), len(self.items)))
        for column, own in enumerate(self.edges):
            for lane, edge in own.items():
                quantity[lane, column] = edge.quantity
        return quantity

    def alternatives(self) -> list[list[int]]:
        """The lanes of each component of each node."""
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for lane, pair in enumerate(zip(self.graph.child.tolist(), self.graph.component.tolist(), strict=True)):
            found[pair].append(lane)
        return list(found.values())


def topologies(ways: Sequence[Way], demand: Mapping[str, tuple[str, ...]]) -> list[Topology]:
    """Groups of items, in the order of their first items."""
    alike: dict[object, list[tuple[dict[Key, object], list[Way]]]] = defaultdict(list)
    for way in sorted(ways, key=lambda way: way.item):
        own = {key: frozenset((edge.parent, edge.component) for edge in edges) for key, edges in way.into.items()}
        groups = alike[_form(way, demand[way.item])]
        supply, group = next((g for g in groups if all(g[0].get(key, how) == how for key, how in own.items())), ({}, []))
        if not group:
            groups.append((supply, group))
        supply.update(own)
        group.append(way)
    return [_topology(group, demand) for groups in alike.values() for _, group in groups]


def _form(way: Way, sold_at: tuple[str, ...]) -> object:
    """What items of a group have in common: the lanes above their shops, and from where shops are supplied."""
    parents = {edge.parent for edges in way.into.values() for edge in edges}
    shops = {key for key in way.into if key not in parents and key.place in sold_at}
    above = frozenset((e.parent, e.child, e.component) for key, found in way.into.items() if key not in shops for e in found)
    supplied = frozenset(frozenset((e.parent, e.component) for e in way.into[shop]) for shop in shops)
    return above, supplied


def _topology(ways: Sequence[Way], demand: Mapping[str, tuple[str, ...]]) -> Topology:
    lanes = {(e.parent, e.child, e.component) for way in ways for found in way.into.values() for e in found}
    keys = _ordered({key for parent, child, _ in lanes for key in (parent, child)}, lanes)
    number = {key: k for k, key in enumerate(keys)}
    ordered = sorted((number[child], component, number[parent]) for parent, child, component in lanes)
    lane_of = {lane: k for k, lane in enumerate(ordered)}
    sold = {number[Key(place, "")] for way in ways for place in demand[way.item]}
    sources = {key for way in ways for key in way.sources}
    columns = np.array(ordered, dtype=np.int64).reshape(-1, 3)
    graph = Graph(
        nodes=tuple(key.name for key in keys),
        source=np.array([key in sources for key in keys]),
        parent=columns[:, 2],
        child=columns[:, 0],
        component=columns[:, 1],
        demand=np.array(sorted(sold), dtype=np.int64),
        places=tuple(key.place for key in keys),
    )
    edges = tuple(
        {lane_of[number[e.child], e.component, number[e.parent]]: e for found in way.into.values() for e in found}
        for way in ways
    )
    return Topology(graph, keys, tuple(way.item for way in ways), edges)


def _ordered(keys: set[Key], lanes: set[tuple[Key, Key, int]]) -> tuple[Key, ...]:
    """Parents before children: by the longest way from a supplier, then by name."""
    parents: dict[Key, set[Key]] = defaultdict(set)
    for parent, child, _ in lanes:
        parents[child].add(parent)
    depth: dict[Key, int] = {}

    def measure(key: Key) -> int:
        if key not in depth:
            depth[key] = 1 + max((measure(parent) for parent in parents[key]), default=-1)
        return depth[key]

    return tuple(sorted(keys, key=lambda key: (measure(key), key)))
