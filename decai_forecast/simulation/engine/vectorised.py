"""The engine in numpy: node by node, all items and replications of the block at once.

Events of a period, in stockpyl's order. First orders, from the customers upstream: a node sees what is asked of it today, by
outside customers and children, and orders. Then shipments, downstream: a node receives what is due, makes complete sets of its
components, and ships what is owed and asked as far as its stock and capacity go. What is shipped with a lead time of 0
arrives in the same period. What cannot be shipped is owed (backordered); only outside customers may be lost instead.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.engine.frame import Disturbance, Late, Outcome, Samples
from decai_forecast.simulation.engine.plan import (
    Numbers,
    Terms,
    Topology,
    conduct,
    ring_size,
    shock,
    terms,
    topology,
)
from decai_forecast.simulation.engine.settle import COUNTED, DUE_THEN, ORDERED, STOCK_THEN, no_reset, settled
from decai_forecast.simulation.engine.sums import UNSERVED, Sums, empty, outcome
from decai_forecast.simulation.network.graph import Graph
from decai_forecast.simulation.network.stages import Stages

__all__ = ["Allocation", "run"]

Allocation = Literal["proportional", "index"]


def run(
    graph: Graph,
    stages: Stages,
    demand: Samples,
    disturbance: Disturbance | None = None,
    *,
    backorder: bool = True,
    allocation: Allocation = "proportional",
    behaviour: Behaviour | None = None,
    late: Late | None = None,
    trace: Samples | None = None,
    before: Samples | None = None,
    warm: int = 0,
    dtype: npt.DTypeLike = np.float32,
) -> Outcome:
    """Simulates one block; ``compiled.run`` gives the same to rounding.

    ``demand``: units asked by outside customers, [demand node, item, period, replication]. ``backorder``: outside customers
    wait for what is short; else it is lost. ``allocation`` of scarce stock or capacity: in proportion to what is owed and
    asked, or all to the first child in the order of nodes, customers last (as stockpyl does). ``behaviour``: how nodes order;
    None: base stock. ``late``: periods by which shipments are late (``late.lateness``); None: none is. ``trace``: an array
    [node, item, period, replication] of ``dtype`` that is filled with each node's stock less what it owes, at period ends.
    ``before``: demand of the periods in which unknown stock settles (settle.py), as ``demand``; ``late`` then begins with them.
    ``warm``: the first periods, in which stock and orders settle in, are not counted: sums per item, node and replication are
    those of the periods after; what is told per period is told of all.
    """
    simulation = _Run(graph, stages, demand, disturbance, behaviour, late, trace, before, np.dtype(dtype))
    for t in range(simulation.periods):
        if t == simulation.reset.periods > 0:
            simulation.begin()
        if t == simulation.reset.periods + warm:
            simulation.count_from_here()
        simulation.order(t, backorder)
        simulation.ship(t, backorder, allocation == "proportional")
    return simulation.outcome()


class _Run:
    """State per node or lane, each [item, replication]; what is on a lane is in units of the child's product."""

    def __init__(
        self,
        graph: Graph,
        stages: Stages,
        demand: Samples,
        disturbance: Disturbance | None,
        behaviour: Behaviour | None,
        late: Late | None,
        trace: Samples | None,
        before: Samples | None,
        dtype: np.dtype[Any],
    ) -> None:
        _, items, counted, replications = demand.shape
        self.form: Topology = topology(graph)
        self.terms: Terms = terms(graph, stages, self.form, dtype)
        self.shocked, self.reset = shock(disturbance, counted, len(graph.nodes), dtype), no_reset(self.terms)
        if before is not None and stages.settling is not None:
            early = settled(self.form, self.terms, self.shocked, stages.settling, before.shape[2])
            (self.terms, self.shocked, self.reset), demand = early, np.concatenate([before, demand], axis=2)
        self.periods, self.counted = demand.shape[2], counted
        self.conduct = conduct(behaviour, len(graph.nodes), items, dtype)
        self.demand, self.late, self.trace, self.behaves = demand, late, trace, behaviour is not None
        self.sums: Sums = empty(graph, items, counted, replications)
        self.replications = replications

        def room(*rows: int) -> Numbers:
            return np.zeros((*rows, items, replications), dtype)

        nodes, lanes = len(graph.nodes), len(graph.parent)
        self.on_hand, self.net = (self.terms.stock[:, :, None] + room(nodes) for _ in range(2))  # net: less what is owed
        self.order_now, self.asked, self.due = room(nodes), room(nodes), room(nodes)  # due: ordered, not yet there
        self.placed = np.zeros((nodes, items, replications), dtype=bool)
        self.owed, self.parts = room(lanes), room(int(self.form.components[-1]))
        self.called, self.open = room(len(graph.demand)), room(len(graph.demand))
        self.ring = room(ring_size(stages, self.shocked, late, self.periods), lanes)
        self.first = np.full(self.called.shape, counted, dtype=np.int32)
        self.cost = np.zeros((items, replications), dtype)
        self.due += self.terms.due[:, :, None]
        if self.behaves:
            self.expected = self.conduct.expected[:, :, None] + room(nodes)
            self.wanted, self.got = room(nodes), room(nodes)

    def count_from_here(self) -> None:
        """Forgets what was added up so far, but for what is told per period."""
        for name in ("demand", "served", "short", "on_hand", "orders", "placed", "dry", "asked", "cost"):
            getattr(self.sums, name)[:] = 0
        self.first[:] = self.counted

    def begin(self) -> None:
        """The first period that counts: what was delivered is there, and nothing has been added up yet."""
        there, known, stock, due = (self.reset.values[kind][:, :, None] for kind in (COUNTED, ORDERED, STOCK_THEN, DUE_THEN))
        self.on_hand = np.where(there > 0, stock, self.on_hand)
        self.due = np.where(known > 0, due, self.due)
        sets = np.repeat(known > 0, np.diff(self.form.components), axis=0)
        self.parts = np.where(sets, 0, self.parts)
        self.ring = np.where(known[self.form.child] > 0, 0, self.ring)
        self.owed = np.where(known[self.form.child] > 0, 0, self.owed)
        self.open = np.where(there[self.form.customer >= 0] > 0, 0, self.open)
        self.net[:] = self.on_hand
        np.subtract.at(self.net, self.form.parent, self.owed * self.terms.quantity[:, :, None])
        self.net[self.form.customer >= 0] -= self.open
        if self.behaves:
            self.expected = np.where(there > 0, self.conduct.expected[:, :, None], self.expected)
        for values in self.sums:
            values[:] = 0
        self.first[:] = self.counted

    # orders, upstream

    def order(self, t: int, backorder: bool) -> None:
        """What every node is asked for, and what it orders."""
        form = self.form
        for n in range(len(form.source) - 1, -1, -1):
            self._ask(n, t)
            if form.source[n]:
                continue
            self.net[n] -= self.asked[n]
            seen = self.net[n] if backorder or form.customer[n] < 0 else self.net[n] + self._lost(n, t)
            wished = self._behave(n, t, seen) if self.behaves else np.maximum(self._level(n, t) - (seen + self.due[n]), 0)
            may = self.shocked.ordering[t, n] and t % self.terms.review[n] == 0
            self.order_now[n] = self._cut(n, wished) if may else 0
            self.due[n] += self.order_now[n]
            _moments(self.sums.orders[n], self.order_now[n])
            self.placed[n] = self.order_now[n] > 0
            self.sums.placed[n] += self.placed[n].sum(axis=1)

    def _cut(self, n: int, wished: Numbers) -> Numbers:
        """What the node's :class:`OrderRule` makes of the order it wishes to place."""
        gap, least, multiple = (values[n] for values in (self.terms.gap, self.terms.least, self.terms.multiple))
        if not (gap.any() or least.any() or multiple.any()):
            return wished
        lot, tiny = multiple[:, None], self.net.dtype.type(UNSERVED)
        cut = np.where((wished > 0) & (wished >= gap[:, None]), np.maximum(wished, least[:, None]), 0)
        whole = np.ceil(cut / np.where(lot > 0, lot, 1) - tiny) * lot
        return np.asarray(np.where(lot > 0, whole, cut), dtype=self.net.dtype)

    def _ask(self, n: int, t: int) -> None:
        asked, k = self.asked[n], self.form.customer[n]
        asked[:] = 0
        if k >= 0:
            np.multiply(self.demand[k, :, t], self.shocked.demand[t, n], out=self.called[k], casting="same_kind")
            asked += self.called[k]
        for lane in self._outbound(n):
            weight = self.terms.share[lane] * self.terms.quantity[lane]
            asked += self.order_now[self.form.child[lane]] * weight[:, None]

    def _outbound(self, n: int) -> npt.NDArray[np.int64]:
        return self.form.lanes[self.form.outbound[n] : self.form.outbound[n + 1]]

    def _level(self, n: int, t: int) -> Numbers:
        level = self.terms.level[n]
        return np.asarray(level[:, min(t, level.shape[1] - 1), None])

    def _lost(self, n: int, t: int) -> Numbers:
        """Today's demand that neither stock, goods due today nor an order that arrives at once cover: it will not be owed, so
        it is not ordered."""
        hope = [
            self.parts[c] + sum(self._hoped(lane, t) for lane in self._inbound(n) if self.form.component[lane] == c)
            for c in range(self.form.components[n], self.form.components[n + 1])
        ]
        return np.asarray(np.maximum(self.called[self.form.customer[n]] - (self.on_hand[n] + np.min(hope, axis=0)), 0))

    def _hoped(self, lane: int, t: int) -> Numbers:
        """What can come in today: without limit where the lead time is shorter than a period."""
        return np.where(self.terms.lead[lane][:, None] == 0, self.net.dtype.type(np.inf), self._arriving(lane, t))

    def _inbound(self, n: int) -> range:
        return range(self.form.inbound[n], self.form.inbound[n + 1])

    def _arriving(self, lane: int, t: int) -> Numbers:
        arriving: Numbers = self.ring[t % len(self.ring), lane]
        transit = self.terms.transit[lane]
        return np.asarray(arriving + transit[:, t, None]) if t < transit.shape[1] else arriving

    def _behave(self, n: int, t: int, seen: Numbers) -> Numbers:
        """The order of behaviour.py; ``seen`` is what the node takes for its stock less what it owes."""
        anchor, alpha, beta, theta, cover, gamma = (values[n][:, None] for values in self.conduct[:-1])
        self.expected[n] = theta * self.asked[n] + (1 - theta) * self.expected[n]
        gap = self._level(n, t) + cover * self.expected[n] - seen - beta * self.due[n]
        wanted = self.wanted[n]
        fill = np.minimum(np.divide(self.got[n], wanted, out=np.ones_like(wanted), where=wanted > 0), 1)
        wanted[:] = self.got[n] = 0
        return np.asarray(np.maximum(anchor * self.expected[n] + alpha * gap, 0) * (1 + gamma * (1 - fill)))

    # shipments, downstream

    def ship(self, t: int, backorder: bool, proportional: bool) -> None:
        """Receipts, shipments and costs of every node."""
        self.cost[:] = 0
        for n in range(len(self.form.source)):
            k, outbound = self.form.customer[n], self._outbound(n)
            if not self.form.source[n]:
                self._receive(n, t)
            limit = self._limit(n, t)[:, None]
            can = np.minimum(self.on_hand[n], limit) if not self.form.source[n] else limit + np.zeros_like(self.cost)
            ratio = self._ratio(n, can) if proportional and len(outbound) + (k >= 0) > 1 else None
            for lane in outbound:
                self._send(n, lane, t, can, ratio)
            if k >= 0:
                self._serve(n, k, t, can, ratio, backorder)
            _moments(self.sums.asked[n], self.asked[n])
            if not self.form.source[n]:
                self.sums.on_hand[n] += self.on_hand[n].sum(axis=1, dtype=np.float64)
                empty_now = self.on_hand[n] <= np.asarray(UNSERVED, dtype=self.asked.dtype) * self.asked[n]
                self.sums.dry[n] += empty_now.sum(axis=1)
                self.cost += self.terms.holding[n][:, None] * self.on_hand[n] + self.terms.ordering[n][:, None] * self.placed[n]
        self.sums.cost[:] += self.cost.sum(axis=0, dtype=np.float64)
        if self.trace is not None:
            self.trace[:, :, self._now(t)] = self.net

    def _now(self, t: int) -> int:
        """The period as it counts; what is written before the first one is overwritten in it."""
        return max(t - self.reset.periods, 0)

    def _receive(self, n: int, t: int) -> None:
        """Takes in what is due; sets are complete as far as the scarcest component goes."""
        for lane in self._inbound(n):
            self.parts[self.form.component[lane]] += self._arriving(lane, t)
            self.ring[t % len(self.ring), lane] = 0
        sets = slice(self.form.components[n], self.form.components[n + 1])
        made = self.parts[sets].min(axis=0)
        self.parts[sets] -= made
        if sets.stop - sets.start > 1:
            self.cost += (self.terms.raw[sets][:, :, None] * self.parts[sets]).sum(axis=0)
        self.on_hand[n] += made
        self.net[n] += made
        self.due[n] -= made

    def _limit(self, n: int, t: int) -> Numbers:
        """[item]: the most that the node ships."""
        share, capacity = self.shocked.shipping[t, n], self.terms.capacity[n]
        if share == 0:
            return np.zeros_like(capacity)
        return np.asarray(np.minimum(capacity, share * self.terms.throughput[n])) if np.isfinite(share) else capacity

    def _ratio(self, n: int, can: Numbers) -> Numbers:
        """Share of what is needed of the node that it can ship."""
        need, k = np.zeros_like(self.cost), self.form.customer[n]
        if k >= 0:
            need += self.open[k] + self.called[k]
        for lane in self._outbound(n):
            need += self._needed(lane) * self.terms.quantity[lane][:, None]
        return np.divide(can, need, out=np.ones_like(need), where=can < need)

    def _needed(self, lane: int) -> Numbers:
        return np.asarray(self.owed[lane] + self.order_now[self.form.child[lane]] * self.terms.share[lane][:, None])

    def _send(self, n: int, lane: int, t: int, can: Numbers, ratio: Numbers | None) -> None:
        need, quantity = self._needed(lane), self.terms.quantity[lane][:, None]
        ship = np.minimum(need, can / quantity) if ratio is None else need * ratio
        self.owed[lane] = need - ship
        if self.behaves:
            self.wanted[self.form.child[lane]] += need
            self.got[self.form.child[lane]] += ship
        if not self.form.source[n]:
            self.on_hand[n] = np.maximum(self.on_hand[n] - ship * quantity, 0)
        if ratio is None:
            np.maximum(can - ship * quantity, 0, out=can)
        self._on_the_way(n, lane, t, ship)

    def _on_the_way(self, n: int, lane: int, t: int, ship: Numbers) -> None:
        """Puts a shipment where it arrives, and charges its transit: all at once, as far as the horizon goes."""
        arrival = t + self.terms.lead[lane][:, None] + self.shocked.lead[t, n]  # [item, 1]
        if self.late is not None:
            arrival = arrival + self.late[lane, :, t]
        charge = self.terms.carry[lane][:, None] * (np.minimum(arrival, self.periods) - t).astype(ship.dtype)
        self.cost += charge * ship
        if arrival.size == len(arrival) and (arrival == arrival[0]).all():
            if arrival[0, 0] < self.periods:
                self.ring[arrival[0, 0] % len(self.ring), lane] += ship
            return
        spread = np.broadcast_to(arrival, ship.shape)
        at, column = np.nonzero(spread < self.periods)
        self.ring[spread[at, column] % len(self.ring), lane, at, column] += ship[at, column]

    def _serve(self, n: int, k: int, t: int, can: Numbers, ratio: Numbers | None, backorder: bool) -> None:
        """Outside customers: those who wait are served before those of today."""
        called, before, sums = self.called[k], self.open[k], self.sums
        need = before + called
        sent = np.minimum(need, can) if ratio is None else need * ratio
        short, served = need - sent, np.maximum(sent - before, 0)
        self.on_hand[n] = np.maximum(self.on_hand[n] - sent, 0)
        self.open[k] = short if backorder else 0
        if not backorder:
            self.net[n] += short
        self.cost += self.terms.shortage[n][:, None] * short
        missed = called - served > np.asarray(UNSERVED, dtype=called.dtype) * called
        now = self._now(t)
        self.first[k][missed & (self.first[k] > now)] = now
        for values, per_item, per_period, total in (
            (called, sums.demand, sums.node_demand, sums.total_demand),
            (served, sums.served, sums.node_served, sums.total_served),
        ):
            units = values.sum(axis=1, dtype=np.float64)
            per_item[k] += units
            per_period[k, now] += units.sum()
            total[now] += values.sum(axis=0, dtype=np.float64)
        sums.short[k] += short.sum(axis=1, dtype=np.float64)

    def outcome(self) -> Outcome:
        """What was found; to be called once, at the end."""
        for t in range(self.counted + 1):
            self.sums.first_short[:, :, t] = (self.first == t).sum(axis=2)
        return outcome(self.sums, self.replications)


def _moments(sums: npt.NDArray[np.float64], values: Numbers) -> None:
    """Adds values [item, replication] and their squares to [item, 2]."""
    sums[:, 0] += values.sum(axis=1, dtype=np.float64)
    sums[:, 1] += np.einsum("ir,ir->i", values, values, dtype=np.float64)
