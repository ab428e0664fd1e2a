"""Reverse stress: the smallest disturbance that breaks a limit of service, and the stock that keeps it through an outage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from decai_forecast.shock_kinds import ShockKind
from decai_forecast.simulation.engine.frame import Outcome
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.reach import share_through
from decai_forecast.simulation.network.supply import SITE, Place
from decai_forecast.simulation.risk.world import holding_of, with_stock
from decai_forecast.simulation.setting import Setting
from decai_forecast.simulation.shocks import Scenario, Shock, compile_scenario

__all__ = ["LONGEST", "Against", "Broken", "outage", "smallest", "stock_against"]

LONGEST = 180  # days: of the outages that are tried
MOST = 365.0  # days of demand: of the stock that is tried
HALVINGS = 9
NONE = float("nan")


@dataclass(frozen=True)
class Broken:
    """An outage of ``place`` for ``days`` is the shortest that brings service of the worst period below the limit; NaN: none of
    up to ``LONGEST`` days does. ``service`` of the worst period then."""

    place: str
    days: float
    service: float


@dataclass(frozen=True)
class Against:
    """``days`` of demand more at the sites that depend on ``place`` keep service of the worst period at the limit while it is
    down for ``outage_days``; ``units``, and what holding them costs per year. NaN: no stock does."""

    place: str
    outage_days: float
    days: float
    units: float
    cost_per_year: float
    service: float


def outage(place: Place, days: float) -> Scenario:
    """The place is down from the first day on."""
    kind = ShockKind.SITE_DOWN if place.kind == SITE else ShockKind.SUPPLIER_DOWN
    return Scenario(f"{place.name} down", (Shock(kind, place.name, 0, ceil(days)),))


def smallest(now: Setting, limit: float) -> list[Broken]:
    """Of every place, the shortest outage first. Lengths are whole periods: outages are.

    ``now`` looks as far ahead as ``LONGEST`` days need.
    """
    places, period = now.network.places, now.network.calendar.days
    top = max(1, LONGEST // period)
    low, high = np.zeros(len(places), dtype=np.int64), np.full(len(places), top)
    longest = _worst(now, [outage(place, top * period) for place in places])
    worst = longest
    while (high - low > 1).any():
        middle = np.where(high - low > 1, (low + high) // 2, high)
        found = _worst(now, [outage(place, days * period) for place, days in zip(places, middle.tolist(), strict=True)])
        broken = found < limit
        worst = np.where(broken, found, worst)
        low, high = np.where(broken, low, middle), np.where(broken, middle, high)
        low = np.where(high - low < 1, high - 1, low)
    days = np.where(longest < limit, high * float(period), np.nan)
    rows = [Broken(place.name, float(d), float(s)) for place, d, s in zip(places, days, worst, strict=True)]
    return sorted(rows, key=lambda row: (np.isnan(row.days), row.days, row.service, row.place))


def stock_against(now: Setting, name: str, limit: float) -> Against:
    """The least stock at the sites that sell what comes through a place, for as long as it takes the place to recover."""
    place = now.network.by_name[name]
    scenario, sites = outage(place, place.recovery_days), _depending(now, name)

    def service(days: float) -> float:
        return float(_worst(with_stock(now, sites, days), [scenario])[0])

    low, high = 0.0, MOST
    if service(low) >= limit:
        high = 0.0
    elif service(high) < limit:
        return Against(name, place.recovery_days, NONE, NONE, NONE, service(high))
    while high - low > MOST / 2**HALVINGS and high > 0:
        middle = (low + high) / 2
        low, high = (low, middle) if service(middle) >= limit else (middle, high)
    more = with_stock(now, sites, high)
    pairs = zip(more.network.groups, now.network.groups, strict=True)
    units = sum(float((a.stages.level[:, :, 0] - b.stages.level[:, :, 0]).sum()) for a, b in pairs)
    return Against(name, place.recovery_days, high, units, holding_of(more) - holding_of(now), service(high))


def _depending(now: Setting, name: str) -> list[str]:
    """Sites that sell something that comes through a place."""
    found = set()
    for group in now.network.groups:
        names, through = group.graph.places or group.graph.nodes, share_through(group, name)
        found |= {names[node] for d, node in enumerate(group.graph.demand) if (through[d] > 0).any()} - {name}
    return sorted(found)


def _worst(now: Setting, scenarios: Sequence[Scenario]) -> Floats:
    """[scenario]: the share of demand served in the worst period, of the items hit, in the mean of the replications."""
    hits = [compile_scenario(one, now.network) for one in scenarios]
    found = now.swept(hits, periods=now.network.periods)
    touched = [sorted({hit.group for hit in of}) for of in hits]
    rows = zip(touched, found.scenarios, strict=True)
    return np.array([_service([outcomes[g] for g in groups]) for groups, outcomes in rows])


def _service(found: Sequence[Outcome]) -> float:
    if not found:
        return 1.0
    asked = np.sum([one.total_demand.sum(axis=1) for one in found], axis=0)
    served = np.sum([one.total_served.sum(axis=1) for one in found], axis=0)
    return float(np.divide(served, asked, out=np.ones_like(asked), where=asked > 0).min())
