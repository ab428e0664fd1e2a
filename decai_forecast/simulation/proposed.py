"""Stock targets of every site that sells, beside what each holds today, in money."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.simulation.demand import Marginals
from decai_forecast.simulation.engine.plan import terms, topology, under_way
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import Assumption, SupplyNetwork
from decai_forecast.simulation.planned import Planner, lead_of
from decai_forecast.simulation.tables.run import place_names
from decai_forecast.simulation.targets import Goal, Terms, stock_targets
from decai_forecast.simulation.together import Together, inner, searched

__all__ = ["Goal", "proposed_targets"]

COLUMNS = (
    *SERIES, "level_now", "level_proposed", "safety_stock", "fill_rate_now", "fill_rate_proposed", "csl",
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
    found = [_together(group, planner, goal, known, table) for group in network.groups]
    table = _merged(table, [rows for rows, _ in found])
    tried = sum(count for _, count in found)
    text = (
        "what is on hand and on order today; unknown where no stock was delivered"
        if known
        else "unknown: no stock was delivered"
    )
    stated = [Assumption("Levels now", text, not known or not all(pair in known for pair in _pairs(table)))]
    if any(inner(group).any() for group in network.groups):
        items = sum(len(group.stages.items) for group in network.groups if inner(group).any())
        text = f"of {tried} of {items} items whose sites supply each other, searched together and kept where that costs less"
        stated.append(Assumption("Proposed levels", f"{text}; the others site by site", False))
    return table, stated


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["location_id"], table["item_id"], strict=True))


def _merged(table: pd.DataFrame, found: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """``table`` with the rows that were found together in the place of those found site by site."""
    new = pd.concat(found, ignore_index=True) if found else table[:0]
    if new.empty:
        return table
    old = table[~pd.MultiIndex.from_frame(table[SERIES]).isin(pd.MultiIndex.from_frame(new[SERIES]))]
    return pd.concat([old, new], ignore_index=True)[list(COLUMNS)].sort_values(SERIES, ignore_index=True)


def _together(
    group: Group, planner: Planner, goal: Goal, known: frozenset[tuple[str, str]], table: pd.DataFrame
) -> tuple[pd.DataFrame, int]:
    """Rows of all sites of the items that were searched together, and how many items these are."""
    graph, stages = group.graph, group.stages
    by_series = {(row["location_id"], row["item_id"]): row for row in table.to_dict("records")}
    names, apart, now = graph.places or graph.nodes, stages.level[:, :, 0].copy(), _held(group, known)
    for d, k in np.ndindex(len(graph.demand), len(stages.items)):
        if row := by_series.get((names[graph.demand[d]], stages.items[k])):
            apart[graph.demand[d], k] = row["level_proposed"]
    found = searched(group, planner, apart, now, goal)
    if found is None:
        return table[:0], 0
    rows = [
        _row(group, found, int(node), k, now[node, found.items[k]], by_series)
        for node in np.flatnonzero(~graph.source)
        for k in range(len(found.items))
        if stages.throughput[node, found.items[k]] > 0
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)), len(found.items)


def _row(
    group: Group, found: Together, node: int, k: int, now: float, by_series: Mapping[tuple[str, str], Mapping[Hashable, Any]]
) -> dict[str, Any]:
    """Of a site and an item; where it sells, beside what it can tell by itself."""
    graph, item = group.graph, group.stages.items[found.items[k]]
    place, sells = (graph.places or graph.nodes)[node], np.flatnonzero(graph.demand == node)
    own = by_series.get((place, item), {})
    fill = {
        name: of.fill[sells[0], k] if len(sells) else np.nan for name, of in (("now", found.now), ("proposed", found.proposed))
    }
    why = "least cost of the whole network, searched together" if found.better[k] else "least cost, site by site"
    return {
        "location_id": place, "item_id": item, "level_now": now, "level_proposed": float(found.level[node, k]),
        "safety_stock": float(found.safety[node, k]), "fill_rate_now": np.nan if np.isnan(now) else fill["now"],
        "fill_rate_proposed": fill["proposed"], "csl": np.nan if found.better[k] else own.get("csl", np.nan),
        "cost_now": np.nan if np.isnan(now) else float(found.now.cost[node, k]),
        "cost_proposed": float(found.proposed.cost[node, k]), "service_type": own.get("service_type", "A"),
        "service_target": float(own.get("service_target", 0.0)) or _critical(group, node, k, found), "reason": why,
    }  # fmt: skip


def _critical(group: Group, node: int, k: int, found: Together) -> float:
    """Of a site that only supplies others no service of its own is asked: what its items are worth to customers is."""
    stages, item = group.stages, found.items[k]
    short = float(stages.shortage[:, item].max())
    return short / (short + float(stages.holding[node, item])) if short > 0 else 0.0


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
    return _held(group, known)[group.graph.demand]


def _held(group: Group, known: frozenset[tuple[str, str]]) -> Floats:
    """[node, item]: on hand and on order; NaN: unknown."""
    graph, stages = group.graph, group.stages
    form = topology(graph)
    due = under_way(form, terms(graph, stages, form, np.float64))
    there = np.array([[(place, item) in known for item in stages.items] for place in graph.places or graph.nodes])
    return np.asarray(np.where(there, stages.stock + due, np.nan))
