"""What the compiled engine is handed: numbers in few arrays, and one table for the state of a block of replications."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from decai_forecast.simulation.engine.frame import Counts, Late, Samples
from decai_forecast.simulation.engine.plan import Conduct, Numbers, Shock, Terms, Topology
from decai_forecast.simulation.network.graph import Floats

__all__ = ["Found", "Rows", "drawn", "given", "rows"]

SOURCE, CUSTOMER, INBOUND, OUTBOUND, PARTS, REVIEW = range(6)  # columns of ``nodes`` (plan.Topology), [node + 1, column]
CHILD, PART, LANE = range(3)  # columns of ``lanes``: child and component; the lane at this place in the order of parents
STOCK, DUE, CAPACITY, THROUGHPUT, HOLDING, SHORTAGE, GAP, LEAST, MULTIPLE, ORDERING = range(
    10
)  # of ``site``, [kind, node, item]
QUANTITY, SHARE, CARRY = range(3)  # of ``way``, [kind, lane, item]
MAY, SHIPPED_AT_MOST, FACTOR = range(3)  # of ``hours``, [kind, period, node]: may order (0 or 1), shipping, factor on demand


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
    sums: int  # [7 x node]: as flows of Found
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


def given(form: Topology, numbers: Terms, shocked: Shock, behaviour: Conduct) -> tuple[Numbers, ...]:
    """What is the same in all replications, as the kernel's arguments from ``nodes`` to ``longer``."""
    nodes = np.zeros((len(form.source) + 1, 6), dtype=np.int64)
    nodes[:-1, SOURCE], nodes[:-1, CUSTOMER], nodes[:-1, REVIEW] = form.source, form.customer, numbers.review
    nodes[:, INBOUND], nodes[:, OUTBOUND], nodes[:, PARTS] = form.inbound, form.outbound, form.components
    lanes = np.stack([form.child, form.component, form.lanes], axis=1)
    site = np.stack(
        [
            numbers.stock,
            numbers.due,
            numbers.capacity,
            numbers.throughput,
            numbers.holding,
            numbers.shortage,
            numbers.gap,
            numbers.least,
            numbers.multiple,
            numbers.ordering,
        ]
    )
    way = np.stack([numbers.quantity, numbers.share, numbers.carry])
    hours = np.stack([shocked.ordering.astype(site.dtype), shocked.shipping, shocked.demand])
    same = nodes, lanes, site, way, numbers.raw, numbers.lead, numbers.level, numbers.transit
    return *same, np.stack(behaviour), hours, shocked.lead


def drawn(demand: Samples, late: Late | None, trace: Samples | None) -> tuple[Numbers, ...]:
    """What is different in every replication: demand, lateness and room for a trace; of size 0 where there is none."""
    none = (0, 0, 0, 0)
    delays = np.empty(none, dtype=np.uint8) if late is None else np.ascontiguousarray(late)
    return demand, delays, np.empty(none, dtype=demand.dtype) if trace is None else trace


class Found(NamedTuple):
    """What the kernel adds up."""

    units: Floats  # [demand, served, short; demand node, item]
    firsts: Counts  # [demand node, item, period + 1]: replications whose first short period this is
    flows: Floats  # [on hand, asked, its squares, orders, their squares, their number, dry periods x node; item]
    cost: Floats  # [replication]
    totals: Floats  # [demand, served; period, replication]
    places: Floats  # [demand, served, short; demand node, period]


def rows(form: Topology, customers: int, periods: int) -> tuple[Rows, int]:
    """Where each part begins, and how many rows there are."""
    nodes, lanes, components = len(form.source), len(form.parent), int(form.components[-1])
    sizes = [nodes] * 8 + [7 * nodes, lanes, components, customers, customers, *[1] * 6, periods * lanes]
    ends = np.cumsum(sizes).tolist()
    return Rows(**dict(zip(Rows._fields, [0, *ends[:-1], periods], strict=True))), ends[-1]
