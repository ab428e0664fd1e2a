"""Base-stock levels of a whole network by simulation: a common multiplier first, then node by node, on the same demand.

Every candidate sees the same samples (common random numbers), so that a difference between two is not noise of sampling; what
is told of the result comes from fresh ones. All items of a group are searched at the same time, each on its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from decai_forecast.simulation.engine.frame import Outcome, Samples
from decai_forecast.simulation.network.graph import Bools, Floats, Graph, Ints
from decai_forecast.simulation.network.stages import Stages
from decai_forecast.simulation.targets.policy import counted
from decai_forecast.simulation.targets.policy import fill_rate as served_of

__all__ = ["Judged", "Network", "cost_of", "flows", "judge", "moves_of", "optimise"]

MULTIPLIERS = np.array([0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.45, 1.6, 1.8, 2.1, 2.5, 3.0, 4.0])
FIRST, LEAST = 0.16, 0.004  # steps of a level, as shares of the demand it protects
FEW = 8  # nodes that hold stock, up to which each is moved by itself; beyond, all of an echelon are
ROUNDS = 40  # of all nodes; each round that improves nothing halves the step


@dataclass(frozen=True)
class Network:
    """What was found. ``level``: [node, item, period]. ``cost_now`` and ``cost_proposed``: per period, [item], on fresh
    samples; ``error``: standard error of the sum of ``cost_proposed``. ``fill_now``, ``fill_proposed``: [demand node, item].
    ``runs``: simulations made."""

    level: Floats
    cost_now: Floats
    cost_proposed: Floats
    error: float
    fill_now: Floats
    fill_proposed: Floats
    runs: int


@dataclass(frozen=True)
class Judged:
    """``cost``: [node, item], holding and shortage per period. ``fill``: [demand node, item]; NaN without demand."""

    cost: Floats
    fill: Floats


def judge(
    graph: Graph, stages: Stages, level: Floats, flow: tuple[Floats, Floats], demand: Samples, *, backorder: bool, warm: int
) -> Judged:
    """What levels [node, item, period] cost and serve on the demand; ``flow``: of :func:`flows`."""
    found = _run(graph, stages, level, flow, demand, Rule(None, backorder, warm))
    cost = found.on_hand * stages.holding
    cost[graph.demand] += found.short * stages.shortage[graph.demand]
    return Judged(cost / ((demand.shape[2] - warm) * found.replications), served_of(found))


def moves_of(graph: Graph) -> list[Floats]:
    """[node] each: one node up; a node up and the one it orders from down by as much, or up as well; all of them up.

    Of more than ``FEW`` nodes that hold stock those of an echelon move together.
    """
    stocked = np.flatnonzero(~graph.source)
    if len(stocked) > FEW:
        depth = [((graph.levels == k) & ~graph.source).astype(float) for k in np.unique(graph.levels[stocked])]
        pairs = [low + sign * high for high, low in pairwise(depth) for sign in (-1, 1)]
        return [*depth, *pairs, sum(depth)]
    nodes = np.eye(len(graph.nodes))
    inner = [(p, c) for p, c in zip(graph.parent, graph.child, strict=True) if not graph.source[p]]
    single = [nodes[n] for n in stocked]
    return [*single, *(nodes[c] + sign * nodes[p] for p, c in inner for sign in (-1, 1)), sum(single)]


def optimise(
    graph: Graph,
    stages: Stages,
    mean: Floats,
    draw: Callable[[int], Samples],
    *,
    fill_rate: float | None = None,
    backorder: bool = True,
    warm: int = 0,
) -> Network:
    """The base-stock levels with the least holding and shortage cost, or the cheapest with at least ``fill_rate`` of demand
    served from stock at every demand node.

    ``mean``: expected demand, [demand node, item, period]; levels follow it. ``draw``: the set of demand samples with that
    number ([demand node, item, period, replication]), the same at every call; 1 is searched on, 0 judges today's levels (those
    of ``stages``) and the proposed ones. The first ``warm`` periods are not counted: the sum of the lead times of the longest
    way is enough for stock and orders to settle in.
    """
    flow = flows(graph, stages, mean)
    search = _Search(graph, stages, flow, draw(1), Rule(fill_rate, backorder, warm))
    level = search.descended(search.multiplied())
    fresh, rule = draw(0), search.rule
    before, after = (_run(graph, stages, one, flow, fresh, rule) for one in (stages.level, level))
    periods = fresh.shape[2] - warm
    error = float(after.cost.std(ddof=1) / len(after.cost) ** 0.5 / periods)
    now, proposed = (cost_of(graph, stages, one, periods) for one in (before, after))
    return Network(level, now, proposed, error, served_of(before), served_of(after), search.runs)


def flows(graph: Graph, stages: Stages, demand: Floats) -> tuple[Floats, Floats]:
    """Mean demand of each node and the mean demand its level protects, both [node, item, period] in its own units;
    ``demand`` is that of outside customers, [demand node, item, period]."""
    shape = (len(graph.nodes), len(stages.items), demand.shape[2])
    mean = np.zeros(shape)
    mean[graph.demand] = demand
    for lane in np.argsort(-graph.child, kind="stable"):  # children before their parents
        parent, child = graph.parent[lane], graph.child[lane]
        mean[parent] += mean[child] * (stages.quantity[lane] * stages.share[lane])[:, None]
    total = np.concatenate([np.zeros_like(mean[:, :, :1]), mean.cumsum(axis=2)], axis=2)
    span = _lead(graph, stages) + stages.review[:, None] - 1
    ahead = np.zeros(shape)
    for n in range(shape[0]):
        for k in range(shape[1]):
            until = np.minimum(np.arange(shape[2]) + 1 + span[n, k], shape[2])
            first = until - span[n, k]  # near the end of the horizon the last periods stand for those beyond it
            ahead[n, k] = total[n, k, until] - total[n, k, np.maximum(first, 0)]
    return mean, ahead


def _lead(graph: Graph, stages: Stages) -> Ints:
    """[node, item]: the longest lead time into a node."""
    found = np.zeros((len(graph.nodes), len(stages.items)), dtype=np.int64)
    np.maximum.at(found, graph.child, stages.lead)
    return found


def cost_of(graph: Graph, stages: Stages, found: Outcome, periods: int) -> Floats:
    """Cost per period of each item: on hand, short, and in transit (orders for their lead time, at their parent's rate)."""
    parent, child = graph.parent, graph.child
    moved = found.orders[child, :, 0] * stages.share * stages.quantity * stages.lead * stages.holding[parent]
    held = (found.on_hand * stages.holding).sum(axis=0) + (found.short * stages.shortage[graph.demand]).sum(axis=0)
    return np.asarray((held + moved.sum(axis=0)) / (periods * found.replications))


@dataclass(frozen=True)
class Rule:
    """What levels are judged by: the least cost, or the least with a fill rate; what happens to what is short."""

    fill_rate: float | None
    backorder: bool
    warm: int


def _run(graph: Graph, stages: Stages, level: Floats, flow: tuple[Floats, Floats], demand: Samples, rule: Rule) -> Outcome:
    """The levels, started from their own steady state: the mean demand of a lead time under way, the rest on hand."""
    mean, _ = flow
    periods = np.arange(demand.shape[2])
    moved = mean[graph.child] * (stages.quantity * stages.share)[:, :, None]
    due = np.where(periods < stages.lead[:, :, None], moved, 0.0)
    stock = np.where(graph.source[:, None], 0.0, np.maximum(level[:, :, 0] - mean[:, :, 0] * _lead(graph, stages), 0.0))
    started = replace(stages, level=np.broadcast_to(level, mean.shape), stock=stock, transit=due)
    return counted(graph, started, demand, rule.warm, backorder=rule.backorder)


class _Search:
    """The search over levels; ``runs`` counts simulations."""

    def __init__(self, graph: Graph, stages: Stages, flow: tuple[Floats, Floats], demand: Samples, rule: Rule) -> None:
        self.graph, self.stages, self.flow, self.demand, self.rule = graph, stages, flow, demand, rule
        self.mean, self.base = flow
        self.runs = 0

    def loss(self, level: Floats) -> Floats:
        """[item]: cost per period; infinity where the service is not reached."""
        self.runs += 1
        found = _run(self.graph, self.stages, level, self.flow, self.demand, self.rule)
        cost = cost_of(self.graph, self.stages, found, self.demand.shape[2] - self.rule.warm)
        if self.rule.fill_rate is None:
            return cost
        return np.where((np.nan_to_num(served_of(found), nan=1.0) >= self.rule.fill_rate).all(axis=0), cost, np.inf)

    def multiplied(self) -> Floats:
        """The best multiple of the mean protected demand, the same for all nodes of an item."""
        losses = np.stack([self.loss(self.base * m) for m in MULTIPLIERS])
        best = np.where(np.isfinite(losses).any(axis=0), losses.argmin(axis=0), len(MULTIPLIERS) - 1)
        return np.asarray(self.base * MULTIPLIERS[best][None, :, None])

    def descended(self, level: Floats) -> Floats:
        """From ``level``, moves of single nodes and exchanges between a node and its supplier, while they pay."""
        best, step = self.loss(level), np.full(level.shape[1], FIRST)
        unit = np.maximum(self.base.mean(axis=2), self.mean.mean(axis=2))
        moves = moves_of(self.graph)
        for _ in range(ROUNDS):
            better = np.zeros(level.shape[1], dtype=bool)
            for move in moves:
                level, best, won = self._tried(level, best, move[:, None] * unit * step)
                better |= won
            step = np.where(better, step, step / 2)
            if (step < LEAST).all():
                break
        return level

    def _tried(self, level: Floats, best: Floats, shift: Floats) -> tuple[Floats, Floats, Bools]:
        """The move up, and down for the items it does not help."""
        won = np.zeros(len(best), dtype=bool)
        for sign in (1, -1):
            moved = np.maximum(level + sign * np.where(won, 0.0, shift)[:, :, None], 0.0)
            loss = self.loss(moved)
            good = ~won & (loss < best)
            level, best, won = np.where(good[None, :, None], moved, level), np.where(good, loss, best), won | good
            if won.all():
                break
        return level, best, won
