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
from decai_forecast.simulation.network.supply import SupplyNetwork
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["Hit", "check", "compile_scenario", "periods_of", "undisturbed"]

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
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    touched = [_touched(shock, group) for shock in scenario.shocks]
    for column in range(len(group.stages.items)):
        if which := tuple(k for k, hit in enumerate(touched) if hit[column]):
            alike[which].append(column)
    for which, columns in alike.items():
        items = np.array(columns, dtype=np.int64)
        found = undisturbed(group.graph, network.calendar.horizon)
        for k in which:
            _apply(scenario.shocks[k], group, items, found, network)
        yield Hit(number, items, found)


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
        found.lead[at] += _delay(shock, group, items)


def _delay(shock: Shock, group: Group, items: Ints) -> int:
    """Whole periods that the mean lead time of the place's lanes gets longer."""
    lanes = np.isin(group.graph.parent, _nodes(shock, group.graph))
    normal = float(group.stages.lead[lanes][:, items].mean()) if lanes.any() else 0.0
    return ceil(round((shock.factor - 1) * normal, 9))


def periods_of(shock: Shock, network: SupplyNetwork) -> tuple[int, int]:
    """The first period the shock touches, and the first after it, within the horizon."""
    days, horizon = network.calendar.days, network.calendar.horizon
    offset = shock.start if isinstance(shock.start, int) else (shock.start - network.start).days
    end = horizon if shock.length is None else ceil((offset + shock.length) / days)
    return max(offset // days, 0), min(max(end, 0), horizon)


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
        first, end = periods_of(shock, network)
        if first >= end:
            raise ConfigError(
                f"{at}the shock lies outside the {network.calendar.horizon} periods from {network.start}; move its start"
            )
    _demand_nodes(scenario, network)


def _demand_nodes(scenario: Scenario, network: SupplyNetwork) -> None:
    sold = {group.graph.nodes[node] for group in network.groups for node in group.graph.demand}
    for shock in scenario.shocks:
        if shock.kind == ShockKind.DEMAND and shock.node and shock.node not in sold:
            at = f"{shock.where}: " if shock.where else ""
            raise ConfigError(f"{at}nobody buys at {shock.node!r}; a shock of demand needs a site with customers, or no node")
