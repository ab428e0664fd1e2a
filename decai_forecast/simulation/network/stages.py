"""Per item what a graph does not say: bills of material, lead times, stock, policies, capacities, costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from decai_forecast.simulation.network.graph import Floats, Graph, Ints

__all__ = ["Group", "Stages"]

PER_ITEM = ("quantity", "share", "lead", "stock", "transit", "level", "capacity", "throughput", "holding", "shortage", "value")


@dataclass(frozen=True)
class Stages:
    """Arrays over nodes (or lanes) and items; units are those of the item at that node, times are periods.

    The decision to order sees the period's demand (order after demand), so that an order-up-to level protects ``lead``
    periods with a review in every period; in the order-first literature the same level protects one more.
    """

    items: tuple[str, ...]
    quantity: Floats  # [lane, item]: units of the parent's product in one unit of the child's (bill of material)
    share: Floats  # [lane, item]: of the component's orders; sums to 1 over the alternatives of a component
    lead: Ints  # [lane, item]: periods from shipping to arrival, >= 0
    lead_late: Floats | None  # [lane, item, k]: probability that a shipment takes k periods more; None: none is ever late
    stock: Floats  # [node, item]: on hand at the start; 0 for sources
    transit: Floats  # [lane, item, period]: arrives in that period, ordered before the start; in units of the parent
    level: Floats  # [node, item, period] or [node, item, 1]: order-up-to level of the inventory position
    review: Ints  # [node]: orders in periods 0, review, 2 review ...
    capacity: Floats  # [node, item]: units it can ship per period; infinity: no limit
    throughput: Floats  # [node, item]: units it ships per period in normal times; what a capacity shock is a share of
    holding: Floats  # [node, item]: cost per unit on hand and period; goods in transit cost their parent's rate
    shortage: Floats  # [node, item]: cost per unit short and period (backorders), or per unit lost (lost sales)
    value: Floats  # [node, item]: margin lost with a unit of demand; NaN: unknown
    lead_streak: Floats | None = None  # [lane, item]: correlation of successive shipments' lateness, 0..1; None: none


@dataclass(frozen=True)
class Group:
    """Items that share one topology; a participant's network is a sequence of groups."""

    graph: Graph
    stages: Stages

    def only(self, items: Ints) -> Group:
        """Some of the items (positions)."""
        stages = self.stages
        cut: dict[str, Any] = {name: getattr(stages, name)[:, items] for name in PER_ITEM}
        late, streak = (None if of is None else of[:, items] for of in (stages.lead_late, stages.lead_streak))
        names = tuple(stages.items[k] for k in items)
        return Group(self.graph, Stages(items=names, lead_late=late, review=stages.review, lead_streak=streak, **cut))
