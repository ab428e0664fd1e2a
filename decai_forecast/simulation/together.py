"""Stock targets where some sites supply others: levels of the whole network together, if they cost less than site by site.

Site by site a level takes for granted that whoever supplies the site has what is ordered. Simulation optimisation searches the
levels of all sites of an item at once; both proposals, and today's levels, are judged on the same fresh demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from decai_forecast.simulation.network.graph import Bools, Floats, Ints
from decai_forecast.simulation.network.requirements import way_of_all
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.targets import Goal
from decai_forecast.simulation.targets.network import cost_of, runs_of, search
from decai_forecast.simulation.targets.sites import covering
from decai_forecast.simulation.targets.world import World

__all__ = ["BUDGET", "Together", "affordable", "inner", "searched"]

REPLICATIONS = 100
BUDGET = 2_000_000_000  # node-periods of a night's searches, about half a minute of one core
CLEARLY = 0.01  # of the cost: less is not worth to depart from what each site can tell by itself


@dataclass(frozen=True)
class Together:
    """``level``: [node, item, period], units. ``better``: [item], whether the network is set together."""

    level: Floats
    better: Bools


def inner(group: Group) -> Bools:
    """[node]: sites that supply others of the company's. Where goods are made of components none is told: a component's stock
    serves several items, and a level of it belongs to none of them."""
    graph = group.graph
    if graph.components:
        return np.zeros(len(graph.nodes), dtype=bool)
    return np.isin(np.arange(len(graph.nodes)), graph.parent) & ~graph.source


def searched(plan: World, fresh: World, apart: Floats, gap: Floats, goal: Goal) -> Together:
    """Of levels as found site by site, [node, item, counted period], with their ``gap`` [node, item], those of the items that
    are better set together, without a gap.

    ``plan``: the world to search in; ``fresh``: the one that both proposals are judged in.
    """
    wanted = goal.value if goal.kind == "fill_rate" else None
    own = covering(plan, apart)
    together, _ = search(plan, wanted)
    runs = [fresh.run(own, gap), fresh.run(together)]
    cost = [cost_of(fresh, found) for found in runs]
    better = cost[1] < (1 - CLEARLY) * cost[0]
    if wanted is not None:  # a service that site by site does not reach is worth its cost
        fill = np.nan_to_num(fresh.services(runs[0], "fill_rate"), nan=1.0)
        better |= (fill < wanted).any(axis=0)
    return Together(np.where(better[None, :, None], together, own)[:, :, plan.warm :], better)


def affordable(group: Group, horizon: int, budget: int) -> tuple[Ints, int]:
    """The items of a group (positions) with the largest demand, as many as the budget of node-periods allows; and what of it
    they take."""
    each = runs_of(group.graph) * len(group.graph.nodes) * (horizon + way_of_all(group) + 1) * REPLICATIONS
    volume = group.stages.throughput[group.graph.demand].sum(axis=0)
    items = np.sort(np.argsort(-volume, kind="stable")[: budget // each])
    return items, each * len(items)
