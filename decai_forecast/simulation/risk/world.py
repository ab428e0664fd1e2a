"""The world that events happen in: a company's network, as it is or with mitigations, and what each event costs there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from decai_forecast.errors import ConfigError
from decai_forecast.shock_kinds import ShockKind
from decai_forecast.simulation.engine.frame import Outcome
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.stages import Group, Stages
from decai_forecast.simulation.risk.events import Does, Event, Mitigation
from decai_forecast.simulation.risk.years import Cost
from decai_forecast.simulation.setting import Setting
from decai_forecast.simulation.shocks import compile_scenario

__all__ = ["costs_in", "holding_of", "mitigated", "with_stock"]

YEAR = 365.0
OUT = (ShockKind.SUPPLIER_DOWN, ShockKind.SITE_DOWN, ShockKind.SHIP_PAUSE)


def costs_in(now: Setting, events: Sequence[Event], *, in_money: bool) -> list[Cost]:
    """What every event costs beyond what is lost anyway, at each of its lengths and in each replication: units, or margins."""
    hits = [compile_scenario(event.scenario(days), now.network) for event in events for days in event.lengths()]
    found, row, costs = now.swept(hits, periods=now.network.periods), 0, []
    for event in events:
        some = found.scenarios[row : row + len(event.lengths())]
        loss = np.stack([_loss(now.network.groups, found.base, of, in_money=in_money) for of in some])
        costs.append(Cost(event.per_year, event.lengths(), loss))
        row += len(event.lengths())
    return costs


def _loss(groups: Sequence[Group], base: Sequence[Outcome], hit: Sequence[Outcome], *, in_money: bool) -> Floats:
    """[replication]: units of all groups, or money at the mean margin of what the group loses."""
    total = np.zeros(base[0].total_demand.shape[1])
    for group, before, after in zip(groups, base, hit, strict=True):
        lost = (after.total_demand - after.total_served).sum(axis=0) - (before.total_demand - before.total_served).sum(axis=0)
        total += lost * (_margin(group, before, after) if in_money else 1.0)
    return total


def _margin(group: Group, before: Outcome, after: Outcome) -> float:
    """Of a unit lost, in the mean of what is lost beyond the base run."""
    extra = (after.demand - after.served) - (before.demand - before.served)
    value = np.nan_to_num(group.stages.value[group.graph.demand])
    units = float(extra.sum())
    return float((extra * value).sum()) / units if abs(units) > 0 else 0.0


def mitigated(now: Setting, events: Sequence[Event], by: Iterable[Mitigation]) -> tuple[Setting, list[Event], float]:
    """The world and the events once these mitigations are in place, and what they cost per year."""
    changed, cost = list(events), 0.0
    for one in by:
        cost += one.cost_per_year
        if one.does in (Does.STOCK, Does.EARLIER_ORDER):
            before, now = now, with_stock(now, [one.node], float(one.days or 0))
            cost += holding_of(now) - holding_of(before)
        else:
            changed = [eased for event in changed if (eased := _eased(event, one)) is not None]
    return now, changed, cost


def _eased(event: Event, by: Mitigation) -> Event | None:
    """The event as it is once a place has a second source, or is back sooner; None: it is none any more."""
    if event.node != by.node:
        return event
    if by.does is Does.EXPEDITE:
        days = tuple(max(length - (by.days or 0), 0) for length in event.days)
        if not days[-1]:
            return None
        return replace(event, days=tuple(max(length, 1) for length in days))
    share = by.share or 0.0
    if event.kind in OUT:
        return replace(event, kind=ShockKind.CAPACITY, factor=share)
    return replace(event, factor=max(event.factor or 0.0, share)) if event.kind is ShockKind.CAPACITY else event


def with_stock(now: Setting, places: Sequence[str], days: float) -> Setting:
    """The same where these sites order up to, and have, so many days of demand more."""
    names = {name for group in now.network.groups for name in group.graph.places or group.graph.nodes}
    if unknown := [place for place in places if place not in names]:
        raise ConfigError(f"no site {unknown[0]!r} in the network; there are {', '.join(sorted(names)[:10])}")
    periods = days / now.network.calendar.days
    groups = tuple(replace(group, stages=_stocked(group, set(places), periods)) for group in now.network.groups)
    return replace(now, network=replace(now.network, groups=groups))


def _stocked(group: Group, places: set[str], periods: float) -> Stages:
    graph, stages = group.graph, group.stages
    at = np.array([name in places for name in graph.places or graph.nodes]) & ~graph.source
    more = np.where(at[:, None], stages.throughput * periods, 0.0)
    settling = stages.settling and replace(stages.settling, stock=stages.settling.stock + more)
    return replace(stages, level=stages.level + more[:, :, None], stock=stages.stock + more, settling=settling)


def holding_of(now: Setting) -> float:
    """What it costs per year to hold the first levels' units, all on hand; differences of it are what more stock costs."""
    of = (group.stages.level[:, :, 0] * group.stages.holding for group in now.network.groups)
    return float(sum(np.nan_to_num(cost).sum() for cost in of)) * YEAR / now.network.calendar.days
