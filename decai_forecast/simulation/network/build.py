"""Building the supply network of one participant from what it delivered or stated, and from stated assumptions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.assumptions import assumptions_of
from decai_forecast.simulation.network.check import check_capacity, check_circles, check_orphans, check_units
from decai_forecast.simulation.network.costs import costs_of
from decai_forecast.simulation.network.facts import ANYWHERE, SupplyFacts, facts_of
from decai_forecast.simulation.network.fill import Inputs, stages_of, stock_of
from decai_forecast.simulation.network.flows import Flow, flow_of, mean_demand, shares_of
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.lead_times import observed_in
from decai_forecast.simulation.network.levels import Levels, with_levels
from decai_forecast.simulation.network.rows import tables_of
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import SITE, SUPPLIER, Place, SupplyNetwork
from decai_forecast.simulation.network.topology import Topology, topologies
from decai_forecast.simulation.network.transit import transit_of
from decai_forecast.simulation.network.walk import way_of

__all__ = ["bare", "build", "levelled", "with_each"]


def build(
    forecast: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    calendar: Calendar,
    *,
    levels: Levels,
    section: Mapping[str, pd.DataFrame] | None = None,
) -> SupplyNetwork:
    """The network of all items in ``forecast`` (location_id, item_id, date, mean: the horizon's rows for every series).

    ``data_sets``: accepted rows of items, stock, receipts, open_orders, locations, lanes, bill_of_materials and prices, as far
    as they were delivered, with the columns of their contract templates. ``section``: the participant's part of
    ``network.yaml`` (:func:`read_section`); its tables replace the data sets of the same name. ``levels``: order-up-to levels
    of a group whose unknown stock is NaN. What is missing is taken from ``assumptions``, and told in the result.

    Raises :class:`ConfigError` naming the row of the first fault, :class:`NotEnoughData` for a forecast without series.
    """
    return levelled(bare(forecast, data_sets, assumptions, calendar, section=section), levels)


def levelled(network: SupplyNetwork, levels: Levels) -> SupplyNetwork:
    """The network with levels, and the stock and goods in transit that depend on them. Open orders that arrive later than is
    simulated stay on order."""
    return with_each(network, [levels(group) for group in network.groups])


def with_each(network: SupplyNetwork, levels: Sequence[Floats]) -> SupplyNetwork:
    """The same with the levels [node, item, period] of each group."""
    cycle, known = network.calendar.cycle, network.transit_known
    return replace(network, groups=tuple(
        with_levels(group, _given(own), transit_known=known, cycle=cycle)
        for group, own in zip(network.groups, levels, strict=True)
    ))  # fmt: skip


def _given(level: Floats) -> Levels:
    return lambda _: level


def bare(
    forecast: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    calendar: Calendar,
    *,
    section: Mapping[str, pd.DataFrame] | None = None,
) -> SupplyNetwork:
    """The network without levels: unknown stock is NaN. Arguments and errors as of :func:`build`."""
    means, start = mean_demand(forecast, calendar.horizon)
    tables = tables_of(data_sets, section or {})
    facts = facts_of(forecast, tables)
    check_units(tables)
    check_circles(facts)
    found = topologies([way_of(item, facts) for item in sorted(facts.demand)], facts.demand)
    flows = [flow_of(topology, means, calendar.horizon) for topology in found]
    check_orphans(tables, facts)
    pairs = list(zip(found, flows, strict=True))
    inputs = _inputs(tables, facts, pairs, assumptions, calendar, start)
    groups = [Group(topology.graph, stages_of(topology, flow, inputs)) for topology, flow in pairs]
    check_capacity(groups, tables)
    return SupplyNetwork(
        groups=tuple(groups),
        places=_places(found, facts, assumptions, calendar),
        assumptions=assumptions_of(inputs, found),
        calendar=calendar,
        start=start.date(),
        money=inputs.costs.money,
        transit_known=inputs.transit.known,
    )


def _inputs(
    tables: Mapping[str, pd.DataFrame],
    facts: SupplyFacts,
    pairs: Sequence[tuple[Topology, Flow]],
    assumptions: Assumptions,
    calendar: Calendar,
    start: pd.Timestamp,
) -> Inputs:
    shares = shares_of(pairs)
    received = _receiving([topology for topology, _ in pairs])
    return Inputs(
        facts=facts,
        assumptions=assumptions,
        calendar=calendar,
        stock=stock_of(tables.get("stock"), calendar, start.date()),
        counted=_newest(tables.get("stock")),
        transit=transit_of(tables.get("open_orders"), shares, received, calendar, start.date()),
        observed=observed_in(tables.get("receipts"), facts, calendar.days),
        costs=costs_of(facts, tables.get("prices"), assumptions, calendar),
        shares=shares,
    )


def _newest(stock: pd.DataFrame | None) -> str:
    return f"{pd.to_datetime(stock['date']).max():%Y-%m-%d}" if stock is not None and len(stock) and "date" in stock else ""


def _receiving(found: Sequence[Topology]) -> Mapping[str, frozenset[str]]:
    """Item -> the places that suppliers ship it to."""
    places: dict[str, set[str]] = defaultdict(set)
    for topology in found:
        source = topology.graph.source
        for own in topology.edges:
            for lane, edge in own.items():
                if source[topology.graph.parent[lane]]:
                    places[edge.carried].add(edge.child.place)
    return {item: frozenset(names) for item, names in places.items()}


def _places(found: Sequence[Topology], facts: SupplyFacts, assumptions: Assumptions, calendar: Calendar) -> tuple[Place, ...]:
    names = {key.place: bool(source) for t in found for key, source in zip(t.keys, t.graph.source, strict=True)}
    places = []
    for name, source in sorted(names.items()):
        days = facts.recovery.get(name)
        capacity = facts.capacity.get((name, ""), inf) * calendar.days
        recovery = float(assumptions.supplier_outage_days) if days is None else days
        recovery = 0.0 if name == ANYWHERE and not facts.located else recovery  # no place of its own that could be down
        places.append(Place(name, SUPPLIER if source else SITE, recovery, days is None, capacity))
    return tuple(places)
