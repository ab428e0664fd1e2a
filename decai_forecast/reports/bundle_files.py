"""The files of a report and their media types."""

from __future__ import annotations

__all__ = ["MANIFEST", "REPORT_FILES", "SIGNATURE"]

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
REPORT_FILES = {  # name -> media type
    "report.html": "text/html; charset=utf-8",
    "report.json": "application/json",
    "stock_targets.csv": "text/csv; charset=utf-8",
    "orders.csv": "text/csv; charset=utf-8",
    "days_of_supply.json": "application/json",
    MANIFEST: "application/json",
    SIGNATURE: "application/json",
}
