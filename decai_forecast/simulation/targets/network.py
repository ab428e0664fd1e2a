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
from decai_forecast.simulation.network.graph import Bools, Floats, Graph
from decai_forecast.simulation.network.requirements import asked_of, lead_of
from decai_forecast.simulation.network.stages import Group, Stages
from decai_forecast.simulation.targets.policy import fill_rate as served_of
from decai_forecast.simulation.targets.world import World, world_of

__all__ = ["Network", "cost_of", "flows", "moves_of", "optimise", "runs_of", "search"]

MULTIPLIERS = np.array([0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.45, 1.6, 1.8, 2.1, 2.5, 3.0, 4.0])
FIRST, LEAST = 0.16, 0.008  # steps of a level, as shares of the demand it protects
FEW = 8  # nodes that hold stock, up to which each is moved by itself; beyond, all of an echelon are
BANDS = 6  # of neighbouring echelons that move together where there are more
PER_MOVE = 24  # simulations, about
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


def moves_of(graph: Graph) -> list[Floats]:
    """[node] each: one node up; a node up and the one it orders from down by as much, or up as well; all of them up.

    Of more than ``FEW`` nodes that hold stock those of an echelon move together; of more than ``BANDS`` echelons those of
    neighbouring ones, so that the search of a long chain ends.
    """
    stocked = np.flatnonzero(~graph.source)
    if len(stocked) > FEW:
        depths = np.array_split(np.unique(graph.levels[stocked]), min(BANDS, len(np.unique(graph.levels[stocked]))))
        bands = [(np.isin(graph.levels, some) & ~graph.source).astype(float) for some in depths]
        pairs = [low + sign * high for high, low in pairwise(bands) for sign in (-1, 1)]
        return [*bands, *pairs, sum(bands)]
    nodes = np.eye(len(graph.nodes))
    inner = [(p, c) for p, c in zip(graph.parent, graph.child, strict=True) if not graph.source[p]]
    single = [nodes[n] for n in stocked]
    return [*single, *(nodes[c] + sign * nodes[p] for p, c in inner for sign in (-1, 1)), sum(single)]


def runs_of(graph: Graph) -> int:
    """Simulations that a search makes, about."""
    return len(MULTIPLIERS) + PER_MOVE * len(moves_of(graph))


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
    group = Group(graph, stages)
    plan, fresh = (world_of(group, mean, draw(k), seed=k, warm=warm, backorder=backorder) for k in (1, 0))
    level, runs = search(plan, fill_rate)
    before, after = (fresh.run(one) for one in (stages.level, level))
    periods = fresh.demand.shape[2] - warm
    error = float(after.cost.std(ddof=1) / len(after.cost) ** 0.5 / periods)
    now, proposed = (cost_of(fresh, one) for one in (before, after))
    return Network(level, now, proposed, error, served_of(before), served_of(after), runs)


def search(world: World, fill_rate: float | None = None) -> tuple[Floats, int]:
    """The levels [node, item, period of the world] as :func:`optimise` finds them, and how many simulations it took."""
    found = _Search(world, fill_rate)
    return found.descended(found.multiplied()), found.runs


def flows(group: Group, demand: Floats) -> tuple[Floats, Floats]:
    """Mean demand of each node and the mean demand its level protects, both [node, item, period] in its own units;
    ``demand`` is that of outside customers, [demand node, item, period]."""
    mean = asked_of(group, demand)
    total = np.concatenate([np.zeros_like(mean[:, :, :1]), mean.cumsum(axis=2)], axis=2)
    span, periods = lead_of(group) + group.stages.review[:, None] - 1, mean.shape[2]
    until = np.minimum(np.arange(periods) + 1 + span[:, :, None], periods)
    first = np.maximum(until - span[:, :, None], 0)  # near the end of the horizon the last periods stand for those beyond it
    return mean, np.take_along_axis(total, until, axis=2) - np.take_along_axis(total, first, axis=2)


def cost_of(world: World, found: Outcome) -> Floats:
    """Cost per period of each item: as the world counts it, and in transit (orders for their lead time, at their parent's
    rate)."""
    graph, stages = world.group.graph, world.group.stages
    moved = found.orders[graph.child, :, 0] * stages.share * stages.quantity * stages.lead * stages.holding[graph.parent]
    return np.asarray(world.costs(found).sum(axis=0) + moved.sum(axis=0) / world.counted)


class _Search:
    """The search over levels; ``runs`` counts simulations."""

    def __init__(self, world: World, fill_rate: float | None) -> None:
        self.moves = moves_of(world.group.graph)
        self.world, self.fill_rate = replace(world, runs=runs_of(world.group.graph)), fill_rate
        run = slice(world.demand.shape[2])
        self.mean, self.base = flows(world.group, world.mean[world.group.graph.demand][:, :, run])
        self.runs = 0

    def loss(self, level: Floats) -> Floats:
        """[item]: cost per period; infinity where the service is not reached."""
        self.runs += 1
        found = self.world.run(level)
        cost = cost_of(self.world, found)
        if self.fill_rate is None:
            return cost
        return np.where((np.nan_to_num(served_of(found), nan=1.0) >= self.fill_rate).all(axis=0), cost, np.inf)

    def multiplied(self) -> Floats:
        """The best multiple of the mean protected demand, the same for all nodes of an item."""
        losses = np.stack([self.loss(self.base * m) for m in MULTIPLIERS])
        best = np.where(np.isfinite(losses).any(axis=0), losses.argmin(axis=0), len(MULTIPLIERS) - 1)
        return np.asarray(self.base * MULTIPLIERS[best][None, :, None])

    def descended(self, level: Floats) -> Floats:
        """From ``level``, moves of single nodes and exchanges between a node and its supplier, while they pay."""
        best, step = self.loss(level), np.full(level.shape[1], FIRST)
        unit = np.maximum(self.base.mean(axis=2), self.mean.mean(axis=2))
        for _ in range(ROUNDS):
            better = np.zeros(level.shape[1], dtype=bool)
            for move in self.moves:
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
