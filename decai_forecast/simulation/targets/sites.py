"""Levels of sites that do not wait for each other: each has one of its own, all are searched at the same time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from decai_forecast.simulation.engine.frame import Outcome
from decai_forecast.simulation.network.graph import Bools, Floats
from decai_forecast.simulation.targets.goal import Goal
from decai_forecast.simulation.targets.search import cheapest, reaching
from decai_forecast.simulation.targets.shape import Shape, expected_in, logit, protected_in, shape_of
from decai_forecast.simulation.targets.world import World

__all__ = ["Levels", "covering", "levels_of", "shape_in"]

PATIENT = 0.8  # critical ratio below which, where demand is lost, a level far below the demand that it protects may pay
SHARES = (0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.45, 0.7, 1.0)  # of the smallest protected demand, tried then
SIZES = (0.6, 0.8, 1.25, 1.6)  # of the economic order quantity, tried beside it
WORTH = 0.001  # of the cost: a level that saves less than that is not worth to stock at all


@dataclass(frozen=True)
class Levels:
    """``level``: [node, item, period], order-up-to levels from the first counted period on; ``gap``: [node, item], how far
    below it the reorder point lies. ``safety``: [node, item], what the reorder point holds beyond the mean demand that it
    protects. ``aim``: [node, item], the cycle service that the reorder point gives on the samples it was found with.
    ``reached``: [node, item], False where no level serves what was asked for."""

    level: Floats
    gap: Floats
    safety: Floats
    aim: Floats
    reached: Bools


def shape_in(world: World) -> Shape:
    """Of the demand that the levels of all nodes that hold stock protect, [site, item, counted period]."""
    held, horizon = ~world.group.graph.source, world.demand.shape[2] - world.warm
    samples = protected_in(world.group, world.sold, world.late, world.warm, horizon)
    mean, variance = (expected_in(world.group, values, world.warm, horizon)[held] for values in (world.mean, world.variance))
    return shape_of(samples[held], mean, variance**0.5)


def levels_of(world: World, goal: Goal) -> Levels:
    """The levels of every node that stocks something, for the goal, tried in the world."""
    search = _Sites(world, shape_in(world))
    gap = search.economic()
    reached = np.ones(gap.shape, dtype=bool)
    if goal.kind == "cycle_service":
        at = np.full(gap.shape, float(logit(np.array(goal.value))))
    elif goal.kind == "cost":
        at, gap = search.least_cost(gap)
    else:
        at, reached = reaching(lambda at: search.service(at, gap, goal.kind), goal.value, gap.shape)
    return search.told(at, gap, reached)


def covering(world: World, level: Floats) -> Floats:
    """[node, item, all periods of the world]: levels of the counted periods, the first of them while stock settles in."""
    return np.concatenate([np.repeat(level[:, :, :1], world.warm, axis=2), level], axis=2)


class _Sites:
    """Arrays are [site, item]: nodes without the sources."""

    def __init__(self, world: World, shape: Shape) -> None:
        self.world, self.shape, self.held = world, shape, ~world.group.graph.source
        stages = world.group.stages
        self.holding, self.shortage = stages.holding[self.held], stages.shortage[self.held]
        self.mean = world.mean[self.held].mean(axis=2)

    def economic(self) -> Floats:
        """The gap that makes an order of the economic quantity (Harris 1913) where placing one costs something."""
        stages = self.world.group.stages
        if stages.rule is None:
            return np.zeros(self.mean.shape)
        charge, review = stages.rule.cost[self.held], stages.review[self.held][:, None]
        quantity = np.sqrt(2 * np.divide(charge * self.mean, self.holding, out=np.zeros_like(charge), where=self.holding > 0))
        return np.asarray(np.maximum(quantity - self.mean * review / 2, stages.rule.gap[self.held]))

    def least_cost(self, gap: Floats) -> tuple[Floats, Floats]:
        total = self.shortage + self.holding
        critical = np.divide(self.shortage, total, out=np.full(total.shape, 0.5), where=total > 0)
        start = logit(np.clip(critical, 1e-6, 1 - 1e-6))
        at, least = cheapest(lambda at: self.cost(at, gap), start, self._low(start, critical))
        if not gap.any():
            return self._or_nothing(at, least), gap
        best = gap
        for size in SIZES:
            found = self.cost(at, gap * size)
            best, least = np.where(found < least, gap * size, best), np.minimum(found, least)
        return cheapest(lambda at: self.cost(at, best), at)[0], best

    def _low(self, start: Floats, critical: Floats) -> list[Floats]:
        """Levels of which most demand is lost: with them a site sells what comes in and keeps next to nothing."""
        low = critical < PATIENT
        if self.world.backorder or not low.any():
            return []
        return [np.where(low, self.shape.lowest + np.log(share), start) for share in SHARES]

    def _or_nothing(self, at: Floats, least: Floats) -> Floats:
        """Where it costs less to stock nothing at all and lose all demand; what is owed would be owed for ever."""
        none = np.inf if self.world.backorder else self.shortage * self.world.sold_mean[self.held]
        return np.where(none < (1 + WORTH) * least, -np.inf, at)

    def cost(self, at: Floats, gap: Floats) -> Floats:
        return self.world.costs(self._run(at, gap))[self.held]

    def service(self, at: Floats, gap: Floats, kind: str) -> Floats:
        return self.world.services(self._run(at, gap), kind)[self.held]

    def _run(self, at: Floats, gap: Floats) -> Outcome:
        level = self._all(self.shape.level(at) + gap[:, :, None])
        return self.world.run(covering(self.world, level), self._all(gap))

    def told(self, at: Floats, gap: Floats, reached: Bools) -> Levels:
        reorder = self.shape.level(at)
        safety = reorder[:, :, 0] - self.shape.mean[:, :, 0]
        level, aim = reorder + gap[:, :, None], self.shape.covered(reorder)
        found = {"level": level, "gap": gap, "safety": safety, "aim": aim}
        everywhere = np.ones((len(self.held), reached.shape[1]), dtype=bool)
        everywhere[self.held] = reached
        return Levels(**{name: self._all(values) for name, values in found.items()}, reached=everywhere)

    def _all(self, values: Floats) -> Floats:
        """[node, ...], 0 at the sources."""
        out = np.zeros((len(self.held), *values.shape[1:]))
        out[self.held] = values
        return out
