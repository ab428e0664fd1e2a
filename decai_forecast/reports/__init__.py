"""The resilience report of a participant: facts as JSON, a page without scripts, stock targets for its ERP, a manifest.

Importing this is light: Matplotlib, Jinja and the JSON Schema validator are loaded by the functions that need them.
"""

from decai_forecast.reports.erp import erp_files
from decai_forecast.reports.facts import Delivery, Fan, Left, Planning, Quality, ReportFacts, RosterFacts
from decai_forecast.reports.manifest import manifest
from decai_forecast.reports.page import render_html
from decai_forecast.reports.report import build_report
from decai_forecast.reports.targets import orders_csv, stock_targets_csv

__all__ = [
    "Delivery",
    "Fan",
    "Left",
    "Planning",
    "Quality",
    "ReportFacts",
    "RosterFacts",
    "build_report",
    "erp_files",
    "manifest",
    "orders_csv",
    "render_html",
    "stock_targets_csv",
]
