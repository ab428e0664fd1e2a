"""Per item what a graph does not say: bills of material, lead times, stock, policies, capacities, costs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from decai_forecast.simulation.network.graph import Bools, Floats, Graph, Ints

__all__ = ["Group", "OrderRule", "Settling", "Stages"]

PER_ITEM = ("quantity", "share", "lead", "stock", "transit", "level", "capacity", "throughput", "holding", "shortage", "value")


@dataclass(frozen=True)
class OrderRule:
    """How an order is cut to what a supplier takes; all arrays are [node, item], in the node's own units.

    A node orders what its position lacks to the level, if that is at least ``gap``; at least ``least`` units, rounded up to a
    ``multiple``. With a level S and a gap of S - s this is an (s, S) policy, min and max; with a multiple of Q (r, Q).
    """

    gap: Floats  # the least shortfall below the level that is ordered; 0: any
    least: Floats  # minimum order; 0: none
    multiple: Floats  # orders are whole multiples of it; 0: any quantity
    cost: Floats  # of placing an order, whatever its quantity

    @classmethod
    def none(cls, nodes: int, items: int) -> OrderRule:
        """Any quantity at any time, at no cost of its own."""
        return cls(*(np.zeros((nodes, items)) for _ in range(4)))

    def only(self, items: Ints) -> OrderRule:
        """Some of the items (positions)."""
        return OrderRule(*(getattr(self, field.name)[:, items] for field in fields(self)))


@dataclass(frozen=True)
class Settling:
    """What a simulation starts from where stock was not counted: the steady state of the policy under mean demand, from which
    it runs ``periods`` before the first one."""

    periods: Ints  # [item]: 0 where everything was counted
    stock: Floats  # [node, item]: on hand
    transit: Floats  # [lane, item, period]: arrives in that period, in units of the parent
    quantity: Floats  # [lane, item, 1]: as of the stages
    counted: Bools  # [node, item]: its stock was delivered, and is there in the first period
    ordered: Bools  # [node, item]: what is on its way to it is known then, too
    cycle: int  # periods after which demand and levels before the first period repeat

    def only(self, items: Ints) -> Settling:
        """Some of the items (positions)."""
        cut = {name: getattr(self, name)[:, items] for name in ("stock", "transit", "quantity", "counted", "ordered")}
        return Settling(periods=self.periods[items], cycle=self.cycle, **cut)


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
    settling: Settling | None = None  # None: stock and goods in transit are as they stand here
    rule: OrderRule | None = None  # None: any quantity may be ordered at any time


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
        settling = stages.settling and stages.settling.only(items)
        cut |= {"settling": settling, "rule": stages.rule and stages.rule.only(items)}
        own = Stages(names, lead_late=late, review=stages.review, lead_streak=streak, **cut)
        return Group(self.graph, own)
