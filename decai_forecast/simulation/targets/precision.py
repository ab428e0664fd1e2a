"""How many samples a level is planned with: the rarer the shortage that it weighs, the more it takes to see one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.requirements import lead_of
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.targets.goal import Goal

__all__ = ["BUDGET", "blocks_of", "critical_of", "multiples_of"]

SEEN = 60.0  # shortages that do not overlap, among the samples: the optimum is then within 1 % of the least cost
MULTIPLES = np.array([1, 4, 16, 64, 256])  # of the usual replications
BUDGET = 120_000_000  # samples beyond the usual ones in a night's targets: some seconds
BLOCK = 2_000_000  # samples at a time


def critical_of(group: Group) -> Floats:
    """[node, item]: p / (p + h); of a site that only supplies others by what its items are worth to customers."""
    stages = group.stages
    short = np.where(stages.shortage > 0, stages.shortage, stages.shortage.max(axis=0))
    total = short + stages.holding
    share = np.divide(
        short, np.where(np.isfinite(total), total, 1.0), out=np.zeros(total.shape), where=(total > 0) & (short > 0)
    )
    return np.asarray(np.minimum(share, 1.0))


def multiples_of(group: Group, goal: Goal, horizon: int, replications: int, budget: int = BUDGET) -> tuple[Ints, int]:
    """[item]: how many times the usual replications each is planned with, and the samples that this takes of the budget;
    where that does not suffice for all, the dearest class takes a step back."""
    sold = group.graph.demand  # levels of sites that only supply others are searched apart from this
    span = (lead_of(group) + group.stages.review[:, None])[sold].max(axis=0)
    rare = _rare(critical_of(group)[sold]) if goal.kind == "cost" else 1 - goal.value
    needed = SEEN * span / (horizon * np.maximum(rare, 1e-9) * replications)
    step = np.minimum(np.searchsorted(MULTIPLES, needed), len(MULTIPLES) - 1)
    each = len(sold) * (horizon + span) * replications
    while (spent := int((each * (MULTIPLES[step] - 1)).sum())) > budget:
        step = np.minimum(step, step.max() - 1)
    return MULTIPLES[step], spent


def _rare(critical: Floats) -> Floats:
    """[item]: of shortages, or of ends of a cycle with something left, whichever are fewer."""
    return np.asarray(np.minimum(1 - critical.max(axis=0), np.where(critical > 0, critical, 1.0).min(axis=0)))


def blocks_of(multiples: Ints, each: int) -> Iterator[tuple[Ints, int]]:
    """Items that are planned with the same multiple, as many at a time as memory bears; ``each``: samples of an item at the
    usual replications."""
    for multiple in np.unique(multiples):
        items = np.flatnonzero(multiples == multiple)
        size = max(1, BLOCK // (each * int(multiple)))
        for first in range(0, len(items), size):
            yield items[first : first + size], int(multiple)
