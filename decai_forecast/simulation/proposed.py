"""Stock targets of every site that sells, beside what each holds today, in money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.simulation.demand import Marginals
from decai_forecast.simulation.engine.plan import terms, topology, under_way
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import Assumption, SupplyNetwork
from decai_forecast.simulation.planned import Planner, lead_of
from decai_forecast.simulation.tables.run import place_names
from decai_forecast.simulation.targets import Goal, Terms, stock_targets

__all__ = ["Goal", "proposed_targets"]

COLUMNS = (
    "location_id", "item_id", "level_now", "level_proposed", "safety_stock", "fill_rate_now", "fill_rate_proposed", "csl",
    "cost_now", "cost_proposed", "service_type", "service_target", "reason",
)  # fmt: skip


def proposed_targets(
    network: SupplyNetwork, planner: Planner, goal: Goal, known: frozenset[tuple[str, str]]
) -> tuple[pd.DataFrame, Sequence[Assumption]]:
    """The table ``targets`` of a :class:`Simulation`, with what was assumed to find it.

    A site's level now is what it has on hand and on order, since that is what a base-stock policy would have ordered up to;
    unknown where its stock is (``known``: pairs of place and item whose stock was delivered).
    """
    law, sites = planner.law, _sites(network, planner.law, known)
    table = stock_targets(
        law, sites.terms, goal, seed=planner.seed, horizon=planner.horizon, season=planner.season,
        replications=planner.replications, dependence=planner.dependence, level_now=sites.level,
    )  # fmt: skip
    table = table.rename(columns={"csl_proposed": "csl"})[list(COLUMNS)]
    table["safety_stock"] = table["safety_stock"].clip(lower=0.0)  # below the mean demand: no stock is held for safety
    text = (
        "what is on hand and on order today; unknown where no stock was delivered"
        if known
        else "unknown: no stock was delivered"
    )
    return table, [Assumption("Levels now", text, True)]


@dataclass(frozen=True)
class _Sites:
    """Arrays are [location, item], as in the law of demand."""

    terms: Terms
    level: Floats


def _sites(network: SupplyNetwork, law: Marginals, known: frozenset[tuple[str, str]]) -> _Sites:
    """All sites that sell, of all groups; a pair of location and item belongs to one group."""
    shape = (len(law.locations), len(law.items))
    lead, holding, shortage = np.zeros(shape, dtype=np.int64), np.ones(shape), np.ones(shape)
    level, review = np.full(shape, np.nan), 1
    row, column = ({name: k for k, name in enumerate(names)} for names in (law.locations, law.items))
    for group in network.groups:
        graph, stages = group.graph, group.stages
        at = np.ix_([row[name] for name in place_names(group)], [column[item] for item in stages.items])
        sells = stages.throughput[graph.demand] > 0
        now = _now(group, known)
        for target, values in (
            (lead, lead_of(group)[graph.demand]),
            (holding, stages.holding[graph.demand]),
            (shortage, stages.shortage[graph.demand]),
            (level, now),
        ):
            target[at] = np.where(sells, values, target[at])
        review = max(review, int(stages.review.max()))
    return _Sites(Terms(lead, holding, shortage, review), level)


def _now(group: Group, known: frozenset[tuple[str, str]]) -> Floats:
    """[demand node, item]: on hand and on order; NaN: unknown."""
    graph, stages, names = group.graph, group.stages, place_names(group)
    form = topology(graph)
    due = under_way(form, terms(graph, stages, form, np.float64))
    there = np.array([[(place, item) in known for item in stages.items] for place in names])
    return np.asarray(np.where(there, (stages.stock + due)[graph.demand], np.nan))
