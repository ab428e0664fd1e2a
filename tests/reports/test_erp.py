"""Ordering rules for ERPs: in the columns they import, and as good as promised when the system itself orders by them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import examples
import numpy as np
import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.reports import build_report, erp_files, orders_csv, stock_targets_csv
from decai_forecast.reports.erp import SYSTEMS
from decai_forecast.reports.ordering import OrderingRule

DAYS, LEAD, MEAN = 3000, 7, 40.0
RULES = {
    "order-up-to": (390.0, 390.0, 0.0, 0.0),  # covers seven days of N(40, 15) 99 % of the time
    "min and max": (390.0, 600.0, 0.0, 0.0),
    "minimum and lots": (390.0, 390.0, 100.0, 24.0),
}


def rule(reorder: float, level: float, least: float, multiple: float) -> OrderingRule:
    return OrderingRule(
        "shop", "bolt", "Acme", "EA", reorder, level, least, multiple, reorder - MEAN * LEAD, LEAD, 1, "F", 0.98, 120.0, ""
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def odoo(files: dict[str, str]) -> Callable[[float], float]:
    """Odoo's scheduler: below the minimum, to the maximum, rounded up to the multiple (stock_orderpoint.py)."""
    found = rows(files["stock.warehouse.orderpoint.csv"])[0]
    least, most, lot = (float(found[name]) for name in ("product_min_qty", "product_max_qty", "qty_multiple"))

    def order(forecast: float) -> float:
        wanted = max(least, most) - forecast if forecast < least else 0.0
        return float(np.ceil(wanted / lot) * lot) if lot and wanted else wanted

    return order


def erpnext(files: dict[str, str]) -> Callable[[float], float]:
    """ERPNext's auto re-order: at or below the level, the larger of quantity and deficiency (reorder_item.py)."""
    found = {name.partition(" (")[0]: value for name, value in rows(files["item_reorder.csv"])[0].items()}
    level, quantity = float(found["Re-order Level"]), float(found["Re-order Qty"])
    return lambda projected: max(quantity, level - projected) if projected <= level else 0.0


def frepple(files: dict[str, str]) -> Callable[[float], float]:
    """frePPLe: nets the mean forecast until an order placed tomorrow would arrive, keeps the buffer's minimum."""
    least, bought = float(rows(files["buffer.csv"])[0]["minimum"]), rows(files["itemsupplier.csv"])[0]
    days = int(bought["leadtime"].split()[0])
    size, lot = float(bought["size_minimum"]), float(bought["size_multiple"])

    def order(position: float) -> float:
        missing = least + MEAN * days - position
        wanted = max(missing, size) if missing > 0 else 0.0
        return float(np.ceil(wanted / lot) * lot) if lot and wanted else wanted

    return order


PLAYED = {"odoo": odoo, "erpnext": erpnext, "frepple": frepple}


def service(order: Callable[[float], float]) -> float:
    """What a system serves that orders every night: demand first, lost where nothing is left, then an order."""
    demand = np.maximum(np.random.default_rng(0).normal(MEAN, 15, DAYS), 0)
    on_hand, coming, served = 390.0, np.zeros(DAYS + LEAD + 1), 0.0
    for day in range(DAYS):
        on_hand += coming[day]
        sold = min(on_hand, demand[day])
        on_hand, served = on_hand - sold, served + sold
        coming[day + LEAD] += order(on_hand + coming[day + 1 :].sum())
    return served / float(demand.sum())


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_exported_rule_serves_what_it_promises_there(system: str, name: str) -> None:
    """Each system orders by its own reading of the columns; none serves less than the rule."""
    found = SYSTEMS[system]([rule(*RULES[name])])
    assert service(PLAYED[system](found)) > 0.985


def test_the_safety_stock_is_no_minimum() -> None:
    """What was read as min and max before: it serves a good deal less."""
    safety, level = 110.0, 390.0
    assert service(lambda position: level - position if position <= safety else 0.0) < 0.8


@pytest.mark.parametrize("name", RULES)
def test_columns_are_those_that_the_systems_import(name: str) -> None:
    """Odoo: fields of stock.warehouse.orderpoint; ERPNext: Item with its child table; frePPLe: buffer and itemsupplier."""
    files = {system: SYSTEMS[system]([rule(*RULES[name])]) for system in SYSTEMS}
    assert list(rows(files["odoo"]["stock.warehouse.orderpoint.csv"])[0])[:5] == [
        "product_id", "location_id", "product_min_qty", "product_max_qty", "qty_multiple",
    ]  # fmt: skip
    assert "Re-order Level (Reorder level based on Warehouse)" in rows(files["erpnext"]["item_reorder.csv"])[0]
    assert set(rows(files["frepple"]["buffer.csv"])[0]) <= {"item", "location", "minimum"}
    assert rows(files["frepple"]["itemsupplier.csv"])[0]["leadtime"] == "7 00:00:00"


def test_all_items_of_a_report_are_exported() -> None:
    report = build_report(examples.facts())
    for system in SYSTEMS:
        first = next(iter(erp_files(report, system).values()))
        assert len(rows(first)) == len(rows(stock_targets_csv(report)))
    with pytest.raises(ConfigError, match="there is no export for 'sap'; there are odoo, erpnext, frepple"):
        erp_files(report, "sap")


def test_orders_to_place_now_are_what_lacks_to_the_level() -> None:
    """By supplier and the day they are expected, cut to minimum and lot; nothing where the stock is not known."""
    known = rule(*RULES["minimum and lots"])
    assert known.order_now == 288.0  # 270 in lots of 24
    assert replace(known, position=None).order_now == 0.0
    assert replace(known, position=391.0).order_now == 0.0
    assert replace(known, position=389.0).order_now == 120.0  # at least 100


def test_orders_of_a_report_are_dated_and_sorted() -> None:
    report = build_report(examples.facts())
    for row in report["stock"]["rows"]:
        row["target"] = {**TARGET, "position": 10.0}
    found = rows(orders_csv(report))
    assert len(found) == len(report["stock"]["rows"])
    assert [row["supplier"] for row in found] == sorted(row["supplier"] for row in found)
    assert all(row["quantity"] == "90" and row["order_on"] < row["expected_on"] for row in found)


TARGET = {
    "reorder_point": 100.0, "level_proposed": 100.0, "order_least": 0.0, "order_multiple": 0.0, "safety_stock": 20.0,
    "review": 1, "lead": 2, "service_type": "A", "service_target": 0.9, "reason": "",
}  # fmt: skip
