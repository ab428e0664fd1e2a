"""Graph and stages as the engines walk through them: numbered lanes and components, numbers in the engine's type."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.engine.frame import Disturbance, Late
from decai_forecast.simulation.network.graph import Bools, Floats, Graph, Ints
from decai_forecast.simulation.network.stages import OrderRule, Stages

__all__ = [
    "Conduct",
    "Numbers",
    "Shock",
    "Terms",
    "Topology",
    "conduct",
    "ring_size",
    "shock",
    "terms",
    "topology",
    "under_way",
]

Numbers = npt.NDArray[Any]  # float32 or float64, that of the run


class Topology(NamedTuple):
    """Lanes ``inbound[n]:inbound[n + 1]`` go into node n, lanes ``lanes[outbound[n]:outbound[n + 1]]`` out of it."""

    source: Bools  # [node]
    parent: Ints  # [lane]
    child: Ints  # [lane]
    inbound: Ints  # [node + 1]
    outbound: Ints  # [node + 1]
    lanes: Ints  # [lane], sorted by parent, then child
    component: Ints  # [lane]: numbered through all nodes
    components: Ints  # [node + 1]: components ``components[n]:components[n + 1]`` are needed by node n
    customer: Ints  # [node]: its number among the demand nodes, or -1


class Terms(NamedTuple):
    """What lies or moves on a lane is counted in units of the child's product, so that components can be matched."""

    quantity: Numbers  # [lane, item]
    share: Numbers  # [lane, item]
    lead: Ints  # [lane, item]
    carry: Numbers  # [lane, item]: cost per period of what is in transit for one unit of the child
    raw: Numbers  # [component, item]: the same for a component that waits for the others
    stock: Numbers  # [node, item]
    due: Numbers  # [node, item]: complete sets in transit at the start
    transit: Numbers  # [lane, item, period], in the child's units
    level: Numbers  # [node, item, period] or [node, item, 1]
    review: Ints  # [node]
    capacity: Numbers  # [node, item]
    throughput: Numbers  # [node, item]
    holding: Numbers  # [node, item]
    shortage: Numbers  # [node, item]
    gap: Numbers  # [node, item], and the following: as in OrderRule
    least: Numbers
    multiple: Numbers
    ordering: Numbers


class Shock(NamedTuple):
    """A disturbance, or the lack of one; all arrays are [period, node]."""

    ordering: Bools
    shipping: Numbers
    lead: Ints
    demand: Numbers


class Conduct(NamedTuple):
    """A behaviour in the run's type, [node, item]; of size 0: plain base stock."""

    anchor: Numbers
    alpha: Numbers
    beta: Numbers
    theta: Numbers
    cover: Numbers
    gamma: Numbers
    expected: Numbers


def topology(graph: Graph) -> Topology:
    """Numbers lanes and components; lanes are sorted by child, then component (:class:`Graph`)."""
    count, nodes = len(graph.nodes), np.arange(len(graph.nodes) + 1)
    lanes = np.lexsort((np.arange(len(graph.parent)), graph.parent))
    new = np.ones(len(graph.child), dtype=bool)
    new[1:] = (graph.child[1:] != graph.child[:-1]) | (graph.component[1:] != graph.component[:-1])
    customer = np.full(count, -1)
    customer[graph.demand] = np.arange(len(graph.demand))
    return Topology(
        source=graph.source,
        parent=np.ascontiguousarray(graph.parent),
        child=np.ascontiguousarray(graph.child),
        inbound=np.searchsorted(graph.child, nodes),
        outbound=np.searchsorted(graph.parent[lanes], nodes),
        lanes=lanes,
        component=new.cumsum() - 1,
        components=np.searchsorted(graph.child[new], nodes),
        customer=customer,
    )


def terms(graph: Graph, stages: Stages, form: Topology, dtype: npt.DTypeLike) -> Terms:
    """The stages' numbers in ``dtype``; goods in transit and waiting components cost their parents' holding rate."""
    carry = stages.quantity * stages.holding[graph.parent]
    raw = np.zeros((int(form.components[-1]), len(stages.items)))
    np.add.at(raw, form.component, carry * stages.share)
    given = {
        name: getattr(stages, name) for name in ("share", "stock", "level", "capacity", "throughput", "holding", "shortage")
    }
    given |= {"quantity": stages.quantity, "carry": carry, "raw": raw, "transit": stages.transit / stages.quantity[:, :, None]}
    rule = stages.rule or OrderRule.none(*stages.stock.shape)
    given |= {"gap": rule.gap, "least": rule.least, "multiple": rule.multiple, "ordering": rule.cost}
    numbers = {name: np.ascontiguousarray(values, dtype=dtype) for name, values in given.items()}
    nothing = np.zeros_like(numbers["stock"])
    found = Terms(**numbers, due=nothing, lead=np.ascontiguousarray(stages.lead), review=np.ascontiguousarray(stages.review))
    return found._replace(due=under_way(form, found))


def under_way(form: Topology, numbers: Terms) -> Numbers:
    """[node, item]: complete sets of components in transit at the start, in the node's units."""
    found = np.zeros_like(numbers.stock)
    total = np.zeros((int(form.components[-1]), found.shape[1]), dtype=found.dtype)
    np.add.at(total, form.component, numbers.transit.sum(axis=2))
    for n in np.flatnonzero(~form.source):
        found[n] = total[form.components[n] : form.components[n + 1]].min(axis=0)
    return found


def shock(disturbance: Disturbance | None, periods: int, nodes: int, dtype: npt.DTypeLike) -> Shock:
    """The arrays of the disturbance; without one, those that change nothing."""
    shape = (periods, nodes)
    if disturbance is None:
        free, normal = np.full(shape, np.inf, dtype=dtype), np.ones(shape, dtype=dtype)
        return Shock(np.ones(shape, dtype=np.bool_), free, np.zeros(shape, dtype=np.int64), normal)
    factors = (np.ascontiguousarray(values, dtype=dtype) for values in (disturbance.shipping, disturbance.demand))
    shipping, demand = factors
    return Shock(np.ascontiguousarray(disturbance.ordering), shipping, np.ascontiguousarray(disturbance.lead), demand)


def conduct(behaviour: Behaviour | None, nodes: int, items: int, dtype: npt.DTypeLike) -> Conduct:
    """The behaviour spread over nodes and items."""

    def spread(values: Floats | None) -> Numbers:
        return np.ascontiguousarray(
            np.broadcast_to(values, (nodes, items)) if values is not None else np.empty((0, 0)), dtype=dtype
        )

    return Conduct(*(spread(getattr(behaviour, name) if behaviour else None) for name in Conduct._fields))


def ring_size(stages: Stages, shocked: Shock, late: Late | None, periods: int) -> int:
    """Periods that a pipeline has to look ahead: the longest way of a shipment, at most the horizon."""
    latest = int(late.max(initial=0)) if late is not None else 0
    longest = int(stages.lead.max(initial=0)) + int(shocked.lead.max(initial=0)) + latest
    return min(longest + 1, periods)
