"""Scenarios in words, made from what was simulated: kind, place, factor, first day, length, and the periods that were hit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from decai_forecast.shock_kinds import KINDS, ShockKind
from decai_forecast.simulation.network.supply import SITE, SupplyNetwork
from decai_forecast.simulation.shocks.compiled import delays, first_day, periods_of
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["ToldScenario", "ToldShock", "day_of", "told"]

NAMED = 10  # items by name


@dataclass(frozen=True)
class ToldShock:
    """One shock as it was simulated.

    ``node``: empty for all sites; ``place``: its kind. ``start``: the first day, ISO; ``days``: how long. ``hit``: the periods
    that were hit, the first and how many. ``late``: periods that ways get longer, the least and the most over items.
    ``clause``: what happens, without when; ``text``: all of it.
    """

    kind: str
    node: str
    place: str
    items: tuple[str, ...]
    factor: float | None
    start: str
    days: int
    hit: tuple[int, int]
    late: tuple[int, int]
    clause: str
    text: str


@dataclass(frozen=True)
class ToldScenario:
    """A scenario as it was simulated; ``probability`` as whoever asked gave it, ``notes`` what was assumed in reading it."""

    name: str
    shocks: tuple[ToldShock, ...]
    probability: float | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> ToldScenario:
        """The inverse of :meth:`to_json`."""
        pairs = ("items", "hit", "late")
        shocks = tuple(ToldShock(**shock | {name: tuple(shock[name]) for name in pairs}) for shock in raw["shocks"])
        return cls(raw["name"], shocks, raw["probability"], tuple(raw["notes"]))


def told(scenario: Scenario, network: SupplyNetwork) -> ToldScenario:
    """What the scenario did to the network, shock by shock."""
    shocks = tuple(_shock(scenario, number, network) for number in range(len(scenario.shocks)))
    return ToldScenario(scenario.name, shocks, scenario.probability, scenario.notes)


def _shock(scenario: Scenario, number: int, network: SupplyNetwork) -> ToldShock:
    shock, place = scenario.shocks[number], network.by_name.get(scenario.shocks[number].node)
    first, end = periods_of(shock, network)
    start = network.start + timedelta(days=first_day(shock, network))
    late = delays(scenario, number, network) if shock.kind == ShockKind.LEAD_TIME else (0, 0)
    factor = None if KINDS[shock.kind].factor is None else shock.factor
    clause = f"{CLAUSES[shock.kind](shock, place.kind if place else '', _more(late, network))}{_only(shock.items)}"
    return ToldShock(
        str(shock.kind), shock.node, place.kind if place else "", shock.items, factor, start.isoformat(),
        shock.length or max((_day(end, network) - start).days, 0), (first, end - first), late, clause,
        f"{clause}, {_when(shock, start, network)}{_whole(shock, start, (first, end), network)}",
    )  # fmt: skip


Clause = Callable[[Shock, str, str], str]
CLAUSES: Mapping[str, Clause] = {
    ShockKind.SUPPLIER_DOWN: lambda shock, _kind, _more: f"{shock.node} ships nothing",
    ShockKind.SITE_DOWN: lambda shock, _kind, _more: f"{shock.node} orders, ships and sells nothing",
    ShockKind.CAPACITY: lambda shock, kind, _more: (
        f"{shock.node} ships{' and sells' if kind == SITE else ''} at most {_percent(shock.factor)} of what is normal"
    ),
    ShockKind.LEAD_TIME: lambda shock, _kind, more: (
        f"what {shock.node} ships takes {_times(shock.factor)} as long, {more} more"
    ),
    ShockKind.DEMAND: lambda shock, _kind, _more: (
        f"customers of {shock.node or 'all sites'} buy {_times(shock.factor)} as much"
    ),
    ShockKind.ORDER_PAUSE: lambda shock, _kind, _more: f"{shock.node} places no orders",
    ShockKind.SHIP_PAUSE: lambda shock, kind, _more: (
        f"{shock.node} ships and sells nothing, but goes on ordering" if kind == SITE else f"{shock.node} ships nothing"
    ),
}


def _percent(factor: float) -> str:
    return f"{100 * factor:.12g}\u202f%"


def _times(factor: float) -> str:
    return f"{factor:.12g} times"


def _more(late: tuple[int, int], network: SupplyNetwork) -> str:
    low, high = late
    return _count(low, network) if low == high else f"{low} to {_count(high, network)}"


def _count(periods: int, network: SupplyNetwork) -> str:
    return f"{periods} {network.calendar.noun}{'' if periods == 1 else 's'}"


def _only(items: Sequence[str]) -> str:
    if not items:
        return ""
    more = f" and {len(items) - NAMED} more" if len(items) > NAMED else ""
    return f" (only of {', '.join(items[:NAMED])}{more})"


def _when(shock: Shock, start: date, network: SupplyNetwork) -> str:
    before = (network.start - start).days
    if shock.length is None:
        until = _day(network.calendar.horizon, network) - timedelta(days=1)
        return f"from {day_of(start)} to the end of the forecast on {day_of(until)}"
    days = f"for {shock.length} day{'' if shock.length == 1 else 's'} from {day_of(start)}"
    return days if before <= 0 else f"{days}, of which {before} had passed when the forecast begins"


def _whole(shock: Shock, start: date, hit: tuple[int, int], network: SupplyNetwork) -> str:
    """Which periods were hit, where these are not the days that were asked for."""
    (first, end), calendar = hit, network.calendar
    begins = _day(first, network)
    same = calendar.days == 1 or (begins == start and shock.length in (None, (end - first) * calendar.days))
    one = end - first == 1
    periods = calendar.noun if one else _count(end - first, network)
    return "" if same else f"; the {periods} from {day_of(begins)} count{'s' if one else ''} whole"


def _day(period: int, network: SupplyNetwork) -> date:
    """The first day of a period."""
    return network.calendar.add(network.start, period)


def day_of(day: date) -> str:
    """``24 Nov 2026``."""
    return f"{day.day} {day:%b %Y}"
