"""The compiled engine's loops: item by item, replications in blocks that stay in a core's cache. Imports numba.

The inner loops run over the replications of a block without branching on data, so that they become vector instructions.
Comments on what happens and why are in vectorised.py, which does the same in the same order.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
# numba infers the types from the named tuples of plan.py, state.py and sums.py

from __future__ import annotations

import numba
import numpy as np

from decai_forecast.simulation.engine.sums import UNSERVED

__all__ = ["simulate"]

FLUSH = 32  # periods that are added up in the run's type before they are added in double precision
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


@compiled
def simulate(form, terms, shocked, conduct, demand, late, trace, state, sums, proportional, backorder):
    """Runs all items and replications; fills ``sums`` and, unless they are of size 0, ``trace``."""
    items, periods, replications = demand.shape[1], demand.shape[2], demand.shape[3]
    width = state.on_hand.shape[1]
    for i in range(items):
        for start in range(0, replications, width):
            size = min(width, replications - start)
            _begin(form, terms, conduct, state, i, periods)
            for t in range(periods):
                _order(form, terms, shocked, conduct, demand, state, i, t, start, size, backorder)
                _ship(form, terms, shocked, conduct, late, state, sums, i, t, start, size, proportional, backorder)
                _count(form, terms, state, sums, trace, i, t, start, size)
                if t % FLUSH == FLUSH - 1 or t == periods - 1:
                    _flush(state, sums, i, size)
            _first(state, sums, i, size)


@compiled
def _begin(form, terms, conduct, state, i, periods):
    state.ring[:], state.parts[:], state.owed[:], state.open[:], state.sums[:] = 0, 0, 0, 0, 0
    state.wanted[:], state.got[:], state.first[:] = 0, 0, periods
    for n in range(form.source.size):
        state.on_hand[n], state.net[n], state.order[n] = terms.stock[n, i], terms.stock[n, i], 0
        state.due[n] = _in_transit(form, terms, i, n)
        if conduct.expected.size > 0:
            state.expected[n] = conduct.expected[n, i]


@compiled
def _in_transit(form, terms, i, n):
    """Complete sets under way at the start."""
    found = np.inf
    for c in range(form.components[n], form.components[n + 1]):
        total = 0.0
        for j in range(form.inbound[n], form.inbound[n + 1]):
            if form.component[j] == c:
                total += terms.transit[j, i].sum()
        found = min(found, total)
    return 0.0 if found == np.inf else found


@compiled
def _order(form, terms, shocked, conduct, demand, state, i, t, start, size, backorder):
    for n in range(form.source.size - 1, -1, -1):
        asked, k = state.asked[n], form.customer[n]
        if k >= 0:
            called, drawn, factor = state.called[k], demand[k, i, t], shocked.demand[t, n]
            for b in range(size):
                called[b] = drawn[start + b] * factor
                asked[b] = called[b]
        else:
            asked[:] = 0
        for m in range(form.outbound[n], form.outbound[n + 1]):
            lane = form.lanes[m]
            order, weight = state.order[form.child[lane]], terms.share[lane, i] * terms.quantity[lane, i]
            for b in range(size):
                asked[b] += order[b] * weight
        if not form.source[n]:
            _decide(form, terms, shocked, conduct, state, i, t, n, size, backorder)


@compiled
def _decide(form, terms, shocked, conduct, state, i, t, n, size, backorder):
    order, due, net, seen, asked = state.order[n], state.due[n], state.net[n], state.part, state.asked[n]
    for b in range(size):
        net[b] -= asked[b]
        seen[b] = net[b]
    if not backorder and form.customer[n] >= 0:
        _forgive(form, terms, state, i, t, n, size)
    at = min(t, terms.level.shape[2] - 1)
    level, zero = terms.level[n, i, at], terms.level.dtype.type(0)
    if conduct.expected.size > 0:
        _behave(conduct, state, level, i, n, size)
    else:
        for b in range(size):
            order[b] = max(level - (seen[b] + due[b]), zero)
    if not shocked.ordering[t, n] or t % terms.review[n] != 0:
        order[:] = 0
    _sum_up(state, 1, n, order, size)
    for b in range(size):
        due[b] += order[b]


@compiled
def _forgive(form, terms, state, i, t, n, size):
    seen, hope, part = state.part, state.can, state.need
    zero, called, on_hand = terms.level.dtype.type(0), state.called[form.customer[n]], state.on_hand[n]
    hope[:] = np.inf
    for c in range(form.components[n], form.components[n + 1]):
        for b in range(size):
            part[b] = state.parts[c, b]
        for lane in range(form.inbound[n], form.inbound[n + 1]):
            if form.component[lane] == c:
                arriving, sent = state.ring[t % state.ring.shape[0], lane], _transit(terms, lane, i, t)
                for b in range(size):
                    part[b] += arriving[b] + sent
        for b in range(size):
            hope[b] = min(hope[b], part[b])
    for b in range(size):
        seen[b] += max(called[b] - (on_hand[b] + hope[b]), zero)


@compiled
def _transit(terms, lane, i, t):
    return terms.transit[lane, i, t] if t < terms.transit.shape[2] else terms.transit.dtype.type(0)


@compiled
def _behave(conduct, state, level, i, n, size):
    order, due, seen, asked, expected = state.order[n], state.due[n], state.part, state.asked[n], state.expected[n]
    wanted, got = state.wanted[n], state.got[n]
    zero, one = conduct.theta.dtype.type(0), conduct.theta.dtype.type(1)
    anchor, alpha, beta, theta = conduct.anchor[n, i], conduct.alpha[n, i], conduct.beta[n, i], conduct.theta[n, i]
    cover, gamma = conduct.cover[n, i], conduct.gamma[n, i]
    for b in range(size):
        expected[b] = theta * asked[b] + (one - theta) * expected[b]
        gap = level + cover * expected[b] - seen[b] - beta * due[b]
        fill = min(got[b] / wanted[b], one) if wanted[b] > zero else one
        order[b] = max(anchor * expected[b] + alpha * gap, zero) * (one + gamma * (one - fill))
        wanted[b] = got[b] = zero


@compiled
def _sum_up(state, kind, n, values, size):
    total, square = state.sums[kind, n], state.sums[kind + 1, n]
    for b in range(size):
        total[b] += values[b]
        square[b] += values[b] * values[b]


@compiled
def _ship(form, terms, shocked, conduct, late, state, sums, i, t, start, size, proportional, backorder):
    state.cost[:] = 0
    for n in range(form.source.size):
        k, can, on_hand = form.customer[n], state.can, state.on_hand[n]
        if not form.source[n]:
            _receive(form, terms, state, i, t, n, size)
        limit = _limit(terms, shocked, i, t, n)
        if form.source[n]:
            can[:] = limit
        else:
            for b in range(size):
                can[b] = min(on_hand[b], limit)
        users = form.outbound[n + 1] - form.outbound[n] + (1 if k >= 0 else 0)
        shared = proportional and users > 1
        if shared:
            _share(form, terms, state, i, n, k, size)
        for m in range(form.outbound[n], form.outbound[n + 1]):
            _send(form, terms, shocked, conduct, late, state, i, t, n, form.lanes[m], start, size, shared)
        if k >= 0:
            _serve(terms, state, sums, i, t, n, k, start, size, shared, backorder)
        _sum_up(state, 3, n, state.asked[n], size)


@compiled
def _receive(form, terms, state, i, t, n, size):
    first, last = form.components[n], form.components[n + 1]
    on_hand, net, due, made = state.on_hand[n], state.net[n], state.due[n], state.part
    made[:] = np.inf
    for lane in range(form.inbound[n], form.inbound[n + 1]):
        parts, arriving = state.parts[form.component[lane]], state.ring[t % state.ring.shape[0], lane]
        sent = _transit(terms, lane, i, t)
        for b in range(size):
            parts[b] += arriving[b] + sent
            arriving[b] = 0
    for c in range(first, last):
        parts = state.parts[c]
        for b in range(size):
            made[b] = min(made[b], parts[b])
    for c in range(first, last):
        parts, rate, cost = state.parts[c], terms.raw[c, i], state.cost
        for b in range(size):
            parts[b] -= made[b]
            cost[b] += rate * parts[b]
    for b in range(size):
        on_hand[b] += made[b]
        net[b] += made[b]
        due[b] -= made[b]


@compiled
def _limit(terms, shocked, i, t, n):
    share = shocked.shipping[t, n]
    if share == 0:
        return share
    return min(terms.capacity[n, i], share * terms.throughput[n, i]) if share < np.inf else terms.capacity[n, i]


@compiled
def _share(form, terms, state, i, n, k, size):
    """Leaves in ``need`` the share of what is needed that there is."""
    need, can = state.need, state.can
    one = terms.level.dtype.type(1)
    if k >= 0:
        for b in range(size):
            need[b] = state.open[k, b] + state.called[k, b]
    else:
        need[:] = 0
    for m in range(form.outbound[n], form.outbound[n + 1]):
        lane = form.lanes[m]
        owed, order = state.owed[lane], state.order[form.child[lane]]
        share, quantity = terms.share[lane, i], terms.quantity[lane, i]
        for b in range(size):
            need[b] += (owed[b] + order[b] * share) * quantity
    for b in range(size):
        need[b] = one if can[b] >= need[b] else can[b] / need[b]


@compiled
def _send(form, terms, shocked, conduct, late, state, i, t, n, lane, start, size, shared):
    child, owed, can, ship, ratio = form.child[lane], state.owed[lane], state.can, state.part, state.need
    order, share, quantity = state.order[child], terms.share[lane, i], terms.quantity[lane, i]
    on_hand, source, zero = state.on_hand[n], form.source[n], terms.level.dtype.type(0)
    if conduct.expected.size > 0:
        for b in range(size):
            state.wanted[child, b] += owed[b] + order[b] * share
    for b in range(size):
        want = owed[b] + order[b] * share
        sent = want * ratio[b] if shared else min(want, can[b] / quantity)
        owed[b] = want - sent
        ship[b] = sent
    if conduct.expected.size > 0:
        for b in range(size):
            state.got[child, b] += ship[b]
    if not source:
        for b in range(size):
            on_hand[b] = max(on_hand[b] - ship[b] * quantity, zero)
    if not shared:
        for b in range(size):
            can[b] = max(can[b] - ship[b] * quantity, zero)
    _on_the_way(terms, late, state, i, t, lane, start, size, t + terms.lead[lane, i] + shocked.lead[t, n])


@compiled
def _on_the_way(terms, late, state, i, t, lane, start, size, arrival):
    ship, cost, periods, rate = state.part, state.cost, late.shape[2], terms.carry[lane, i]
    ring = state.ring.shape[0]
    if late.shape[3] > 0:
        for b in range(size):
            at = arrival + late[lane, i, t, start + b]
            cost[b] += rate * (min(at, periods) - t) * ship[b]
            if at < periods:
                state.ring[at % ring, lane, b] += ship[b]
        return
    charge = rate * terms.carry.dtype.type(min(arrival, periods) - t)
    for b in range(size):
        cost[b] += charge * ship[b]
    if arrival < periods:
        row = state.ring[arrival % ring, lane]
        for b in range(size):
            row[b] += ship[b]


@compiled
def _serve(terms, state, sums, i, t, n, k, start, size, shared, backorder):
    before, called, can, ratio = state.open[k], state.called[k], state.can, state.need
    on_hand, net, first = state.on_hand[n], state.net[n], state.first[k]
    served, short, zero = state.part, state.spare, terms.level.dtype.type(0)
    loss, tiny = terms.shortage[n, i], terms.level.dtype.type(UNSERVED)
    for b in range(size):
        want = before[b] + called[b]
        sent = want * ratio[b] if shared else min(want, can[b])
        on_hand[b] = max(on_hand[b] - sent, zero)
        short[b] = want - sent
        served[b] = max(sent - before[b], zero)
        state.cost[b] += loss * short[b]
    for b in range(size):
        before[b] = short[b] if backorder else zero
        net[b] += zero if backorder else short[b]
        missed = called[b] - served[b] > tiny * called[b]
        first[b] = t if missed and first[b] > t else first[b]
    for b in range(size):
        sums.total_demand[t, start + b] += called[b]
        sums.total_served[t, start + b] += served[b]
    units = _fold(served, size)
    sums.served[k, i] += units
    sums.node_served[k, t] += units
    sums.short[k, i] += _fold(short, size)
    for b in range(size):
        short[b] = called[b]
    units = _fold(short, size)
    sums.demand[k, i] += units
    sums.node_demand[k, t] += units


@compiled
def _fold(values, size):
    """The sum, in an order that does not depend on the width of vector instructions; uses up ``values``."""
    while size > 1:
        half = (size + 1) // 2
        for b in range(size - half):
            values[b] += values[half + b]
        size = half
    return np.float64(values[0])


@compiled
def _count(form, terms, state, sums, trace, i, t, start, size):
    cost = state.cost
    for n in range(form.source.size):
        on_hand, rate, total = state.on_hand[n], terms.holding[n, i], state.sums[0, n]
        if not form.source[n]:
            for b in range(size):
                total[b] += on_hand[b]
                cost[b] += rate * on_hand[b]
        if trace.size > 0:
            for b in range(size):
                trace[n, i, t, start + b] = state.net[n, b]
    for b in range(size):
        sums.cost[start + b] += cost[b]


@compiled
def _flush(state, sums, i, size):
    for n in range(state.on_hand.shape[0]):
        sums.on_hand[n, i] += _fold(state.sums[0, n], size)
        for k in range(2):
            sums.orders[n, i, k] += _fold(state.sums[1 + k, n], size)
            sums.asked[n, i, k] += _fold(state.sums[3 + k, n], size)
    state.sums[:] = 0


@compiled
def _first(state, sums, i, size):
    for k in range(state.first.shape[0]):
        for b in range(size):
            sums.first_short[k, i, state.first[k, b]] += 1
