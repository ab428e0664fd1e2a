"""The list of what the network was built from: what was delivered, and what was taken for granted instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from decai_forecast.simulation.network.facts import ANYWHERE
from decai_forecast.simulation.network.fill import OLD, Inputs
from decai_forecast.simulation.network.supply import Assumption
from decai_forecast.simulation.network.topology import Topology
from decai_forecast.simulation.network.walk import UNKNOWN

__all__ = ["assumptions_of"]


def assumptions_of(inputs: Inputs, found: Sequence[Topology]) -> tuple[Assumption, ...]:
    return tuple(
        Assumption(name, text, assumed)
        for part in (
            _stock(inputs),
            _transit(inputs),
            _leads(inputs),
            _orders(inputs),
            _supply(inputs, found),
            _places(inputs, found),
            _money(inputs),
        )
        for name, text, assumed in part
    )


def _stock(inputs: Inputs) -> Iterator[tuple[str, str, bool]]:
    known, missing = inputs.counts["stock"], inputs.counts["no stock"]
    if known:
        counted = f", last counted on {inputs.counted}" if inputs.counted else ""
        yield "Opening stock", f"as delivered for {known} of {known + missing} pairs of place and item{counted}", False
    if missing:
        old = f", or not in the last {max(OLD, 2 * inputs.calendar.days)} days," if inputs.counted else ""
        text = (
            f"not delivered{old} for {missing} pairs of place and "
            "item: they start as their way of ordering keeps them in the long run"
        )
        yield "Opening stock", text, True


def _transit(inputs: Inputs) -> Iterator[tuple[str, str, bool]]:
    if not inputs.transit.known:
        text = (
            "no open orders were delivered: what stock lacks to the order-up-to level is on its way, spread over the lead "
            "time, or what the way of ordering has under way in the long run"
        )
        yield "Goods in transit", text, True
        return
    yield "Goods in transit", "open orders as delivered", False
    if late := inputs.transit.overdue:
        yield "Goods in transit", f"open orders that are overdue arrive in the first period: {late}", True


def _leads(inputs: Inputs) -> Iterator[tuple[str, str, bool]]:
    seen, given, missing = (inputs.counts[f"lead {how}"] for how in ("observed", "delivered", "assumed"))
    if seen:
        rows = f"; on {inputs.counts['lead streaks']} of them late ones come in rows" if inputs.counts["lead streaks"] else ""
        yield "Lead times", f"observed in receipts, with their spread, for {seen} lanes of items{rows}", False
    if given:
        yield "Lead times", f"as delivered for {given} lanes of items; every shipment is on time", False
    if missing:
        days = inputs.assumptions.lead_time_days
        yield "Lead times", f"not delivered for {missing} lanes of items: {days} days, every shipment on time", True


def _orders(inputs: Inputs) -> Iterator[tuple[str, str, bool]]:
    if count := inputs.counts["order rules"]:
        yield "Orders", f"minimum, multiple and cost of an order as delivered for {count} lanes of items", False


def _supply(inputs: Inputs, found: Sequence[Topology]) -> Iterator[tuple[str, str, bool]]:
    unknown = sum(len(t.items) for t in found if UNKNOWN in t.graph.nodes)
    if unknown:
        yield "Suppliers", f"none was delivered for {unknown} items: one unknown supplier", True
    even = sum(len(vendors) > 1 for item, vendors in inputs.facts.vendors.items() if item in inputs.facts.demand)
    if even and not inputs.facts.lanes:
        yield "Suppliers", f"several were delivered for {even} items: their orders are split evenly", True
    if not inputs.facts.located:
        yield "Sites", "demand was delivered without locations: one site stands for all", True
    components = {key.item for t in found for key in t.keys if key.item}
    if components:
        text = f"stock of {len(components)} components is divided among the items they go into, by what these need"
        yield "Components", text, True


def _places(inputs: Inputs, found: Sequence[Topology]) -> Iterator[tuple[str, str, bool]]:
    names = {key.place for topology in found for key in topology.keys} - (set() if inputs.facts.located else {ANYWHERE})
    missing, days = len(names - set(inputs.facts.recovery)), inputs.assumptions.supplier_outage_days
    if missing < len(names):
        yield "Time to recover", f"as delivered for {len(names) - missing} of {len(names)} suppliers and sites", False
    if missing:
        yield "Time to recover", f"not delivered for {missing} suppliers and sites: {days} days", True
    limited = {place for place, _ in inputs.facts.capacity} & names
    if limited:
        yield "Capacity", f"as delivered for {len(limited)} places, divided among their items by what these need", False
    if len(limited) < len(names):
        yield "Capacity", f"not delivered for {len(names) - len(limited)} suppliers and sites: no limit", True


def _money(inputs: Inputs) -> Iterator[tuple[str, str, bool]]:
    costs, given = inputs.costs, inputs.assumptions
    if not costs.money:
        ratio = given.shortage_cost / given.holding_cost
        said = f"a lost unit costs {ratio:g} times holding it until the next order arrives"
        yield "Costs", f"no unit costs were delivered: figures are in costs of holding a unit for a period; {said}", True
        return
    ratio = given.shortage_cost / given.holding_cost
    short = "its margin" if costs.price else f"{ratio:g} times holding it until the next order arrives"
    yield "Costs", f"holding costs {given.holding_rate:.0%} of the unit cost a year, a lost unit {short}", True
    if costs.unknown:
        yield "Costs", f"no unit cost above 0 was delivered for {costs.unknown} items: the median of the others", True
    if not costs.price:
        yield "Margins", "no prices were delivered: lost sales are told in units", True
