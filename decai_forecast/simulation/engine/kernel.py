"""The compiled engine's loops: item by item, replications in blocks that stay in a core's cache. Imports numba.

All that a block keeps lies in one table ``s`` [row, replication of the block] (workspace.py says which row is what): few arrays
to pass on make it quick to compile, and inner loops over neighbours in memory become vector instructions. What happens and why
is told in vectorised.py, which does the same in the same order.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
# numba infers the types from the named tuples of plan.py and workspace.py

from __future__ import annotations

import numba
import numpy as np

from decai_forecast.simulation.engine.sums import UNSERVED

__all__ = ["simulate"]

FLUSH = 32  # periods that are added up in the run's type before they are added in double precision
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


@compiled
def simulate(form, given, drawn, rows, s, first, found, proportional, backorder):
    """Runs all items and replications; fills ``found`` and, unless it is of size 0, the trace among ``drawn``."""
    _, items, periods, replications = drawn.demand.shape
    for i in range(items):
        for start in range(0, replications, s.shape[1]):
            size = min(s.shape[1], replications - start)
            _begin(form, given, rows, s, i)
            first[:] = periods
            for t in range(periods):
                for n in range(form.source.size - 1, -1, -1):
                    _order(form, given, drawn, rows, s, i, t, n, start, size, backorder)
                for n in range(form.source.size):
                    _ship(form, given, drawn, rows, s, first, found, i, t, n, start, size, proportional, backorder)
                _count(rows, s, found, drawn.trace, form.source.size, i, t, start, size)
                if t % FLUSH == FLUSH - 1 or t == periods - 1:
                    _flush(s, rows.sums, 5 * form.source.size, found.flows, i, size)
            _first(first, found.first, i, size)


@compiled
def _count(rows, s, found, trace, nodes, i, t, start, size):
    cost, zero = found.cost, s.dtype.type(0)
    for b in range(size):
        cost[start + b] += s[rows.cost, b]
        s[rows.cost, b] = zero
    if trace.size > 0:
        for n in range(nodes):
            for b in range(size):
                trace[n, i, t, start + b] = s[rows.net + n, b]


@compiled
def _flush(s, row, count, flows, i, size):
    for k in range(count):
        flows[k, i] += _fold(s, row + k, size)
        s[row + k] = 0


@compiled
def _first(first, found, i, size):
    for k in range(first.shape[0]):
        for b in range(size):
            found[k, i, first[k, b]] += 1


@compiled
def _begin(form, given, rows, s, i):
    s[:] = 0
    for n in range(form.source.size):
        s[rows.on_hand + n] = given.stock[n, i]
        s[rows.net + n] = given.stock[n, i]
        s[rows.due + n] = given.due[n, i]
        if given.conduct.size > 0:
            s[rows.expected + n] = given.conduct[6, n, i]


@compiled
def _order(form, given, drawn, rows, s, i, t, n, start, size, backorder):
    asked, k, zero = rows.asked + n, form.customer[n], s.dtype.type(0)
    if k >= 0:
        factor, demand = given.factor[t, n], drawn.demand
        for b in range(size):
            called = demand[k, i, t, start + b] * factor
            s[rows.called + k, b] = called
            s[asked, b] = called
    else:
        for b in range(size):
            s[asked, b] = zero
    for m in range(form.outbound[n], form.outbound[n + 1]):
        lane = form.lanes[m]
        order, weight = rows.order + form.child[lane], given.share[lane, i] * given.quantity[lane, i]
        for b in range(size):
            s[asked, b] += s[order, b] * weight
    nodes, total = form.source.size, rows.sums + n
    for b in range(size):
        s[total + nodes, b] += s[asked, b]
        s[total + 2 * nodes, b] += s[asked, b] * s[asked, b]
    if not form.source[n]:
        _decide(form, given, rows, s, i, t, n, size, backorder)


@compiled
def _decide(form, given, rows, s, i, t, n, size, backorder):
    order, due, net, asked, seen = rows.order + n, rows.due + n, rows.net + n, rows.asked + n, rows.part
    level, zero = given.level[n, i, min(t, given.level.shape[2] - 1)], s.dtype.type(0)
    for b in range(size):
        s[net, b] -= s[asked, b]
        s[seen, b] = s[net, b]
    if not backorder and form.customer[n] >= 0:
        _forgive(form, given, rows, s, i, t, n, size)
    if given.conduct.size > 0:
        _behave(given.conduct, rows, s, level, i, n, size)
    else:
        for b in range(size):
            s[order, b] = max(level - (s[seen, b] + s[due, b]), zero)
    may = s.dtype.type(1 if given.ordering[t, n] and t % given.review[n] == 0 else 0)
    once, square = rows.sums + n + 3 * form.source.size, rows.sums + n + 4 * form.source.size
    for b in range(size):
        ordered = s[order, b] * may
        s[order, b] = ordered
        s[due, b] += ordered
        s[once, b] += ordered
        s[square, b] += ordered * ordered


@compiled
def _forgive(form, given, rows, s, i, t, n, size):
    zero, hope, part, ring = s.dtype.type(0), rows.can, rows.need, rows.ring + t % rows.periods * form.child.size
    s[hope] = np.inf
    for c in range(form.components[n], form.components[n + 1]):
        for b in range(size):
            s[part, b] = s[rows.parts + c, b]
        for lane in range(form.inbound[n], form.inbound[n + 1]):
            if form.component[lane] == c:
                sent = given.transit[lane, i, t] if t < given.transit.shape[2] else zero
                for b in range(size):
                    s[part, b] += s[ring + lane, b] + sent
        for b in range(size):
            s[hope, b] = min(s[hope, b], s[part, b])
    called, on_hand = rows.called + form.customer[n], rows.on_hand + n
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
def _ship(form, given, drawn, rows, s, first, found, i, t, n, start, size, proportional, backorder):
    k, can, on_hand, limit = form.customer[n], rows.can, rows.on_hand + n, _limit(given, i, t, n)
    if form.source[n]:
        s[can] = limit
    else:
        _receive(form, given, rows, s, i, t, n, size)
        for b in range(size):
            s[can, b] = min(s[on_hand, b], limit)
    shared = proportional and form.outbound[n + 1] - form.outbound[n] + (1 if k >= 0 else 0) > 1
    if shared:
        _share(form, given, rows, s, i, n, k, size)
    for m in range(form.outbound[n], form.outbound[n + 1]):
        lane = form.lanes[m]
        _send(form, given, rows, s, i, n, lane, size, shared)
        _on_the_way(form, given, drawn, rows, s, i, t, lane, start, size, t + given.lead[lane, i] + given.longer[t, n])
    if k >= 0:
        _serve(given, rows, s, first, found, i, t, n, k, start, size, shared, backorder)
    rate = given.holding[n, i]
    for b in range(size):
        s[rows.sums + n, b] += s[on_hand, b]
        s[rows.cost, b] += rate * s[on_hand, b]


@compiled
def _limit(given, i, t, n):
    share = given.shipping[t, n]
    if share == 0:
        return share
    return min(given.capacity[n, i], share * given.throughput[n, i]) if share < np.inf else given.capacity[n, i]


@compiled
def _receive(form, given, rows, s, i, t, n, size):
    first, last, made, zero = form.components[n], form.components[n + 1], rows.part, s.dtype.type(0)
    for lane in range(form.inbound[n], form.inbound[n + 1]):
        parts, ring = rows.parts + form.component[lane], rows.ring + t % rows.periods * form.child.size + lane
        sent = given.transit[lane, i, t] if t < given.transit.shape[2] else zero
        for b in range(size):
            s[parts, b] += s[ring, b] + sent
            s[ring, b] = zero
    for b in range(size):
        s[made, b] = s[rows.parts + first, b]
    for c in range(first + 1, last):
        for b in range(size):
            s[made, b] = min(s[made, b], s[rows.parts + c, b])
    for c in range(first, last):
        rate = given.raw[c, i]
        for b in range(size):
            left = s[rows.parts + c, b] - s[made, b]
            s[rows.parts + c, b] = left
            s[rows.cost, b] += rate * left
    for b in range(size):
        s[rows.on_hand + n, b] += s[made, b]
        s[rows.net + n, b] += s[made, b]
        s[rows.due + n, b] -= s[made, b]


@compiled
def _share(form, given, rows, s, i, n, k, size):
    """Leaves in ``need`` the share of what is needed that there is."""
    need, zero, one = rows.need, s.dtype.type(0), s.dtype.type(1)
    for b in range(size):
        s[need, b] = s[rows.open + k, b] + s[rows.called + k, b] if k >= 0 else zero
    for m in range(form.outbound[n], form.outbound[n + 1]):
        lane = form.lanes[m]
        owed, order, share, quantity = (
            rows.owed + lane,
            rows.order + form.child[lane],
            given.share[lane, i],
            given.quantity[lane, i],
        )
        for b in range(size):
            s[need, b] += (s[owed, b] + s[order, b] * share) * quantity
    for b in range(size):
        s[need, b] = one if s[rows.can, b] >= s[need, b] else s[rows.can, b] / s[need, b]


@compiled
def _send(form, given, rows, s, i, n, lane, size, shared):
    child, owed, can, ship, on_hand = form.child[lane], rows.owed + lane, rows.can, rows.part, rows.on_hand + n
    order, share, quantity, zero = rows.order + child, given.share[lane, i], given.quantity[lane, i], s.dtype.type(0)
    for b in range(size):
        want = s[owed, b] + s[order, b] * share
        sent = want * s[rows.need, b] if shared else min(want, s[can, b] / quantity)
        s[owed, b] = want - sent
        s[ship, b] = sent
        s[on_hand, b] = max(s[on_hand, b] - sent * quantity, zero)
        s[can, b] = max(s[can, b] - sent * quantity, zero)
    if given.conduct.size > 0:
        for b in range(size):
            s[rows.wanted + child, b] += s[owed, b] + s[ship, b]
            s[rows.got + child, b] += s[ship, b]


@compiled
def _on_the_way(form, given, drawn, rows, s, i, t, lane, start, size, arrival):
    ship, periods, rate, lanes = rows.part, drawn.demand.shape[2], given.carry[lane, i], form.child.size
    late = drawn.late
    if late.size > 0:
        for b in range(size):
            at = arrival + late[lane, i, t, start + b]
            s[rows.cost, b] += rate * s.dtype.type(min(at, periods) - t) * s[ship, b]
            if at < periods:
                s[rows.ring + at % rows.periods * lanes + lane, b] += s[ship, b]
        return
    charge, ring = rate * s.dtype.type(min(arrival, periods) - t), rows.ring + arrival % rows.periods * lanes + lane
    if arrival >= periods:
        ring = rows.beyond
    for b in range(size):
        s[rows.cost, b] += charge * s[ship, b]
        s[ring, b] += s[ship, b]


@compiled
def _serve(given, rows, s, first, found, i, t, n, k, start, size, shared, backorder):
    before, called, served, short = rows.open + k, rows.called + k, rows.part, rows.spare
    zero, loss, tiny = s.dtype.type(0), given.shortage[n, i], s.dtype.type(UNSERVED)
    for b in range(size):
        want = s[before, b] + s[called, b]
        sent = want * s[rows.need, b] if shared else min(want, s[rows.can, b])
        s[rows.on_hand + n, b] = max(s[rows.on_hand + n, b] - sent, zero)
        s[served, b] = max(sent - s[before, b], zero)
        s[short, b] = want - sent
        s[rows.cost, b] += loss * (want - sent)
        s[before, b] = want - sent if backorder else zero
        s[rows.net + n, b] += zero if backorder else want - sent
    now, totals, units, places = np.int32(t), found.totals, found.units, found.places
    for b in range(size):
        missed = s[called, b] - s[served, b] > tiny * s[called, b]
        first[k, b] = min(first[k, b], now) if missed else first[k, b]
    for b in range(size):
        totals[0, t, start + b] += s[called, b]
        totals[1, t, start + b] += s[served, b]
    for b in range(size):
        s[rows.need, b] = s[called, b]
    for kind, row in enumerate((rows.need, served, short)):
        total = _fold(s, row, size)
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
