"""Exposure: what happens when each supplier and site is down, one at a time, under today's policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.simulation.measures import (
    POINT,
    first_failure,
    in_failure,
    loss_of_service,
    low_quantile,
    served,
    service_recovery,
)
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.reach import items_through, outside_demand, share_through, sole_items
from decai_forecast.simulation.network.supply import SUPPLIER, Place
from decai_forecast.simulation.result import FAILURE_LEVEL, RECOVERY_LEVEL
from decai_forecast.simulation.shocks.compiled import periods_of
from decai_forecast.simulation.tables.run import Run, lost, served_share

__all__ = ["WHAT_IF", "exposure_table"]

WHAT_IF = "scenario"  # kind of a row that is no single place's outage
HALF = 0.5  # of the replications: by when so many have failed, and by when so many have failed and are over it


def exposure_table(run: Run, response: pd.DataFrame | None) -> pd.DataFrame:
    """One row per scenario, the worst first; columns as in :class:`Simulation`. ``response``: of :func:`best_response`, which
    answers outages as long as the places' time to recover; None for a what-if.

    The worst is the one that loses most value, or most units where a value is unknown.
    """
    table = pd.DataFrame([_row(run, scenario) for scenario in range(len(run.scenarios))])
    by = "lost_units" if table["lost_value"].isna().any() else "lost_value"
    largest = float(table[by].max())
    table["rei"] = table[by].clip(lower=0) / largest if largest > 0 else 0.0
    if response is not None:
        table = _at_best(table.merge(response.drop(columns=["kind", "node_ttr_days"]), on="node", how="left"))
    return table.sort_values([by, "node"], ascending=[False, True], ignore_index=True)


def _at_best(table: pd.DataFrame) -> pd.DataFrame:
    """Today's way of ordering is a response, too: the best one never loses more (the program leaves out what the best would
    lose anyway, which can be less than what today's does)."""
    found = table.assign(**{
        f"pi_lp_{what}": np.fmin(table[f"pi_lp_{what}"], table[f"lost_{what}"].clip(lower=0.0)) for what in ("units", "value")
    })  # fmt: skip
    impact = found["pi_lp_units" if found["pi_lp_value"].isna().any() else "pi_lp_value"]
    largest = float(impact.max())
    return found.assign(rei_lp=impact / largest if largest > 0 else 0.0)


def _row(run: Run, scenario: int) -> dict[str, Any]:
    place = run.place_of(scenario)
    facts = {"scenario": scenario, "node": run.node_of(scenario), "kind": place.kind if place else WHAT_IF}
    span = {"followed_days": (run.network.periods - _span(run, scenario)[0]) * run.network.calendar.days}
    return facts | _reach(run, scenario, place) | span | _affected(run, scenario) | _totals(run, scenario)


def _reach(run: Run, scenario: int, place: Place | None) -> dict[str, Any]:
    """How much depends on the place: share of volume, items, items that nobody else can supply."""
    down = _days(run, scenario)
    if place is None:
        items = {run.network.groups[hit.group].stages.items[k] for hit in run.hits[scenario] for k in hit.items}
        return {"share": np.nan, "items": len(items), "single_source_items": 0, "node_ttr_days": down, "sells": False}
    return {
        "share": _share(run, place),
        "items": len(items_through(run.network, place.name)),
        "single_source_items": len(sole_items(run.network, place.name)),
        "node_ttr_days": down,
        "sells": _sells(run, place),
    }


def _sells(run: Run, place: Place) -> bool:
    """Whether customers buy at the place itself: while it is down they get nothing, whatever it holds."""
    groups = run.network.groups
    return any(bool(outside_demand(group)[np.isin(group.graph.demand, group.graph.at(place.name))].any()) for group in groups)


def _share(run: Run, place: Place) -> float:
    """Of what all suppliers ship, or of what customers buy: what goes through the place."""
    through = whole = 0.0
    for group in run.network.groups:
        graph, flow, bought = group.graph, group.stages.throughput.sum(axis=1), outside_demand(group)
        if place.kind == SUPPLIER:
            through, whole = through + float(flow[graph.at(place.name)].sum()), whole + float(flow[graph.source].sum())
        else:
            through, whole = through + float((bought * share_through(group, place.name)).sum()), whole + float(bought.sum())
    return through / whole if whole > 0 else 0.0


def _affected(run: Run, scenario: int) -> dict[str, Any]:
    """Items whose fill rate falls by more than a point, and the margin lost."""
    items, value = 0, 0.0
    for g in run.touched(scenario):
        base, down = run.swept.base[g], run.swept.scenarios[scenario][g]
        before, after = base.demand - base.served, down.demand - down.served
        items += int(((after - before).sum(axis=0) > POINT * down.demand.sum(axis=0)).sum())
        group = run.network.groups[g]
        margin = group.stages.value[group.graph.demand]
        value += float(np.where(down.demand > 0, (after - before) * margin, 0.0).sum()) / run.replications
    return {"items_affected": items, "lost_value": value}


def _totals(run: Run, scenario: int) -> dict[str, float]:
    groups, down = run.touched(scenario), run.swept.scenarios[scenario]
    shape = run.asked.shape
    extra = np.asarray(sum((lost(down[g]) - lost(run.swept.base[g]) for g in groups), np.zeros(shape))).sum(axis=0)
    asked, gone = (np.asarray(sum((f(down[g]) for g in groups), np.zeros(shape))) for f in (_asked, lost))
    whole = float(sum(found.total_demand.sum() for found in down))
    missing = float(sum(lost(found).sum() for found in down))
    return {
        "lost_units": float(extra.mean()),
        "lost_units_se": float(extra.std(ddof=min(1, run.replications - 1)) / run.replications**0.5),
        "fill_rate": float(served(asked.sum(), gone.sum())),
        "network_fill_rate": float(served(np.float64(whole), np.float64(missing))),
    } | _times(run, scenario, served_share(asked, asked - gone), _usual(run, groups, shape))


def _usual(run: Run, groups: Sequence[int], shape: tuple[int, ...]) -> Floats:
    """[period, replication]: service of the groups' items without the scenario."""
    base = [run.swept.base[g] for g in groups]
    asked, gone = (np.asarray(sum((f(found) for found in base), np.zeros(shape))) for f in (_asked, lost))
    return served_share(asked, asked - gone)


def _asked(found: Any) -> Floats:
    return np.asarray(found.total_demand)


def _times(run: Run, scenario: int, service: Floats, usual: Floats) -> dict[str, float]:
    """When service of the items hit fails and comes back, from the scenario's start; both [period, replication]."""
    start, days = _span(run, scenario)[0], run.network.calendar.days
    failed = in_failure(service[start:], FAILURE_LEVEL, RECOVERY_LEVEL, usual[start:])
    first, recovery = first_failure(failed), service_recovery(failed)
    area, depth = loss_of_service(service[start:], np.minimum(usual[start:], RECOVERY_LEVEL), days)
    back = np.where(np.isnan(recovery) | ~failed.any(axis=0), np.inf, recovery)
    never = np.mean(failed.any(axis=0)) < HALF
    return {
        "tts_p10": float(low_quantile(first, 0.1)),
        "tts_p50": float(low_quantile(first, HALF)),
        "service_recovery_days": 0.0 if never else float(low_quantile(back, HALF)) * days,
        "loss_of_service": float(area.mean()),
        "max_depth": float(depth.mean()),
    }


def _days(run: Run, scenario: int) -> float:
    """How long the scenario lasts, among the periods that are simulated."""
    first, end = _span(run, scenario)
    lengths = [shock.length for shock in run.scenarios[scenario].shocks]
    whole = (end - first) * run.network.calendar.days
    return float(min(lengths[0], whole) if len(lengths) == 1 and lengths[0] is not None else whole)


def _span(run: Run, scenario: int) -> tuple[int, int]:
    """The first period of a scenario, and the first after it."""
    spans = [periods_of(shock, run.network) for shock in run.scenarios[scenario].shocks]
    return min(first for first, _ in spans), max(end for _, end in spans)
