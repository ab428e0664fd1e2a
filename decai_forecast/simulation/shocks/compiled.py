"""Scenarios as the engine takes them: arrays over periods and nodes, for the items that are hit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import ceil

import numpy as np

from decai_forecast.documents.spelling import near
from decai_forecast.errors import ConfigError
from decai_forecast.shock_kinds import KINDS, ShockKind
from decai_forecast.simulation.engine.frame import Disturbance, Hit
from decai_forecast.simulation.network.graph import Graph, Ints
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import FARTHEST, SupplyNetwork
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["Hit", "check", "compile_scenario", "delay", "delays", "first_day", "periods_of", "span", "undisturbed"]

STOPPING = (
    ShockKind.SITE_DOWN,
    ShockKind.SUPPLIER_DOWN,
    ShockKind.SHIP_PAUSE,
    ShockKind.CAPACITY,
)  # fewer goods leave


def undisturbed(graph: Graph, periods: int) -> Disturbance:
    """A disturbance in which nothing happens."""
    shape = (periods, len(graph.nodes))
    return Disturbance(
        ordering=np.ones(shape, dtype=bool),
        shipping=np.full(shape, np.inf),
        lead=np.zeros(shape, dtype=np.int64),
        demand=np.ones(shape),
    )


def compile_scenario(scenario: Scenario, network: SupplyNetwork) -> tuple[Hit, ...]:
    """What the scenario does, for the items it hits; all others are as without it.

    Shocks that overlap add up: the least capacity counts, delays add, factors of demand multiply. A period that a shock
    touches is hit as a whole. Raises :class:`ConfigError` as :func:`check` does.
    """
    check(scenario, network)
    return tuple(hit for number, group in enumerate(network.groups) for hit in _hits(scenario, network, number, group))


def _hits(scenario: Scenario, network: SupplyNetwork, number: int, group: Group) -> Iterator[Hit]:
    for which, items in _alike(scenario, group):
        found = undisturbed(group.graph, network.periods)
        for k in which:
            _apply(scenario.shocks[k], group, items, found, network)
        yield Hit(number, items, found)


def _alike(scenario: Scenario, group: Group) -> Iterator[tuple[tuple[int, ...], Ints]]:
    """Items that the same shocks hit in the same way, with the numbers of these shocks."""
    alike: dict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
    touched = [_touched(shock, group) for shock in scenario.shocks]
    for column in range(len(group.stages.items)):
        item = np.array([column])
        which = (k for k, hit in enumerate(touched) if hit[column])
        if key := tuple((k, delay(scenario.shocks[k], group, item)) for k in which):
            alike[key].append(column)
    for key, columns in alike.items():
        yield tuple(k for k, _ in key), np.array(columns, dtype=np.int64)


def delays(scenario: Scenario, number: int, network: SupplyNetwork) -> tuple[int, int]:
    """Periods that one of the shocks, of lead time, adds to the ways of the items it hits: the least and the most."""
    shock = scenario.shocks[number]
    found = [
        delay(shock, group, items) for group in network.groups for which, items in _alike(scenario, group) if number in which
    ]
    return min(found, default=0), max(found, default=0)


def _touched(shock: Shock, group: Group) -> list[bool]:
    """[item]: whether the shock's place ships it (or a component of it that the shock names)."""
    nodes = _nodes(shock, group.graph)
    flows = np.asarray((group.stages.throughput[nodes] > 0).any(axis=0)).tolist()
    named = set(shock.items)
    whole = not named or bool(named & group.graph.components)
    return [flow and (whole or item in named) for flow, item in zip(flows, group.stages.items, strict=True)]


def _nodes(shock: Shock, graph: Graph) -> Ints:
    return graph.at(shock.node) if shock.node else graph.demand


def _apply(shock: Shock, group: Group, items: Ints, found: Disturbance, network: SupplyNetwork) -> None:
    first, end = periods_of(shock, network)
    at = np.ix_(np.arange(first, end), _nodes(shock, group.graph))
    if shock.kind in (ShockKind.SITE_DOWN, ShockKind.ORDER_PAUSE):
        found.ordering[at] = False
    if shock.kind in STOPPING:
        found.shipping[at] = np.minimum(found.shipping[at], shock.factor if shock.kind == ShockKind.CAPACITY else 0.0)
    if shock.kind == ShockKind.DEMAND:
        found.demand[at] *= shock.factor
    if shock.kind == ShockKind.LEAD_TIME:
        found.lead[at] += delay(shock, group, items)


def delay(shock: Shock, group: Group, items: Ints) -> int:
    """Whole periods that a shock of lead time adds to the way from its place: the mean of the items' lanes, times as long; of
    other shocks 0."""
    if shock.kind != ShockKind.LEAD_TIME:
        return 0
    lanes = np.isin(group.graph.parent, _nodes(shock, group.graph))
    normal = float(group.stages.lead[lanes][:, items].mean()) if lanes.any() else 0.0
    return ceil(round((shock.factor - 1) * normal, 9))


def periods_of(shock: Shock, network: SupplyNetwork) -> tuple[int, int]:
    """The first period the shock touches, and the first after it, among those that are simulated."""
    first, end = span(shock, network)
    return first, min(end, network.periods)


def span(shock: Shock, network: SupplyNetwork) -> tuple[int, int]:
    """The first period the shock touches, and the first after it, however far ahead; without a length it lasts to the end of
    the forecast's horizon."""
    days, first = network.calendar.days, first_day(shock, network)
    end = network.calendar.horizon if shock.length is None else ceil((first + shock.length) / days)
    return max(first // days, 0), max(end, 0)


def first_day(shock: Shock, network: SupplyNetwork) -> int:
    """Days from the forecast's first day to the shock's; below 0 where it began before."""
    return shock.start if isinstance(shock.start, int) else (shock.start - network.start).days


def check(scenario: Scenario, network: SupplyNetwork) -> None:
    """That every shock hits a place of the network, in a way it can be hit, within the horizon; else :class:`ConfigError`."""
    places, items = network.by_name, {*network.items}
    items |= {component for group in network.groups for component in group.graph.components}
    for shock in scenario.shocks:
        place, at = places.get(shock.node), f"{shock.where}: " if shock.where else ""
        if shock.node and place is None:
            raise ConfigError(
                f"{at}no site or supplier {shock.node!r}{near(shock.node, set(places))}; there are {len(places)} places: "
                f"{', '.join(list(places)[:10])}{', ...' if len(places) > 10 else ''}"
            )
        if place is not None and place.kind not in KINDS[shock.kind].on:
            only = " and ".join(f"{kind}s" for kind in KINDS[shock.kind].on)
            raise ConfigError(f"{at}{shock.node!r} is a {place.kind}; a shock of kind {shock.kind} hits only {only}")
        if unknown := [item for item in shock.items if item not in items]:
            raise ConfigError(f"{at}no item {unknown[0]!r} in the network{near(unknown[0], items)}")
        _in_time(shock, network, at)
    _demand_nodes(scenario, network)


def _in_time(shock: Shock, network: SupplyNetwork, at: str) -> None:
    """That the shock begins within the forecast, and is over before nothing is simulated any more."""
    (first, end), calendar = span(shock, network), network.calendar
    if first >= min(end, calendar.horizon):
        raise ConfigError(f"{at}the shock lies outside the {calendar.horizon} periods from {network.start}; move its start")
    if end > max(FARTHEST // calendar.days, calendar.horizon):
        raise ConfigError(
            f"{at}the shock ends {end * calendar.days:,} days after {network.start}; at most {FARTHEST:,} days ahead are "
            "simulated, make it shorter"
        )


def _demand_nodes(scenario: Scenario, network: SupplyNetwork) -> None:
    sold = {group.graph.nodes[node] for group in network.groups for node in group.graph.demand}
    for shock in scenario.shocks:
        if shock.kind == ShockKind.DEMAND and shock.node and shock.node not in sold:
            at = f"{shock.where}: " if shock.where else ""
            raise ConfigError(f"{at}nobody buys at {shock.node!r}; a shock of demand needs a site with customers, or no node")
