"""The parts of the report that come from the simulation: exposure, service, stock, stock targets, bullwhip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.reports.facts import ReportFacts
from decai_forecast.reports.json_values import records
from decai_forecast.reports.quantities import USUAL
from decai_forecast.simulation import FAILURE_LEVEL, RECOVERY_LEVEL, Simulation
from decai_forecast.simulation.measures import POINT

__all__ = [
    "CHOSEN",
    "OUTSIDE",
    "bullwhip",
    "empty",
    "exposure",
    "money",
    "outage_days",
    "policy",
    "service",
    "stock",
    "what_if",
]

RIPPLES = 0.01  # of a node's service: less is not told
CHOSEN = "combined"  # what ships
OUTSIDE = "moving_average"  # what the other forecasts are measured against


def outage_days(found: Simulation, facts: ReportFacts) -> int:
    """How long the worst node is down, in days."""
    return round(float(found.worst.get("node_ttr_days", facts.assumptions.supplier_outage_days)))


def exposure(found: Simulation, facts: ReportFacts) -> dict[str, Any]:
    last = found.service.iloc[-1]
    return {
        "worst": found.worst_node,
        "hhi": found.hhi,
        "outage_days": outage_days(found, facts),
        "outage_periods": found.outage_periods,
        "horizon_days": found.horizon * found.period_days,
        "followed_days": found.followed * found.period_days,
        "undisturbed_fill_rate": found.undisturbed,
        "cut_short": bool(last["down_mean"] < last["base_mean"] - POINT),
        "nodes": records(found.exposure),
        "ripple": _ripple(found.ripple),
    }


def what_if(found: Simulation) -> dict[str, Any] | None:
    """The scenario as it was simulated, shock by shock, and what it costs in the mean where its probability is known; None
    for a night's own report."""
    if not found.scenario or found.case is None:
        return None
    case, worst = found.case, found.worst
    names = ("kind", "node", "items", "factor", "start", "days", "text")
    chance = float("nan") if case.probability is None else case.probability
    return {
        "name": case.name,
        "probability": case.probability,
        "notes": list(case.notes),
        "shocks": [{name: getattr(shock, name) for name in names} for shock in case.shocks],
        "expected_lost_units": chance * worst["lost_units"],
        "expected_lost_value": chance * worst["lost_value"],
    }


def _ripple(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Whom an outage reaches, the largest loss of service first; a node's own outage is no ripple."""
    if table.empty:
        return []
    reached = table[(table["loss"] > RIPPLES) & (table["disrupted"] != table["affected"])]
    return records(reached.sort_values(["loss", "disrupted", "affected"], ascending=[False, True, True]))


def service(found: Simulation) -> dict[str, Any]:
    return {
        "fill_rate": found.fill_rate,
        "lost_units": found.lost_units,
        "target": found.service_target,
        "failure_level": FAILURE_LEVEL,
        "recovery_level": RECOVERY_LEVEL,
        "likely_stockouts": int((found.series["p_stockout"] > 0.5).sum()),
        "periods": records(found.service),
    }


def stock(found: Simulation, units: Mapping[str, str]) -> dict[str, Any]:
    """Every stocked item, the largest expected loss first, with its proposed target or null; ``inner``: targets of sites that
    only supply others. ``units``: item -> unit, of which each row has its own."""
    targets = {(row["location_id"], row["item_id"]): row for row in records(found.targets)}
    rows = records(found.series.sort_values("expected_lost_units", ascending=False, kind="stable"))
    for row in rows:
        row["uom"] = units.get(row["item_id"], USUAL)
        target = targets.get((row["location_id"], row["item_id"]))
        row["target"] = target and {name: value for name, value in target.items() if name not in SERIES}
    sold = {(row["location_id"], row["item_id"]) for row in rows}
    inner = [row for key, row in sorted(targets.items()) if key not in sold]
    priced = [
        {name: row[name] for name in SERIES}
        | {"uom": units.get(row["item_id"], USUAL), "target": {n: v for n, v in row.items() if n not in SERIES}}
        for row in inner
    ]
    return {
        "rows": rows,
        "inner": priced,
        "policy": policy(found),
        "empty": empty(found),
        "stockouts": dict(found.stockouts) or None,
    }


def empty(found: Simulation) -> dict[str, Any] | None:
    """Shelves that the last count found empty, and their share of the forecast demand; None where no shelf was counted."""
    counted = found.series[~found.series["on_hand_assumed"]]
    if counted.empty:
        return None
    gone, demand = counted["on_hand"] <= 0, float(counted["demand"].sum())
    share = float(counted.loc[gone, "demand"].sum()) / demand if demand > 0 else 0.0
    return {"count": int(gone.sum()), "counted": len(counted), "share": share}


def policy(found: Simulation) -> dict[str, Any] | None:
    """All proposed targets together: cost per period and fill rate, now and proposed; None where none were computed.

    ``compared``: the series whose level today is known; cost and fill rate are theirs. Where none is known, those proposed are
    of all series, and those of today NaN.
    """
    if found.targets.empty:
        return None
    table = found.targets.merge(found.series[[*SERIES, "demand"]], on=SERIES, how="left")
    known = table[table["cost_now"].notna() & table["cost_proposed"].notna()]
    priced = table if known.empty else known
    now = float("nan") if known.empty else float(known["cost_now"].sum())
    proposed = float(priced["cost_proposed"].sum(skipna=False))
    return {
        "series": len(table),
        "compared": len(known),
        "changed": int((known["level_now"].round() != known["level_proposed"].round()).sum()),
        "cost_now": now,
        "cost_proposed": proposed,
        "saving": now - proposed,
        "fill_rate_now": _served(known, "fill_rate_now"),
        "fill_rate_proposed": _served(priced, "fill_rate_proposed"),
        "held_out": dict(found.held_out) or None,
    }


def _served(table: pd.DataFrame, name: str) -> float:
    """Fill rate of all series together; NaN where there is none, or no demand."""
    asked = table[table["demand"] > 0]
    total = float(asked["demand"].sum())
    return float((asked[name] * asked["demand"]).sum(skipna=False) / total) if total > 0 else float("nan")


def bullwhip(found: Simulation) -> list[dict[str, Any]]:
    return records(found.bullwhip)


def money(found: Simulation) -> list[dict[str, Any]]:
    """Cost per period of ordering by each forecast, and what it saves against a moving average with the same rule."""
    rows = records(found.money)
    outside = next((row["cost"] for row in rows if row["forecast"] == OUTSIDE), float("nan"))
    return [row | {"saving": outside - row["cost"]} for row in rows]
