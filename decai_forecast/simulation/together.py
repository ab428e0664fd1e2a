"""Stock targets where some sites supply others: levels of the whole network together, if they cost less than site by site.

Site by site a level takes for granted that whoever supplies the site has what is ordered. Simulation optimisation searches the
levels of all sites of an item at once; both proposals, and today's levels, are judged on the same fresh demand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from decai_forecast.simulation.demand import sample
from decai_forecast.simulation.engine.frame import Samples
from decai_forecast.simulation.network.graph import Bools, Floats, Ints
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.planned import Planner, lead_of, marginals_at
from decai_forecast.simulation.targets import Goal
from decai_forecast.simulation.targets.network import Judged, flows, judge, moves_of, optimise

__all__ = ["Together", "inner", "searched"]

REPLICATIONS = 100
BUDGET = 2_000_000_000  # node-periods of one group's search, about a minute of one core
RUNS = 14, 24  # simulations: before the first move, and per move
CLEARLY = 0.01  # of the cost: less is not worth to depart from what each site can tell by itself


@dataclass(frozen=True)
class Together:
    """Of the items that were searched (positions in the group). ``level``, ``safety``: [node, item], units, first period.
    ``better``: [item], whether the network is set together. ``now`` and ``proposed``: what these levels cost and serve."""

    items: Ints
    level: Floats
    safety: Floats
    better: Bools
    now: Judged
    proposed: Judged


def inner(group: Group) -> Bools:
    """[node]: sites that supply others of the company's. Where goods are made of components none is told: a component's stock
    serves several items, and a level of it belongs to none of them."""
    graph = group.graph
    if graph.components:
        return np.zeros(len(graph.nodes), dtype=bool)
    return np.isin(np.arange(len(graph.nodes)), graph.parent) & ~graph.source


def searched(group: Group, planner: Planner, apart: Floats, now: Floats, goal: Goal) -> Together | None:
    """None without a site that supplies others, or for a goal that names a cycle service, which is that of single sites.

    ``apart``: levels as found site by site, [node, item]; ``now``: today's, NaN where unknown. Items with the largest demand
    are searched, as many as the budget allows.
    """
    if not inner(group).any() or goal.kind == "cycle_service":
        return None
    warm = int(_longest(group)) + 1
    items = _affordable(group, planner.horizon + warm)
    if not len(items):
        return None
    part, replications = group.only(items), range(min(REPLICATIONS, planner.replications))
    law = marginals_at(planner.law, group, items).through(planner.horizon, planner.season).after(warm)

    def draw(number: int) -> Samples:
        return sample(law, planner.dependence, seed=planner.seed + number, replications=replications)

    graph, flow = part.graph, flows(part.graph, part.stages, law.mean)
    own = _shaped(apart[:, items], flow[1])
    stages = replace(part.stages, level=own)
    wanted = goal.value if goal.kind == "fill_rate" else None
    found = optimise(graph, stages, law.mean, draw, fill_rate=wanted, backorder=False, warm=warm)
    better = found.cost_proposed < (1 - CLEARLY) * found.cost_now
    if wanted is not None:  # a service that site by site does not reach is worth its cost
        better |= (np.nan_to_num(found.fill_now, nan=1.0) < wanted).any(axis=0)
    level = np.where(better[None, :, None], found.level, own)
    held = np.where(np.isnan(now[:, items])[:, :, None], own, np.broadcast_to(now[:, items][:, :, None], own.shape))
    fresh = draw(0)
    judged = [judge(graph, stages, one, flow, fresh, backorder=False, warm=warm) for one in (held, level)]
    return Together(items, level[:, :, 0], np.maximum(level[:, :, 0] - flow[1][:, :, 0], 0.0), better, *judged)


def _shaped(first: Floats, base: Floats) -> Floats:
    """[node, item, period]: levels that move with the mean demand they protect."""
    ratio = np.divide(first, base[:, :, 0], out=np.ones_like(first), where=base[:, :, 0] > 0)
    return np.where(base[:, :, :1] > 0, base * ratio[:, :, None], first[:, :, None])


def _longest(group: Group) -> int:
    """Periods from a supplier to a customer by the longest way."""
    lead, reach = lead_of(group), np.zeros(len(group.graph.nodes), dtype=np.int64)
    for node in range(len(reach)):  # parents stand before their children
        above = group.graph.parent[group.graph.child == node]
        reach[node] = lead[node].max(initial=0) + (reach[above].max() if len(above) else 0)
    return int(reach.max())


def _affordable(group: Group, periods: int) -> Ints:
    runs = RUNS[0] + RUNS[1] * len(moves_of(group.graph))
    count = BUDGET // (runs * len(group.graph.nodes) * periods * REPLICATIONS)
    volume = group.stages.throughput[group.graph.demand].sum(axis=0)
    return np.sort(np.argsort(-volume, kind="stable")[:count])
