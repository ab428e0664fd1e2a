"""What is asked of each node, directly and through those it supplies, and how long what it orders takes to arrive."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.stages import Group

__all__ = ["asked_of", "expected_late", "lead_of", "slowest", "way_of_all"]

Array = TypeVar("Array", bound=npt.NDArray[Any])


def asked_of(group: Group, sold: Array, power: int = 1) -> Array:
    """[node, item, period, ...] of what outside customers ask for, [demand node, item, period, ...]; at once, without delay.
    ``power`` 2: of variances of what is independent."""
    graph, stages = group.graph, group.stages
    asked = np.zeros((len(graph.nodes), *sold.shape[1:]), dtype=sold.dtype)
    asked[graph.demand] = sold
    for lane in np.argsort(-graph.child, kind="stable"):  # children before their parents
        part = ((stages.quantity[lane] * stages.share[lane]) ** power).astype(sold.dtype)
        asked[graph.parent[lane]] += asked[graph.child[lane]] * part.reshape(-1, *[1] * (sold.ndim - 2))
    return cast("Array", asked)


def expected_late(group: Group) -> Floats:
    """[lane, item]: periods that a shipment is late in the mean."""
    late = group.stages.lead_late
    return np.zeros(group.stages.lead.shape) if late is None else np.asarray((late * np.arange(late.shape[2])).sum(axis=2))


def lead_of(group: Group) -> Ints:
    """[node, item]: periods from an order to its arrival: those of the slowest lane, with the lateness to be expected of it."""
    lanes = np.ceil(np.round(group.stages.lead + expected_late(group), 9)).astype(np.int64)
    found = np.zeros((len(group.graph.nodes), len(group.stages.items)), dtype=np.int64)
    np.maximum.at(found, group.graph.child, lanes)
    return found


def slowest(group: Group) -> Ints:
    """[node, item]: the lane into the node that takes longest in the mean; -1 for sources."""
    took, best = group.stages.lead + expected_late(group), np.full((len(group.graph.nodes), len(group.stages.items)), -1)
    for lane, child in enumerate(group.graph.child):
        before = best[child]
        better = (before < 0) | (took[lane] > np.take_along_axis(took, np.maximum(before, 0)[None], axis=0)[0])
        best[child] = np.where(better, lane, before)
    return best


def way_of_all(group: Group) -> int:
    """Periods from a supplier to a customer by the longest way, every shipment as late as it can be."""
    stages = group.stages
    latest = 0 if stages.lead_late is None else stages.lead_late.shape[2] - 1
    lead, reach = stages.lead.max(axis=1, initial=0) + latest, np.zeros(len(group.graph.nodes), dtype=np.int64)
    for lane, child in enumerate(group.graph.child):  # sorted by child: parents are done
        reach[child] = max(reach[child], reach[group.graph.parent[lane]] + lead[lane])
    return int(reach.max())
