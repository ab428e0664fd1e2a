"""Ordering rules in the columns that other systems import.

Each preset says what the system itself will order, since no two read a minimum in the same way:

* Odoo orders what lacks to the maximum once the forecast quantity is *below* the minimum, rounded up to a multiple.
* ERPNext orders the reorder quantity, or what lacks to the reorder level if that is more, once the projected quantity is *at or
  below* the level.
* frePPLe nets the forecast itself and keeps a buffer's minimum in stock; minimum and multiple belong to the item's supplier.

Sources of the columns and the rules: docs/how-to/report.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from decai_forecast.errors import ConfigError
from decai_forecast.reports.csv_text import amount, csv_text, inert
from decai_forecast.reports.ordering import OrderingRule, ordering_rules

__all__ = ["SYSTEMS", "erp_files"]

LEVELS = "Reorder level based on Warehouse"  # ERPNext's child table of an item
ODOO = ["product_id", "location_id", "product_min_qty", "product_max_qty", "qty_multiple", "trigger"]
ERPNEXT = ["ID", *(f"{name} ({LEVELS})" for name in ("Request for", "Re-order Level", "Re-order Qty", "Material Request Type"))]
BUFFERS = ["item", "location", "minimum"]
SUPPLIERS = ["supplier", "item", "location", "leadtime", "size_minimum", "size_multiple", "batchwindow"]
ONE_DAY = 1


def erp_files(report: Mapping[str, Any], system: str) -> dict[str, str]:
    """File name -> CSV for ``odoo``, ``erpnext`` or ``frepple``. Raises :class:`ConfigError` for another system and
    :class:`NotEnoughData` for a report without simulation."""
    if system not in SYSTEMS:
        raise ConfigError(
            f"there is no export for {system!r}; there are {', '.join(SYSTEMS)}, and stock_targets.csv for others"
        )
    return SYSTEMS[system](ordering_rules(report))


def _odoo(rules: Sequence[OrderingRule]) -> dict[str, str]:
    return {"stock.warehouse.orderpoint.csv": csv_text(ODOO, map(_orderpoint, rules))}


def _orderpoint(rule: OrderingRule) -> list[str]:
    step = 1.0 if rule.whole else 0.001  # at the reorder point is below a minimum that is one step higher
    least = rule.order_up_to if rule.kind == "order-up-to" else min(rule.reorder_point + step, rule.order_up_to)
    numbers = [amount(value, rule.unit) for value in (least, max(rule.order_up_to, least), max(rule.multiple, 0.0))]
    return [inert(rule.item), inert(rule.site), *numbers, "auto"]


def _erpnext(rules: Sequence[OrderingRule]) -> dict[str, str]:
    return {"item_reorder.csv": csv_text(ERPNEXT, map(_reorder, rules))}


def _reorder(rule: OrderingRule) -> list[str]:
    """It orders at or below the level and no more than the larger of quantity and shortfall, so that the level is what the
    position must not fall below, and the quantity the least order."""
    step = 1.0 if rule.whole else 0.001
    quantity = rule.cut(max(rule.order_up_to - rule.reorder_point, rule.least, step))
    numbers = [amount(value, rule.unit) for value in (rule.reorder_point, quantity)]
    return [inert(rule.item), inert(rule.site), *numbers, "Purchase"]


def _frepple(rules: Sequence[OrderingRule]) -> dict[str, str]:
    bought = [rule for rule in rules if rule.supplier]
    buffers = [[inert(rule.item), inert(rule.site), amount(rule.safety_stock, rule.unit)] for rule in rules]
    return {"buffer.csv": csv_text(BUFFERS, buffers), "itemsupplier.csv": csv_text(SUPPLIERS, map(_supplier, bought))}


def _supplier(rule: OrderingRule) -> list[str]:
    numbers = [amount(value, rule.unit) for value in (rule.least, rule.multiple)]
    names = [inert(name) for name in (rule.supplier, rule.item, rule.site)]
    return [*names, f"{rule.lead_days} 00:00:00", *numbers, f"{max(rule.review_days, ONE_DAY)} 00:00:00"]


SYSTEMS: Mapping[str, Callable[[Sequence[OrderingRule]], dict[str, str]]] = {
    "odoo": _odoo,
    "erpnext": _erpnext,
    "frepple": _frepple,
}
