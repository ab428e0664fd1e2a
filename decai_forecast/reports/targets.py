"""Stock targets as CSV, for the participant's ERP: as found by simulation, else those of the simulated policy."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from math import ceil
from typing import Any

from decai_forecast.errors import NotEnoughData
from decai_forecast.reports.changes import proposed

__all__ = ["COLUMNS", "stock_targets_csv"]

COLUMNS = ["site", "item", "uom", "service_type", "service_target", "safety_stock", "order_up_to", "valid_from", "reason"]
CYCLE_SERVICE = "A"  # type 1, the probability of no stock-out in a cycle; F is the fill rate, type 2
WHOLE = ("EA", "PCE", "ST")  # units that come whole
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so is run by spreadsheets


def stock_targets_csv(report: Mapping[str, Any], *, uom: str = "EA", units: Mapping[str, str] | None = None) -> str:
    """One row per stocked item, sorted by site and item; quantities in the item's unit (``units``, else ``uom``),
    whole ones rounded up.

    Texts that a spreadsheet would run as a formula get a leading apostrophe. Raises :class:`NotEnoughData` for a report
    without simulation.
    """
    if report["stock"] is None:
        raise NotEnoughData(
            f"the report of {report['participant']}, round {report['round']}, has no simulation and so no stock targets"
        )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted([*report["stock"]["rows"], *report["stock"]["inner"]], key=lambda r: (r["location_id"], r["item_id"])):
        found = row["target"] or {"service_type": CYCLE_SERVICE, "service_target": report["service"]["target"]}
        level = [found["service_type"], f"{found['service_target']:.4g}"]
        unit = (units or {}).get(row["item_id"], uom)
        amounts = [_amount(value, unit) for value in proposed(row).values()]
        names = [_inert(text) for text in (row["location_id"], row["item_id"], unit)]
        writer.writerow([*names, *level, *amounts, report["as_of"], _inert(found.get("reason") or _reason(row))])
    return out.getvalue()


def _amount(value: float, uom: str) -> str:
    return str(ceil(round(value, 6))) if uom in WHOLE else f"{value:.3f}"


def _inert(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text


def _reason(row: Mapping[str, Any]) -> str:
    assumed = "; stock assumed" if row["on_hand_assumed"] else ""
    return f"quantile of simulated demand over lead time and review; P(stock-out) {row['p_stockout']:.2f}{assumed}"
