"""Stock targets and the orders to place now as CSV, for the participant's ERP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from decai_forecast.reports.csv_text import amount, csv_text, inert
from decai_forecast.reports.ordering import OrderingRule, ordering_rules

__all__ = ["COLUMNS", "ORDERS", "orders_csv", "stock_targets_csv"]

COLUMNS = [
    "site", "item", "uom", "rule", "reorder_point", "order_up_to", "minimum_order", "order_multiple", "review_days",
    "lead_time_days", "safety_stock", "service_type", "service_target", "valid_from", "reason",
]  # fmt: skip
ORDERS = ["supplier", "order_on", "expected_on", "site", "item", "uom", "quantity", "position", "order_up_to"]


def stock_targets_csv(report: Mapping[str, Any]) -> str:
    """One row per stocked item, sorted by site and item (:class:`OrderingRule` says what each column is); quantities in the
    item's unit, whole ones rounded up.

    Texts that a spreadsheet would run as a formula get a leading apostrophe. Raises :class:`NotEnoughData` for a report
    without simulation.
    """
    return csv_text(COLUMNS, [_row(rule, report["as_of"]) for rule in ordering_rules(report)])


def _row(rule: OrderingRule, valid_from: str) -> list[str]:
    names = [inert(rule.site), inert(rule.item), inert(rule.unit), rule.kind]
    amounts = [amount(value, rule.unit) for value in (rule.reorder_point, rule.order_up_to, rule.least, rule.multiple)]
    days = [str(rule.review_days), str(rule.lead_days), amount(rule.safety_stock, rule.unit)]
    return [*names, *amounts, *days, rule.service_type, f"{rule.service_target:.4g}", valid_from, inert(rule.reason)]


def orders_csv(report: Mapping[str, Any]) -> str:
    """What the rules of :func:`stock_targets_csv` order today, by supplier and the day it is expected; only of items whose
    stock was delivered."""
    rules = [rule for rule in ordering_rules(report) if rule.order_now > 0]
    today = date.fromisoformat(report["as_of"])
    rows = [_order(rule, today) for rule in rules]
    return csv_text(ORDERS, sorted(rows, key=lambda row: (row[0], row[2], row[3], row[4])))


def _order(rule: OrderingRule, today: date) -> list[str]:
    days = [today.isoformat(), (today + timedelta(days=rule.lead_days)).isoformat()]
    amounts = [amount(value, rule.unit) for value in (rule.order_now, rule.position or 0.0, rule.order_up_to)]
    return [inert(rule.supplier), *days, inert(rule.site), inert(rule.item), inert(rule.unit), *amounts]
