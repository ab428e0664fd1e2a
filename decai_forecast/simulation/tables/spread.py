"""How far trouble and swings spread: the ripple of each outage over the sites, and the bullwhip per echelon."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

from decai_forecast.simulation.measures import bullwhip, ripple
from decai_forecast.simulation.network.graph import Floats, Graph, Ints
from decai_forecast.simulation.tables.run import Run, place_names

__all__ = ["bullwhip_table", "ripple_table"]

SELLING = "sites that sell"


def ripple_table(run: Run) -> pd.DataFrame:
    """disrupted, affected, loss: the share of an affected site's demand that an outage elsewhere costs it."""
    affected = sorted({name for group in run.network.groups for name in place_names(group)})
    demand, base = _by_site(run, None, affected)  # a shock of demand is compared with the same service of more demand
    rows = []
    for scenario in range(len(run.scenarios)):
        asked, served = _by_site(run, scenario, affected)
        loss = ripple(base * asked / np.where(demand > 0, demand, 1.0), served[None], asked)[0]
        rows += [(run.node_of(scenario), name, float(value)) for name, value in zip(affected, loss, strict=True)]
    return pd.DataFrame(rows, columns=["disrupted", "affected", "loss"])


def _by_site(run: Run, scenario: int | None, sites: list[str]) -> tuple[Floats, Floats]:
    """Units asked and served, [site]."""
    number = {name: k for k, name in enumerate(sites)}
    asked, served = np.zeros(len(sites)), np.zeros(len(sites))
    for group, found in zip(run.network.groups, run.outcomes(scenario), strict=True):
        at = np.array([number[name] for name in place_names(group)], dtype=np.int64)
        np.add.at(asked, at, found.node_demand.sum(axis=1))
        np.add.at(served, at, found.node_served.sum(axis=1))
    return asked, served


def bullwhip_table(run: Run) -> pd.DataFrame:
    """echelon, nodes, ratio: variance of what the sites of an echelon order over the variance of what is asked of them.

    Echelons count from the customers; variances are over periods and replications, added over sites and items.
    """
    sums: dict[int, list[tuple[Floats, Floats]]] = defaultdict(list)
    sites: dict[int, set[str]] = defaultdict(set)
    for group, found in zip(run.network.groups, run.base, strict=True):
        names = group.graph.places or group.graph.nodes
        for node, echelon in enumerate(_echelons(group.graph)):
            if not group.graph.source[node]:
                sums[echelon].append((found.orders[node], found.asked[node]))
                sites[echelon].add(names[node])
    count = run.horizon * run.replications
    rows = [(_name(echelon), len(sites[echelon]), _ratio(sums[echelon], count)) for echelon in sorted(sums)]
    return pd.DataFrame(rows, columns=["echelon", "nodes", "ratio"])


def _ratio(sums: list[tuple[Floats, Floats]], count: int) -> float:
    """Of all items together, each weighing as its demand varies; NaN where none does."""
    orders, asked = (np.concatenate(parts) for parts in zip(*sums, strict=True))
    each, weight = bullwhip(orders, asked, count), np.maximum(asked[:, 1] / count - (asked[:, 0] / count) ** 2, 0.0)
    known = ~np.isnan(each)
    return float((each[known] * weight[known]).sum() / weight[known].sum()) if known.any() else float("nan")


def _echelons(graph: Graph) -> Ints:
    """[node]: lanes on the longest way down to a customer."""
    found = np.zeros(len(graph.nodes), dtype=np.int64)
    for lane in np.argsort(-graph.child, kind="stable"):
        found[graph.parent[lane]] = max(found[graph.parent[lane]], found[graph.child[lane]] + 1)
    return found


def _name(echelon: int) -> str:
    return SELLING if echelon == 0 else f"{echelon} above them"
