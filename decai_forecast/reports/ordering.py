"""The ordering rule of each stocked item, as an ERP takes it, and the orders that it places today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from decai_forecast.errors import NotEnoughData
from decai_forecast.reports.quantities import WHOLE, quantity

__all__ = ["OrderingRule", "ordering_rules"]

CYCLE_SERVICE = "A"  # type 1, the probability of no stock-out in a cycle; F is the fill rate, T the share of periods with stock


@dataclass(frozen=True)
class OrderingRule:
    """Look at what is on hand and on order, less what is owed, every ``review_days`` days. At or below the reorder point
    order up to the level: at least ``least``, in whole ``multiple``s (0: any quantity). Where reorder point and level are the
    same, that is an order whenever something is missing to the level.

    Quantities are in ``unit``, whole ones rounded up. ``safety_stock``: what the reorder point holds beyond the mean demand
    until an order arrives, for systems that plan by the forecast themselves. ``position``: on hand and on order today; None:
    not known.
    """

    site: str
    item: str
    supplier: str
    unit: str
    reorder_point: float
    order_up_to: float
    least: float
    multiple: float
    safety_stock: float
    lead_days: int
    review_days: int
    service_type: str
    service_target: float
    position: float | None
    reason: str

    @property
    def kind(self) -> str:
        """``order-up-to`` or ``min-max``."""
        return "min-max" if self.order_up_to > self.reorder_point else "order-up-to"

    @property
    def whole(self) -> bool:
        return self.unit in WHOLE

    @property
    def order_now(self) -> float:
        """What the rule orders today; 0 where nothing is to be ordered or the position is not known."""
        if self.position is None or self.position > self.reorder_point or self.position >= self.order_up_to:
            return 0.0
        return self.cut(self.order_up_to - self.position)

    def cut(self, quantity: float) -> float:
        """An order of a quantity as the supplier takes it."""
        wanted = max(quantity, self.least)
        if self.multiple > 0:
            wanted = ceil(round(wanted / self.multiple, 6)) * self.multiple
        return float(ceil(round(wanted, 6))) if self.whole else wanted


def ordering_rules(report: Mapping[str, Any]) -> tuple[OrderingRule, ...]:
    """One per stocked item, by site and item, in the item's unit.

    Raises :class:`NotEnoughData` for a report without simulation.
    """
    if report["stock"] is None:
        raise NotEnoughData(
            f"the report of {report['participant']}, round {report['round']}, has no simulation and so no stock targets"
        )
    return tuple(sorted(_rules(report), key=lambda rule: (rule.site, rule.item)))


def _rules(report: Mapping[str, Any]) -> Iterator[OrderingRule]:
    for row in (*report["stock"]["rows"], *report["stock"]["inner"]):
        unit = row["uom"]
        found = row["target"] or _of_the_policy(report, row)
        yield OrderingRule(
            site=row["location_id"], item=row["item_id"], supplier=found.get("source") or row.get("vendor", ""), unit=unit,
            reorder_point=quantity(found["reorder_point"], unit), order_up_to=quantity(found["level_proposed"], unit),
            least=quantity(found["order_least"], unit), multiple=found["order_multiple"],
            safety_stock=quantity(found["safety_stock"], unit),
            lead_days=row.get("lead_time", found["lead"]) * report["calendar"]["period_days"],
            review_days=found["review"] * report["calendar"]["period_days"], service_type=found["service_type"],
            service_target=found["service_target"], position=found["position"], reason=found["reason"],
        )  # fmt: skip


def _of_the_policy(report: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Where no target was found by simulation: the level of the policy that was simulated."""
    assumed = "; stock assumed" if row["on_hand_assumed"] else ""
    reason = f"quantile of simulated demand over lead time and review; P(stock-out) {row['p_stockout']:.2f}{assumed}"
    return {
        "reorder_point": row["order_up_to_level"], "level_proposed": row["order_up_to_level"], "order_least": 0.0,
        "order_multiple": 0.0, "safety_stock": row["safety_stock"], "review": 1, "lead": row["lead_time"],
        "service_type": CYCLE_SERVICE, "service_target": report["service"]["target"], "position": None, "reason": reason,
    }  # fmt: skip
