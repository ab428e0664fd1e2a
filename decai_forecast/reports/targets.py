"""Stock targets as CSV, for the participant's ERP."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from math import ceil
from typing import Any

from decai_forecast.errors import NotEnoughData

__all__ = ["COLUMNS", "stock_targets_csv"]

COLUMNS = ["site", "item", "uom", "service_type", "service_target", "safety_stock", "order_up_to", "valid_from", "reason"]
CYCLE_SERVICE = "A"  # type 1, the probability of no stock-out in a cycle (F would be the fill rate, type 2)
WHOLE = ("EA", "PCE", "ST")  # units that come whole
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so is run by spreadsheets


def stock_targets_csv(report: Mapping[str, Any], *, uom: str = "EA") -> str:
    """One row per stocked item, sorted by site and item; quantities in ``uom``, whole ones rounded up.

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
    target = f"{report['service']['target']:.4g}"
    for row in sorted(report["stock"]["rows"], key=lambda r: (r["location_id"], r["item_id"])):
        amounts = [_amount(row[name], uom) for name in ("safety_stock", "order_up_to_level")]
        site, item = _inert(row["location_id"]), _inert(row["item_id"])
        writer.writerow([site, item, _inert(uom), CYCLE_SERVICE, target, *amounts, report["as_of"], _reason(row)])
    return out.getvalue()


def _amount(value: float, uom: str) -> str:
    return str(ceil(round(value, 6))) if uom in WHOLE else f"{value:.3f}"


def _inert(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text


def _reason(row: Mapping[str, Any]) -> str:
    assumed = "; stock assumed" if row["on_hand_assumed"] else ""
    return f"quantile of simulated demand over lead time and review; P(stock-out) {row['p_stockout']:.2f}{assumed}"
