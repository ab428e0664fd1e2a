"""Stock, goods in transit, lead times, costs and capacities of a group, and how much of each had to be assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import ceil, inf, isnan

import numpy as np
import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.costs import Costs
from decai_forecast.simulation.network.facts import ANYWHERE, SupplyFacts
from decai_forecast.simulation.network.flows import Flow, Shares, kept
from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.lead_times import Observed, late
from decai_forecast.simulation.network.stages import OrderRule, Stages
from decai_forecast.simulation.network.topology import Topology
from decai_forecast.simulation.network.transit import Transit

__all__ = ["OLD", "Inputs", "stages_of", "stock_of"]

OLD = 45  # days


@dataclass(frozen=True)
class Inputs:
    """All that is known; ``counts`` says how often a value was delivered and how often assumed, for the report's list."""

    facts: SupplyFacts
    assumptions: Assumptions
    calendar: Calendar
    stock: Mapping[tuple[str, str], float]  # place, item -> units on hand
    counted: str  # the day of the newest count, or empty
    transit: Transit
    observed: Observed
    costs: Costs
    shares: Shares
    counts: Counter[str] = field(default_factory=Counter)


def stages_of(topology: Topology, flow: Flow, inputs: Inputs) -> Stages:
    """The stages without levels: unknown stock is NaN until they are there (see ``levels.py``)."""
    graph, items, facts = topology.graph, topology.items, inputs.facts
    lead, lead_late, lead_streak = _leads(topology, inputs)
    shape = (len(graph.nodes), len(items))
    stock, value = np.zeros(shape), np.full(shape, np.nan)
    for node in np.flatnonzero(~graph.source):
        for column, item in enumerate(items):
            stock[node, column] = _stock(topology, flow, inputs, int(node), column)
            value[node, column] = inputs.costs.margin(item)
    holding = inputs.costs.holding(topology)
    quantity, share = topology.quantity(), topology.share()
    return Stages(
        items=items,
        quantity=quantity,
        share=share,
        lead=lead,
        lead_late=lead_late,
        lead_streak=lead_streak,
        stock=stock,
        transit=inputs.transit.of(topology, flow, inputs.shares),
        level=np.full((*shape, 1), np.nan),
        review=np.full(len(graph.nodes), inputs.assumptions.review_periods, dtype=np.int64),
        capacity=_capacity(topology, flow, facts, inputs),
        throughput=flow.throughput,
        holding=holding,
        shortage=_shortage(topology, holding, value, lead, inputs),
        value=value,
        rule=_rule(topology, facts, inputs),
    )


def _rule(topology: Topology, facts: SupplyFacts, inputs: Inputs) -> OrderRule | None:
    """What suppliers take of an order, as delivered; None where nobody said."""
    found = OrderRule.none(len(topology.keys), len(topology.items))
    for column, own in enumerate(topology.edges):
        for edge in own.values():
            for vendor in facts.vendors.get(edge.carried, ()):
                if vendor.name == edge.parent.place and (vendor.least or vendor.multiple or vendor.order_cost):
                    at = topology.keys.index(edge.child), column
                    found.least[at], found.multiple[at], found.cost[at] = vendor.least, vendor.multiple, vendor.order_cost
                    inputs.counts["order rules"] += 1
    return found if any(values.any() for values in vars(found).values()) else None


def _stock(topology: Topology, flow: Flow, inputs: Inputs, node: int, column: int) -> float:
    """Units on hand, a component's divided among the items it goes into; negative stock counts as none."""
    key, ships = topology.keys[node], float(flow.throughput[node, column])
    what = kept(key, topology.items[column])
    found = inputs.stock.get((key.place, what))
    if not ships > 0:
        return 0.0 if found is None else max(found, 0.0)  # a place that does not sell the item
    inputs.counts["stock" if found is not None else "no stock"] += 1
    return np.nan if found is None else max(found, 0.0) * inputs.shares.item(key.place, what, ships)


def _leads(topology: Topology, inputs: Inputs) -> tuple[Ints, Floats | None, Floats | None]:
    """``lead``, ``lead_late`` and ``lead_streak`` of the stages."""
    shape = (len(topology.graph.parent), len(topology.items))
    lead, streak = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    spread: dict[tuple[int, int], Floats] = {}
    for column, own in enumerate(topology.edges):
        for lane, edge in own.items():
            if edge.parent.place == edge.child.place:  # making an item from components that are there
                lead[lane, column] = _periods(edge.days, inputs)
                continue
            periods = inputs.observed.of(edge.parent.place, edge.carried, edge.child.place)
            if periods is not None:
                inputs.counts["lead observed"] += 1
                lead[lane, column], spread[lane, column] = late(periods)
                streak[lane, column] = inputs.observed.streak(edge.parent.place, edge.carried, edge.child.place)
                inputs.counts["lead streaks"] += streak[lane, column] > 0
            else:
                lead[lane, column] = _periods(_days(edge.parent.place, edge.carried, edge.days, inputs), inputs)
    longest = max((len(shares) for shares in spread.values()), default=1)
    if longest == 1:
        return lead, None, None
    found = np.zeros((*shape, longest))
    found[:, :, 0] = 1.0
    for at, shares in spread.items():
        found[at] = np.pad(shares, (0, longest - len(shares)))
    return lead, found, streak if streak.any() else None


def _days(origin: str, item: str, days: float, inputs: Inputs) -> float:
    """As the lane says, else as the item's supplier does, else as assumed."""
    if isnan(days):
        own = [vendor.days for vendor in inputs.facts.vendors.get(item, ()) if vendor.name == origin]
        days = own[0] if own else days
    inputs.counts["lead assumed" if isnan(days) else "lead delivered"] += 1
    return float(inputs.assumptions.lead_time_days) if isnan(days) else days


def _periods(days: float, inputs: Inputs) -> int:
    return ceil(days / inputs.calendar.days)


def _capacity(topology: Topology, flow: Flow, facts: SupplyFacts, inputs: Inputs) -> Floats:
    """Units per period; what a place can ship is divided among its items by what they need."""
    found = np.full(flow.throughput.shape, inf)
    for node, key in enumerate(topology.keys):
        together = facts.capacity.get((key.place, ""), inf)
        for column, item in enumerate(topology.items):
            ships, what = float(flow.throughput[node, column]), kept(key, item)
            own = facts.capacity.get((key.place, what), inf)
            parts = (
                _part(together, inputs.shares.place(key.place, ships)),
                _part(own, inputs.shares.item(key.place, what, ships)),
            )
            found[node, column] = min(parts) * inputs.calendar.days
    return found


def _part(units: float, share: float) -> float:
    return inf if units == inf else units * share


def _shortage(topology: Topology, holding: Floats, value: Floats, lead: Ints, inputs: Inputs) -> Floats:
    """[node, item], where customers buy: the margin of a lost unit; where that is unknown, the assumed multiple of what it
    costs to hold the unit until the next order arrives, so that the ratio of both costs is that of a cycle."""
    given, sold = inputs.assumptions, topology.graph.demand
    wait = np.zeros(holding.shape, dtype=np.int64)
    np.maximum.at(wait, topology.graph.child, lead)
    assumed = holding * (wait + given.review_periods) * given.shortage_cost / given.holding_cost
    found = np.zeros_like(holding)
    found[sold] = np.where(value[sold] > 0, value[sold], assumed[sold])
    return found


def stock_of(stock: pd.DataFrame | None, calendar: Calendar, start: date) -> dict[tuple[str, str], float]:
    """The newest stock of each place and item; a count from more than ``OLD`` days, or two periods, before ``start`` tells
    nothing of today."""
    if stock is None:
        return {}
    if "date" in stock:
        days = pd.to_datetime(stock["date"])
        stock = stock[days >= pd.Timestamp(start) - pd.Timedelta(days=max(OLD, 2 * calendar.days))]
        stock = stock.sort_values("date", kind="stable")
    places = stock["location_id"] if "location_id" in stock else pd.Series(ANYWHERE, index=stock.index)
    known = stock["on_hand"].notna()
    rows = zip(places[known], stock["item_id"][known], stock["on_hand"][known].astype(float), strict=True)
    return {(str(place), str(item)): float(units) for place, item, units in rows}
