"""What to do first: the few items and suppliers where something done now changes most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.reports.quantities import USUAL, quantity
from decai_forecast.simulation import RECOVERY_LEVEL, Simulation
from decai_forecast.simulation.network.supply import SUPPLIER

__all__ = ["UNKNOWN", "actions"]

SHOWN = 5  # items: what fits into a Monday morning
UNKNOWN = "unknown"  # suppliers that nobody named
EMPTY_FIRST = 3  # of them shelves that are empty, before larger gains elsewhere
MOVED = 0.01  # of a level: a smaller change is not worth the work


def actions(found: Simulation, units: Mapping[str, str]) -> list[dict[str, Any]]:
    """The items to set, empty shelves and then the largest gain first, and the supplier to find a second source for.

    ``kind``: ``set_level`` (gain: money per period), ``order_first`` and ``hold_more`` (gain: units not lost over the horizon)
    or ``second_source`` (gain: units lost in the outage). ``level``: the order-up-to level to set, in ``uom``, the item's unit.
    """
    compared = not found.targets.empty and bool(found.targets["cost_now"].notna().any())
    rows = list(_levels(found)) if compared else list(_stock(found))
    return [_told(row, units) for row in (*rows[:SHOWN], *_second_source(found))]


def _told(row: dict[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    uom = units.get(row["item_id"], USUAL)
    return row | {"uom": uom, "level": quantity(row["level"], uom)}


def _levels(found: Simulation) -> Iterable[dict[str, Any]]:
    table = found.targets.merge(found.series[[*SERIES, "vendor", "on_hand"]], on=SERIES, how="left")
    table = table.assign(gain=table["cost_now"] - table["cost_proposed"], vendor=table["vendor"].fillna(""))
    moved = table[(table["level_proposed"] - table["level_now"]).abs() > MOVED * table["level_now"].abs()]
    bare = _largest(moved[(moved["on_hand"] <= 0) & (moved["level_proposed"] > moved["level_now"])])[:EMPTY_FIRST]
    named = {(row["location_id"], row["item_id"]) for row in bare}
    rest = [row for row in _largest(moved) if (row["location_id"], row["item_id"]) not in named]
    for row in (*bare, *rest):
        yield _row("set_level", row, level=row["level_proposed"], before=row["level_now"])


def _stock(found: Simulation) -> Iterable[dict[str, Any]]:
    """Where service today is low the items that cause it, otherwise those that the worst outage would hit hardest."""
    if found.fill_rate < RECOVERY_LEVEL:
        kind, table = "order_first", found.series.assign(gain=found.series["expected_lost_units"])
    else:
        kind, table = "hold_more", found.series.assign(gain=found.series["down_lost_units"])
        hit = table["vendor"] == found.worst_node
        table = table[hit] if hit.any() else table
    for row in _largest(table):
        level = row["order_up_to_level"]
        extra = row["gain"] if kind == "hold_more" else 0.0  # what the outage costs in the mean is what more it takes
        yield _row(kind, row, level=level + extra, before=level if extra else float("nan"))


def _largest(table: pd.DataFrame) -> list[dict[str, Any]]:
    ordered = table[table["gain"] > 0].sort_values(["gain", *SERIES], ascending=[False, True, True]).head(SHOWN)
    return [{str(name): value for name, value in row.items()} for row in ordered.to_dict("records")]


def _row(kind: str, row: dict[str, Any], *, level: float, before: float) -> dict[str, Any]:
    return {
        "kind": kind,
        "location_id": row["location_id"],
        "item_id": row["item_id"],
        "vendor": row["vendor"],
        "on_hand": float(row["on_hand"]),
        "level_now": float(before),
        "level": float(level),
        "gain": float(row["gain"]),
    }


def _second_source(found: Simulation) -> Iterable[dict[str, Any]]:
    """For the items that only the supplier of the worst case delivers."""
    worst = found.worst
    if worst["kind"] == SUPPLIER and worst["node"] != UNKNOWN and worst["single_source_items"] and worst["lost_units"] > 0:
        nothing = {"location_id": "", "item_id": "", "vendor": worst["node"], "on_hand": float("nan")}
        gain = {"gain": float(worst["lost_units"])}
        yield _row("second_source", nothing | gain, level=float("nan"), before=float("nan"))
