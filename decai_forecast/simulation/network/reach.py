"""Who depends on whom: which items go through a place, which cannot do without it, and how their supply is divided."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.network.graph import Bools, Floats, Ints
from decai_forecast.simulation.network.requirements import expected_late
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import SUPPLIER, SupplyNetwork

__all__ = [
    "items_through",
    "longest_way",
    "main_source",
    "not_sure",
    "outside_demand",
    "share_through",
    "sole_items",
    "supplier_shares",
]


def not_sure(group: Group, down: Bools, limited: Bools) -> Bools:
    """[node, item]: not sure to have enough. ``down``: [node]; ``limited``: [node, item], by capacity.

    Sure is who is neither down nor limited, and has for every component somebody who is sure.
    """
    found = limited | down[:, None]
    touched = [bool(row.any()) for row in found]
    for child, _, parents in group.graph.alternatives:
        if all(touched[n] for n in parents):
            found[child] |= found[list(parents)].all(axis=0)
            touched[child] = touched[child] or bool(found[child].any())
    return found


def outside_demand(group: Group) -> Floats:
    """[demand node, item]: mean units per period that customers outside the network buy."""
    graph, stages = group.graph, group.stages
    found = stages.throughput.copy()
    np.subtract.at(found, graph.parent, stages.quantity * stages.share * stages.throughput[graph.child])
    return np.asarray(np.maximum(found[graph.demand], 0.0), dtype=float)


def share_through(group: Group, place: str) -> Floats:
    """[demand node, item]: how much of what customers buy has come through the place, itself or in what it was made of."""
    graph, stages = group.graph, group.stages
    found = np.zeros(stages.stock.shape)
    found[at := graph.at(place)] = 1.0
    reached = set(at.tolist())
    for child, lanes, parents in graph.alternatives:
        if not reached.isdisjoint(parents):
            reached.add(child)
            found[child] = np.maximum(found[child], (stages.share[list(lanes)] * found[list(parents)]).sum(axis=0))
    return np.asarray(found[graph.demand])


def items_through(network: SupplyNetwork, place: str) -> tuple[str, ...]:
    """The items that the place ships or sells in normal times."""
    flows = [(group, (group.stages.throughput[group.graph.at(place)] > 0).any(axis=0)) for group in network.groups]
    return tuple(sorted(group.stages.items[k] for group, there in flows for k in np.flatnonzero(there)))


def sole_items(network: SupplyNetwork, place: str) -> tuple[str, ...]:
    """The items some of whose customers nobody can supply while the place is down; of a supplier: its single-source items."""
    found = []
    for group in network.groups:
        down = np.zeros(len(group.graph.nodes), dtype=bool)
        down[group.graph.at(place)] = True
        stuck = not_sure(group, down, np.zeros(group.stages.stock.shape, dtype=bool))[group.graph.demand]
        found += [group.stages.items[k] for k in np.flatnonzero((stuck & (outside_demand(group) > 0)).any(axis=0))]
    return tuple(sorted(found))


def supplier_shares(network: SupplyNetwork) -> tuple[tuple[str, ...], tuple[str, ...], Floats]:
    """Items, suppliers, and [item, supplier]: who ships how much of what an item needs in normal times, rows sum to 1."""
    suppliers = tuple(place.name for place in network.places if place.kind == SUPPLIER)
    number = {name: k for k, name in enumerate(suppliers)}
    shares = []
    for group in network.groups:
        ships = np.zeros((len(group.stages.items), len(suppliers)))
        for node in np.flatnonzero(group.graph.source):
            ships[:, number[group.graph.nodes[node]]] += group.stages.throughput[node]
        total = ships.sum(axis=1, keepdims=True)
        shares.append(np.divide(ships, total, out=np.zeros_like(ships), where=total > 0))
    return network.items, suppliers, np.concatenate(shares)


def main_source(group: Group) -> npt.NDArray[np.str_]:
    """[node, item]: the place that ships the largest share of what the node orders, the first of equal ones; "" for sources and
    for what is made at the node itself."""
    graph, share = group.graph, group.stages.share
    names = graph.places or graph.nodes
    found, largest = np.full(group.stages.stock.shape, "", dtype=object), np.zeros(group.stages.stock.shape)
    for lane, (parent, child) in enumerate(zip(graph.parent, graph.child, strict=True)):
        more = share[lane] > largest[child]
        found[child, more] = "" if names[parent] == names[child] else names[parent]
        largest[child] = np.maximum(largest[child], share[lane])
    return np.asarray(found, dtype=np.str_)


def longest_way(group: Group) -> Ints:
    """[item]: periods from a supplier to a customer by the longest way, with the lateness to be expected."""
    graph, stages = group.graph, group.stages
    lead = stages.lead + expected_late(group)
    reach = np.zeros((len(graph.nodes), len(stages.items)))
    for lane in range(len(graph.parent)):  # sorted by child; parents stand before their children
        reach[graph.child[lane]] = np.maximum(reach[graph.child[lane]], reach[graph.parent[lane]] + lead[lane])
    return np.array([ceil(round(way, 9)) for way in reach.max(axis=0, initial=0.0)], dtype=np.int64)
