"""The way of one item through the network: from its customers up to suppliers, through lanes and bills of material."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.network.facts import Lane, Part, SupplyFacts, Vendor

__all__ = ["UNKNOWN", "Edge", "Key", "Way", "way_of"]

UNKNOWN = "unknown"  # the supplier of an item of which none is known


@dataclass(frozen=True, order=True)
class Key:
    """A node: a place, and what it keeps there; ``item`` is "" for what is sold itself, and for suppliers."""

    place: str
    item: str

    @property
    def name(self) -> str:
        return f"{self.place}/{self.item}" if self.item else self.place


@dataclass(frozen=True)
class Edge:
    """A lane of one item. ``share`` is that of the component's orders; the shares of one component sum to 1."""

    parent: Key
    child: Key
    component: int
    quantity: float  # units of the parent's product in one unit of the child's
    share: float
    days: float  # NaN: unknown
    carried: str  # the item that moves
    where: str


@dataclass
class Way:
    """All edges into each node, and the suppliers among the nodes."""

    item: str
    into: dict[Key, tuple[Edge, ...]] = field(default_factory=dict)
    sources: set[Key] = field(default_factory=set)


def way_of(item: str, facts: SupplyFacts) -> Way:
    """The way of ``item`` to all places that sell it.

    Raises :class:`ConfigError` where it goes in a circle, or where nobody supplies a place although lanes are known.
    """
    way = Way(item)
    for place in facts.demand[item]:
        _climb(facts, way, place, item, ())
    return way


def _climb(facts: SupplyFacts, way: Way, place: str, item: str, below: tuple[tuple[str, str, str], ...]) -> Key:
    """The node of ``item`` at ``place``; ``below`` is how one came there: place, item and row."""
    key = Key(place, "" if item == way.item else item)
    circle = [k for k, (where, what, _) in enumerate(below) if (where, what) == (place, item)]
    if circle:
        raise _circle(below[circle[0] :], place, item)
    if key in way.into:
        return key
    parts, lanes = _made(facts, place, item), _lanes(facts, place, item)
    if parts:
        found = [_component(facts, way, key, number, part, (*below, (place, item, part.where))) for number, part in parts]
    elif lanes:
        found = [_lane(facts, way, key, lane, share, item, (*below, (place, item, lane.where))) for lane, share in lanes]
    else:
        vendors = _vendors(facts, place, item)
        found = [
            Edge(_source(way, v.name), key, 0, 1.0, 1 / len(vendors), v.days, item, v.where or f"item {item!r}")
            for v in vendors
        ]
    way.into[key] = tuple(found)
    return key


def _made(facts: SupplyFacts, place: str, item: str) -> list[tuple[int, Part]]:
    """The numbered parts, if the item is made at ``place``: as its bill says, or where no other site sends it."""
    bill = facts.parts.get(item, ())
    here = [part for part in bill if part.place == place]
    if not here and not any(lane.origin in facts.sites for lane in _candidates(facts, place, item)):
        here = [part for part in bill if not part.place]
    return list(enumerate(sorted(here, key=lambda part: part.component)))


def _candidates(facts: SupplyFacts, place: str, item: str) -> tuple[Lane, ...]:
    return facts.lanes.get((place, item)) or facts.lanes.get((place, ""), ())


def _lanes(facts: SupplyFacts, place: str, item: str) -> list[tuple[Lane, float]]:
    """The lanes that bring the item, with shares that sum to 1.

    A lane for all items brings what its supplier sells: where the suppliers of an item are known, only theirs count.
    """
    known = {vendor.name for vendor in facts.vendors.get(item, ())}
    lanes = [
        lane
        for lane in sorted(_candidates(facts, place, item), key=lambda lane: lane.origin)
        if lane.item or lane.origin in facts.sites or not known or lane.origin in known
    ]
    given = sum(lane.share for lane in lanes if not isnan(lane.share))
    open_ones = sum(isnan(lane.share) for lane in lanes)
    shares = [max(0.0, 1 - given) / open_ones if isnan(lane.share) else lane.share for lane in lanes]
    total = sum(shares)
    return [(lane, share / total if total > 0 else 1 / len(lanes)) for lane, share in zip(lanes, shares, strict=True)]


def _lane(
    facts: SupplyFacts, way: Way, child: Key, lane: Lane, share: float, item: str, below: tuple[tuple[str, str, str], ...]
) -> Edge:
    inner = lane.origin in facts.sites
    parent = _climb(facts, way, lane.origin, item, below) if inner else _source(way, lane.origin)
    return Edge(parent, child, 0, 1.0, share, lane.days, item, lane.where)


def _component(
    facts: SupplyFacts, way: Way, child: Key, number: int, part: Part, below: tuple[tuple[str, str, str], ...]
) -> Edge:
    parent = _climb(facts, way, child.place, part.component, below)
    return Edge(parent, child, number, part.quantity, 1.0, part.days, part.component, part.where)


def _source(way: Way, vendor: str) -> Key:
    key = Key(vendor, "")
    way.sources.add(key)
    return key


def _vendors(facts: SupplyFacts, place: str, item: str) -> tuple[Vendor, ...]:
    if found := facts.vendors.get(item):
        return found
    if facts.lanes:
        raise ConfigError(
            f"nobody supplies item {item!r} at {place!r}: no lane leads there, and the data set items names no vendor; "
            "add a lane to it, or the vendor"
        )
    return (Vendor(UNKNOWN, float("nan"), ""),)


def _circle(steps: tuple[tuple[str, str, str], ...], place: str, item: str) -> ConfigError:
    names = [where if what == item else f"{where}/{what}" for where, what, _ in reversed(steps)]
    shown = " -> ".join([place, *names])
    return ConfigError(f"{steps[-1][2]}: item {item!r} goes in a circle, {shown}; delete one of these lanes or parts")
