"""The compiled engine's loops: item by item, replications in blocks that stay in a core's cache. Imports numba.

All that a block keeps lies in one table ``s`` [row, replication of the block] (workspace.py says which row is what), and what
it is given in a few more: few arrays are quick to compile and to pass on (tuples of arrays cost a count of references at
each use), and inner loops over neighbours in memory become vector instructions. A sum as an index, such as ``start + b``,
would be checked for being negative in every turn: hence the slices. What happens and why is told in vectorised.py, which does
the same in the same order.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
# numba infers the types from what workspace.py packs

from __future__ import annotations

import numba
import numpy as np

from decai_forecast.simulation.engine.settle import COUNTED, DUE_THEN, ORDERED, STOCK_THEN
from decai_forecast.simulation.engine.sums import UNSERVED
from decai_forecast.simulation.engine.workspace import (
    CAPACITY,
    CARRY,
    CHILD,
    CUSTOMER,
    DUE,
    FACTOR,
    GAP,
    HOLDING,
    INBOUND,
    LANE,
    LEAST,
    MAY,
    MULTIPLE,
    ORDERING,
    OUTBOUND,
    PART,
    PARTS,
    QUANTITY,
    REVIEW,
    SHARE,
    SHIPPED_AT_MOST,
    SHORTAGE,
    SOURCE,
    STOCK,
    THROUGHPUT,
)  # fmt: skip

__all__ = ["simulate"]

FLUSH = 32  # periods that are added up in the run's type before they are added in double precision
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


@compiled
def simulate(
    nodes, lanes, site, way, raw, lead, level, transit, conduct, hours, longer, demand, late, trace, rows, s,
    first, units, firsts, flows, cost, totals, places, proportional, backorder, settle, reset, warm,
):  # fmt: skip
    """Runs all items and replications; fills the arrays from ``units`` to ``places`` and, unless of size 0, ``trace``.

    The first ``settle`` periods do not count; the next ``warm`` ones count in what is told per period only.
    """
    _, items, periods, replications = demand.shape
    count = nodes.shape[0] - 1
    for i in range(items):
        for start in range(0, replications, s.shape[1]):
            size = min(s.shape[1], replications - start)
            _begin(nodes, site, conduct, rows, s, i)
            first[:] = periods - settle
            for t in range(periods):
                if t == settle and settle > 0:
                    _settle(nodes, lanes, way, conduct, reset, rows, s, i)
                if t == settle + warm:
                    _forget(rows, s, first, flows.shape[0], periods - settle)
                for n in range(count - 1, -1, -1):
                    _ask(nodes, lanes, way, hours, demand, rows, s, i, t, n, start, size)
                    if nodes[n, SOURCE] == 0:
                        _decide(nodes, lanes, site, lead, level, transit, conduct, hours, rows, s, i, t, n, size, backorder)
                _ship(
                    nodes, lanes, site, way, raw, lead, transit, conduct, hours, longer, late, rows, s,
                    first, units, totals, places, i, t, start, size, periods, proportional, backorder, settle, warm,
                )  # fmt: skip
                _count(rows, s, cost, trace, count, i, t - settle, start, size, t >= settle + warm)
                if t >= settle + warm and (t % FLUSH == FLUSH - 1 or t == periods - 1):
                    _flush(s, rows.sums, flows, i, size)
            _first(first, firsts, i, size)


@compiled
def _ship(
    nodes, lanes, site, way, raw, lead, transit, conduct, hours, longer, late, rows, s,
    first, units, totals, places, i, t, start, size, periods, proportional, backorder, settle, warm,
):  # fmt: skip
    for n in range(nodes.shape[0] - 1):
        users = nodes[n + 1, OUTBOUND] - nodes[n, OUTBOUND] + (1 if nodes[n, CUSTOMER] >= 0 else 0)
        shared = proportional and users > 1
        _prepare(nodes, lanes, site, way, raw, transit, hours, rows, s, i, t, n, size, shared)
        for m in range(nodes[n, OUTBOUND], nodes[n + 1, OUTBOUND]):
            lane = lanes[m, LANE]
            _send(lanes, way, conduct, rows, s, i, n, lane, size, shared)
            arrival = t + lead[lane, i] + longer[t, n]
            _on_the_way(way, late, rows, s, i, t, lane, start, size, arrival, periods, lanes.shape[0])
        if nodes[n, CUSTOMER] >= 0:
            _serve(nodes, site, rows, s, first, totals, i, t - settle, n, start, size, shared, backorder)
            if t >= settle:
                _tell(nodes, rows, s, units, places, i, t - settle, n, size, t >= settle + warm)
        _keep(nodes, site, rows, s, i, n, size)


@compiled
def _forget(rows, s, first, sums, periods):
    """What was added up so far and not flushed yet, as nothing is before counting begins."""
    first[:] = periods
    for k in range(sums):
        for b in range(s.shape[1]):
            s[rows.sums + k, b] = 0


@compiled
def _count(rows, s, cost, trace, nodes, i, t, start, size, counts):
    zero, some = s.dtype.type(0), cost[start : start + size]
    for b in range(size):
        some[b] += s[rows.cost, b] if counts else zero
        s[rows.cost, b] = zero
    if trace.size > 0 and t >= 0:
        for n in range(nodes):
            for b in range(size):
                trace[n, i, t, start + b] = s[rows.net + n, b]


@compiled
def _flush(s, row, flows, i, size):
    for k in range(flows.shape[0]):
        flows[k, i] += _fold(s, row + k, size)
        for b in range(size):
            s[row + k, b] = 0


@compiled
def _first(first, firsts, i, size):
    for k in range(first.shape[0]):
        for b in range(size):
            firsts[k, i, first[k, b]] += 1


@compiled
def _begin(nodes, site, conduct, rows, s, i):
    for r in range(s.shape[0]):
        for b in range(s.shape[1]):
            s[r, b] = 0
    for n in range(nodes.shape[0] - 1):
        for b in range(s.shape[1]):
            s[rows.on_hand + n, b] = site[STOCK, n, i]
            s[rows.net + n, b] = site[STOCK, n, i]
            s[rows.due + n, b] = site[DUE, n, i]
        if conduct.size > 0:
            for b in range(s.shape[1]):
                s[rows.expected + n, b] = conduct[6, n, i]


@compiled
def _settle(nodes, lanes, way, conduct, reset, rows, s, i):
    """The first period that counts: what was delivered is there, and nothing has been added up yet."""
    zero = s.dtype.type(0)
    for n in range(nodes.shape[0] - 1):
        if reset[COUNTED, n, i] > 0:
            _restock(nodes, conduct, reset, rows, s, i, n)
        if reset[ORDERED, n, i] > 0:
            _redirect(nodes, lanes, reset, rows, s, i, n)
    for n in range(nodes.shape[0] - 1):
        _balance(nodes, lanes, way, rows, s, i, n)
    for r in range(rows.sums, rows.owed):
        _put(s, r, zero)
    _put(s, rows.cost, zero)


@compiled
def _restock(nodes, conduct, reset, rows, s, i, n):
    _put(s, rows.on_hand + n, reset[STOCK_THEN, n, i])
    if nodes[n, CUSTOMER] >= 0:
        _put(s, rows.open + nodes[n, CUSTOMER], s.dtype.type(0))
    if conduct.size > 0:
        _put(s, rows.expected + n, conduct[6, n, i])


@compiled
def _redirect(nodes, lanes, reset, rows, s, i, n):
    zero = s.dtype.type(0)
    _put(s, rows.due + n, reset[DUE_THEN, n, i])
    for c in range(nodes[n, PARTS], nodes[n + 1, PARTS]):
        _put(s, rows.parts + c, zero)
    for lane in range(nodes[n, INBOUND], nodes[n + 1, INBOUND]):
        _put(s, rows.owed + lane, zero)
        for k in range(rows.periods):
            _put(s, rows.ring + k * lanes.shape[0] + lane, zero)


@compiled
def _put(s, row, value):
    for b in range(s.shape[1]):
        s[row, b] = value


@compiled
def _balance(nodes, lanes, way, rows, s, i, n):
    """What a node has, less what it owes."""
    for b in range(s.shape[1]):
        s[rows.net + n, b] = s[rows.on_hand + n, b]
    for m in range(nodes[n, OUTBOUND], nodes[n + 1, OUTBOUND]):
        lane = lanes[m, LANE]
        for b in range(s.shape[1]):
            s[rows.net + n, b] -= s[rows.owed + lane, b] * way[QUANTITY, lane, i]
    if nodes[n, CUSTOMER] >= 0:
        for b in range(s.shape[1]):
            s[rows.net + n, b] -= s[rows.open + nodes[n, CUSTOMER], b]


@compiled
def _ask(nodes, lanes, way, hours, demand, rows, s, i, t, n, start, size):
    asked, k, zero, factor = rows.asked + n, nodes[n, CUSTOMER], s.dtype.type(0), hours[FACTOR, t, n]
    if k >= 0:
        drawn = demand[k, i, t, start : start + size]
        for b in range(size):
            called = drawn[b] * factor
            s[rows.called + k, b] = called
            s[asked, b] = called
    else:
        for b in range(size):
            s[asked, b] = zero
    for m in range(nodes[n, OUTBOUND], nodes[n + 1, OUTBOUND]):
        lane = lanes[m, LANE]
        order, weight = rows.order + lanes[lane, CHILD], way[SHARE, lane, i] * way[QUANTITY, lane, i]
        for b in range(size):
            s[asked, b] += s[order, b] * weight
    once, square = rows.sums + n + nodes.shape[0] - 1, rows.sums + n + 2 * (nodes.shape[0] - 1)
    for b in range(size):
        s[once, b] += s[asked, b]
        s[square, b] += s[asked, b] * s[asked, b]


@compiled
def _decide(nodes, lanes, site, lead, level, transit, conduct, hours, rows, s, i, t, n, size, backorder):
    order, due, net, asked, seen = rows.order + n, rows.due + n, rows.net + n, rows.asked + n, rows.part
    wished, zero = level[n, i, min(t, level.shape[2] - 1)], s.dtype.type(0)
    for b in range(size):
        s[net, b] -= s[asked, b]
        s[seen, b] = s[net, b]
    if not backorder and nodes[n, CUSTOMER] >= 0:
        _forgive(nodes, lanes, lead, transit, rows, s, i, t, n, size)
    if conduct.size > 0:
        _behave(conduct, rows, s, wished, i, n, size)
    else:
        for b in range(size):
            s[order, b] = max(wished - (s[seen, b] + s[due, b]), zero)
    if site[GAP, n, i] > 0 or site[LEAST, n, i] > 0 or site[MULTIPLE, n, i] > 0:
        _cut(site, rows, s, i, n, size)
    may = hours[MAY, t, n] if t % nodes[n, REVIEW] == 0 else zero
    count = nodes.shape[0] - 1
    once, square, number = rows.sums + n + 3 * count, rows.sums + n + 4 * count, rows.sums + n + 5 * count
    charge, one = site[ORDERING, n, i], s.dtype.type(1)
    for b in range(size):
        ordered = s[order, b] * may
        s[order, b] = ordered
        s[due, b] += ordered
        s[once, b] += ordered
        s[square, b] += ordered * ordered
        placed = one if ordered > 0 else zero
        s[number, b] += placed
        s[rows.cost, b] += charge * placed


@compiled
def _cut(site, rows, s, i, n, size):
    gap, least, lot, order = site[GAP, n, i], site[LEAST, n, i], site[MULTIPLE, n, i], rows.order + n
    zero, tiny = s.dtype.type(0), s.dtype.type(UNSERVED)
    for b in range(size):
        wished = s[order, b]
        cut = max(wished, least) if wished > 0 and wished >= gap else zero
        s[order, b] = np.ceil(cut / lot - tiny) * lot if lot > 0 else cut


@compiled
def _forgive(nodes, lanes, lead, transit, rows, s, i, t, n, size):
    zero, hope, part, ring = s.dtype.type(0), rows.can, rows.need, rows.ring + t % rows.periods * lanes.shape[0]
    for b in range(size):
        s[hope, b] = np.inf
    for c in range(nodes[n, PARTS], nodes[n + 1, PARTS]):
        for b in range(size):
            s[part, b] = s[rows.parts + c, b]
        for lane in range(nodes[n, INBOUND], nodes[n + 1, INBOUND]):
            if lanes[lane, PART] == c:
                sent = transit[lane, i, t] if t < transit.shape[2] else zero
                if lead[lane, i] == 0:
                    sent = s.dtype.type(np.inf)
                for b in range(size):
                    s[part, b] += s[ring + lane, b] + sent
        for b in range(size):
            s[hope, b] = min(s[hope, b], s[part, b])
    called, on_hand = rows.called + nodes[n, CUSTOMER], rows.on_hand + n
    for b in range(size):
        s[rows.part, b] += max(s[called, b] - (s[on_hand, b] + s[hope, b]), zero)


@compiled
def _behave(conduct, rows, s, level, i, n, size):
    zero, one = s.dtype.type(0), s.dtype.type(1)
    anchor, alpha, beta, theta = conduct[0, n, i], conduct[1, n, i], conduct[2, n, i], conduct[3, n, i]
    cover, gamma = conduct[4, n, i], conduct[5, n, i]
    for b in range(size):
        expected = theta * s[rows.asked + n, b] + (one - theta) * s[rows.expected + n, b]
        gap = level + cover * expected - s[rows.part, b] - beta * s[rows.due + n, b]
        wanted = s[rows.wanted + n, b]
        fill = min(s[rows.got + n, b] / wanted, one) if wanted > zero else one
        s[rows.order + n, b] = max(anchor * expected + alpha * gap, zero) * (one + gamma * (one - fill))
        s[rows.expected + n, b] = expected
        s[rows.wanted + n, b] = zero
        s[rows.got + n, b] = zero


@compiled
def _prepare(nodes, lanes, site, way, raw, transit, hours, rows, s, i, t, n, size, shared):
    """Receives, and says what the node can ship and, if it is to be shared, the share of what is needed."""
    can, on_hand, share = rows.can, rows.on_hand + n, hours[SHIPPED_AT_MOST, t, n]
    limit = site[CAPACITY, n, i] if share == np.inf else min(site[CAPACITY, n, i], share * site[THROUGHPUT, n, i])
    if share == 0:
        limit = share
    if nodes[n, SOURCE] == 1:
        for b in range(size):
            s[can, b] = limit
    else:
        _receive(nodes, lanes, raw, transit, rows, s, i, t, n, size)
        for b in range(size):
            s[can, b] = min(s[on_hand, b], limit)
    if shared:
        _share(nodes, lanes, way, rows, s, i, n, size)


@compiled
def _keep(nodes, site, rows, s, i, n, size):
    rate, on_hand, asked, dry = site[HOLDING, n, i], rows.on_hand + n, rows.asked + n, rows.sums + n + 6 * (nodes.shape[0] - 1)
    one, zero, tiny = s.dtype.type(1), s.dtype.type(0), s.dtype.type(UNSERVED)
    if nodes[n, SOURCE] == 1:
        return
    for b in range(size):
        s[rows.sums + n, b] += s[on_hand, b]
        s[rows.cost, b] += rate * s[on_hand, b]
    for b in range(size):
        s[dry, b] += one if s[on_hand, b] <= tiny * s[asked, b] else zero


@compiled
def _receive(nodes, lanes, raw, transit, rows, s, i, t, n, size):
    first, last, made, zero = nodes[n, PARTS], nodes[n + 1, PARTS], rows.part, s.dtype.type(0)
    for lane in range(nodes[n, INBOUND], nodes[n + 1, INBOUND]):
        parts, ring = rows.parts + lanes[lane, PART], rows.ring + t % rows.periods * lanes.shape[0] + lane
        sent = transit[lane, i, t] if t < transit.shape[2] else zero
        for b in range(size):
            s[parts, b] += s[ring, b] + sent
            s[ring, b] = zero
    for b in range(size):
        s[made, b] = s[rows.parts + first, b]
    for c in range(first + 1, last):
        for b in range(size):
            s[made, b] = min(s[made, b], s[rows.parts + c, b])
    for c in range(first, last):
        rate = raw[c, i]
        for b in range(size):
            left = s[rows.parts + c, b] - s[made, b]
            s[rows.parts + c, b] = left
            s[rows.cost, b] += rate * left
    for b in range(size):
        s[rows.on_hand + n, b] += s[made, b]
        s[rows.net + n, b] += s[made, b]
        s[rows.due + n, b] -= s[made, b]


@compiled
def _share(nodes, lanes, way, rows, s, i, n, size):
    """Leaves in ``need`` the share of what is needed that there is."""
    need, k, zero, one = rows.need, nodes[n, CUSTOMER], s.dtype.type(0), s.dtype.type(1)
    if k >= 0:
        for b in range(size):
            s[need, b] = s[rows.open + k, b] + s[rows.called + k, b]
    else:
        for b in range(size):
            s[need, b] = zero
    for m in range(nodes[n, OUTBOUND], nodes[n + 1, OUTBOUND]):
        lane = lanes[m, LANE]
        owed, order, share, quantity = (
            rows.owed + lane,
            rows.order + lanes[lane, CHILD],
            way[SHARE, lane, i],
            way[QUANTITY, lane, i],
        )
        for b in range(size):
            s[need, b] += (s[owed, b] + s[order, b] * share) * quantity
    for b in range(size):
        s[need, b] = one if s[rows.can, b] >= s[need, b] else s[rows.can, b] / s[need, b]


@compiled
def _send(lanes, way, conduct, rows, s, i, n, lane, size, shared):
    child, owed, can, ship, on_hand = lanes[lane, CHILD], rows.owed + lane, rows.can, rows.part, rows.on_hand + n
    order, share, quantity, zero = rows.order + child, way[SHARE, lane, i], way[QUANTITY, lane, i], s.dtype.type(0)
    for b in range(size):
        want = s[owed, b] + s[order, b] * share
        sent = want * s[rows.need, b] if shared else min(want, s[can, b] / quantity)
        s[owed, b] = want - sent
        s[ship, b] = sent
        s[on_hand, b] = max(s[on_hand, b] - sent * quantity, zero)
        s[can, b] = max(s[can, b] - sent * quantity, zero)
    if conduct.size > 0:
        for b in range(size):
            s[rows.wanted + child, b] += s[owed, b] + s[ship, b]
            s[rows.got + child, b] += s[ship, b]


@compiled
def _on_the_way(way, late, rows, s, i, t, lane, start, size, arrival, periods, lanes):
    if late.size > 0:
        _scatter(way, late, rows, s, i, t, lane, start, size, arrival, periods, lanes)
        return
    charge = way[CARRY, lane, i] * s.dtype.type(min(arrival, periods) - t)
    ring = rows.ring + arrival % rows.periods * lanes + lane if arrival < periods else rows.beyond
    for b in range(size):
        s[rows.cost, b] += charge * s[rows.part, b]
        s[ring, b] += s[rows.part, b]


@compiled
def _scatter(way, late, rows, s, i, t, lane, start, size, arrival, periods, lanes):
    """As _on_the_way, with delays of their own in every replication."""
    rate = way[CARRY, lane, i]
    for b in range(size):
        at = arrival + late[lane, i, t, start + b]
        s[rows.cost, b] += rate * s.dtype.type(min(at, periods) - t) * s[rows.part, b]
        if at < periods:
            s[rows.ring + at % rows.periods * lanes + lane, b] += s[rows.part, b]


@compiled
def _serve(nodes, site, rows, s, first, totals, i, t, n, start, size, shared, backorder):
    k, on_hand, net = nodes[n, CUSTOMER], rows.on_hand + n, rows.net + n
    before, called, served, short = rows.open + k, rows.called + k, rows.part, rows.spare
    zero, loss, tiny, now = s.dtype.type(0), site[SHORTAGE, n, i], s.dtype.type(UNSERVED), np.int32(t)
    waits = s.dtype.type(1 if backorder else 0)
    for b in range(size):
        want = s[before, b] + s[called, b]
        sent = want * s[rows.need, b] if shared else min(want, s[rows.can, b])
        missing = want - sent
        s[on_hand, b] = max(s[on_hand, b] - sent, zero)
        s[served, b] = max(sent - s[before, b], zero)
        s[short, b] = missing
        s[rows.cost, b] += loss * missing
        s[before, b] = missing * waits
        s[net, b] += missing - missing * waits
    if t < 0:  # not yet counted
        return
    for b in range(size):
        missed = s[called, b] - s[served, b] > tiny * s[called, b]
        first[k, b] = min(first[k, b], now) if missed else first[k, b]
    asked, met = totals[0, t, start : start + size], totals[1, t, start : start + size]
    for b in range(size):
        asked[b] += s[called, b]
        met[b] += s[served, b]


@compiled
def _tell(nodes, rows, s, units, places, i, t, n, size, counts):
    k = nodes[n, CUSTOMER]
    for b in range(size):
        s[rows.need, b] = s[rows.called + k, b]
    for kind, row in enumerate((rows.need, rows.part, rows.spare)):
        total = _fold(s, row, size)
        if counts:
            units[kind, k, i] += total
        places[kind, k, t] += total


@compiled
def _fold(s, row, size):
    """The sum of a row, in an order that does not hang on the width of vector instructions; uses up the row."""
    while size > 1:
        half = (size + 1) // 2
        for b in range(size - half):
            s[row, b] += s[row, half + b]
        size = half
    return np.float64(s[row, 0])
