"""What the compiled engine is handed: numbers in few arrays, and one table for the state of a block of replications."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from decai_forecast.simulation.engine.frame import Counts, Late, Samples
from decai_forecast.simulation.engine.plan import Conduct, Numbers, Shock, Terms, Topology, under_way
from decai_forecast.simulation.network.graph import Bools, Floats, Ints

__all__ = ["Drawn", "Found", "Given", "Rows", "drawn", "given", "rows"]


class Given(NamedTuple):
    """Terms, shock and behaviour (plan.py)."""

    stock: Numbers  # [node, item]
    due: Numbers  # [node, item]: complete sets under way at the start
    capacity: Numbers  # [node, item]
    throughput: Numbers  # [node, item]
    holding: Numbers  # [node, item]
    shortage: Numbers  # [node, item]
    quantity: Numbers  # [lane, item]
    share: Numbers  # [lane, item]
    carry: Numbers  # [lane, item]
    raw: Numbers  # [component, item]
    lead: Ints  # [lane, item]
    level: Numbers  # [node, item, period]
    transit: Numbers  # [lane, item, period]
    review: Ints  # [node]
    ordering: Bools  # [period, node]
    shipping: Numbers  # [period, node]
    longer: Ints  # [period, node]: periods that shipments take longer
    factor: Numbers  # [period, node]: on demand
    conduct: Numbers  # [7, node, item]: the arrays of a behaviour in their order; of size 0: base stock


class Drawn(NamedTuple):
    """What is different in every replication."""

    demand: Samples
    late: Late  # of size 0: no shipment is late
    trace: Samples  # of size 0: no trace is asked for


class Found(NamedTuple):
    """Sums, in the order of :class:`Sums`."""

    units: Floats  # [demand, served, short; demand node, item]
    first: Counts  # [demand node, item, period + 1]
    flows: Floats  # [on hand, asked, its squares, orders, their squares x node; item]
    cost: Floats  # [replication]
    totals: Floats  # [demand, served; period, replication]
    places: Floats  # [demand, served, short; demand node, period]


class Rows(NamedTuple):
    """The first row of each part of the table, and how many periods its pipeline looks ahead."""

    on_hand: int  # [node]
    net: int  # [node]: on hand less owed
    due: int  # [node]: ordered, not yet there
    order: int  # [node]: of this period
    asked: int  # [node]: in this period
    expected: int  # [node]: demand per period
    wanted: int  # [node]: what its suppliers owed it in this period
    got: int  # [node]: what they shipped of it
    sums: int  # [5 x node]: as flows of Found
    owed: int  # [lane]: in the child's units
    parts: int  # [component]: waits for the others
    called: int  # [demand node]: outside demand of this period
    open: int  # [demand node]: backorders of outside customers
    can: int  # units that may be shipped
    need: int  # units that are needed, then the share of them that there is
    part: int  # room between loops
    spare: int  # room between loops
    cost: int  # of this period
    beyond: int  # arrives after the horizon
    ring: int  # [period modulo x lane]: arrives then, in the child's units
    periods: int


def given(form: Topology, numbers: Terms, shocked: Shock, behaviour: Conduct) -> Given:
    """Packs what is the same in all replications."""
    same = {name: values for name, values in numbers._asdict().items() if name in Given._fields}
    return Given(
        **same,
        due=under_way(form, numbers),
        ordering=shocked.ordering,
        shipping=shocked.shipping,
        longer=shocked.lead,
        factor=shocked.demand,
        conduct=np.stack(behaviour),
    )


def drawn(demand: Samples, late: Late | None, trace: Samples | None) -> Drawn:
    """Packs what is different in every replication."""
    none = (0, 0, 0, 0)
    return Drawn(
        demand,
        np.empty(none, dtype=np.uint8) if late is None else np.ascontiguousarray(late),
        np.empty(none, dtype=demand.dtype) if trace is None else trace,
    )


def rows(form: Topology, customers: int, periods: int) -> tuple[Rows, int]:
    """Where each part begins, and how many rows there are."""
    nodes, lanes, components = len(form.source), len(form.parent), int(form.components[-1])
    sizes = [nodes] * 8 + [5 * nodes, lanes, components, customers, customers, *[1] * 6, periods * lanes]
    ends = np.cumsum(sizes).tolist()
    return Rows(0, *ends[:-1], periods), ends[-1]
