"""Stock targets of every site, beside what each holds today, in money: found and judged in the network as it is simulated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.simulation.demand import Marginals
from decai_forecast.simulation.engine.outages import Outages
from decai_forecast.simulation.engine.plan import terms, topology, under_way
from decai_forecast.simulation.network.graph import Bools, Floats, Ints
from decai_forecast.simulation.network.reach import main_source
from decai_forecast.simulation.network.requirements import lead_of, slowest, way_of_all
from decai_forecast.simulation.network.stages import Group, OrderRule
from decai_forecast.simulation.network.supply import SUPPLIER, Assumption, SupplyNetwork
from decai_forecast.simulation.planned import Planner, marginals_at
from decai_forecast.simulation.tables.run import place_names
from decai_forecast.simulation.targets import Goal, Terms, precision
from decai_forecast.simulation.targets.goal import SERVICE
from decai_forecast.simulation.targets.precision import critical_of
from decai_forecast.simulation.targets.shape import Shape
from decai_forecast.simulation.targets.single import Ahead, Judged, judged, reason, world_ahead
from decai_forecast.simulation.targets.sites import Levels, levels_of, shape_in
from decai_forecast.simulation.together import BUDGET, REPLICATIONS, Together, affordable, inner, searched
from decai_forecast.simulation.usual import FEWEST, Usual, usual_levels

__all__ = ["COLUMNS", "Goal", "Today", "outages_of", "proposed_targets"]

YEAR = 365.0  # days

COLUMNS = (
    *SERIES, "source", "position", "level_now", "level_proposed", "reorder_point", "safety_stock", "order_least",
    "order_multiple", "fill_rate_now", "fill_rate_proposed", "csl", "in_stock", "cost_now", "cost_proposed",
    "stock_proposed", "review", "lead", "service_type", "service_target", "reason",
)  # fmt: skip


def proposed_targets(
    network: SupplyNetwork, planner: Planner, goal: Goal, today: Today
) -> tuple[pd.DataFrame, Sequence[Assumption]]:
    """The table ``targets`` of a :class:`Simulation`, with what was assumed to find it.

    A site's level now is what it has in truth ordered up to (:func:`usual_levels`); unknown where too few counts say it.
    """
    ahead = Ahead(planner.horizon, planner.season, planner.seed, planner.replications, planner.dependence, today.risks)
    tables, tried, left, samples = [], 0, BUDGET, precision.BUDGET
    for group in network.groups:
        found = _Found(group, planner, ahead, goal, today)
        items, spent = found.to_search(left)
        multiples, more = precision.multiples_of(group, goal, ahead.horizon, ahead.replications, samples)
        left, samples, tried = left - spent, samples - more, tried + len(items)
        tables += list(found.rows(items, multiples))
    table = pd.concat([rows for rows in tables if len(rows)] or [pd.DataFrame(columns=list(COLUMNS))], ignore_index=True)
    return table.sort_values(SERIES, ignore_index=True), _stated(network, today, table, tried)


def _stated(network: SupplyNetwork, today: Today, table: pd.DataFrame, tried: int) -> Sequence[Assumption]:
    known = int(table["level_now"].notna().sum())
    text = (
        f"what you held on average of the last twelve months, and the demand of a lead time, for {known} of {len(table)} pairs "
        f"of place and item; of the others there are fewer than {FEWEST} counts of stock"
        if known
        else f"unknown: it takes {FEWEST} counts of stock of the last twelve months, and there are {today.usual.periods}"
    )
    stated = [Assumption("Levels now", text, known < len(table)), *_risky(network, today)]
    if any(inner(group).any() for group in network.groups):
        items = sum(len(group.stages.items) for group in network.groups if inner(group).any())
        text = f"of {tried} of {items} items whose sites supply each other, searched together and kept where that costs less"
        stated.append(Assumption("Proposed levels", f"{text}; the others site by site", False))
    return stated


def _risky(network: SupplyNetwork, today: Today) -> list[Assumption]:
    if not today.risks:
        return []
    suppliers = f"{len(today.risks)} supplier{'' if len(today.risks) == 1 else 's'}"
    text = (
        f"proposed levels reckon with random outages of {suppliers}, as often as network.yaml says and for "
        "their time to recover"
    )
    if any(map(_chained, network.groups)):
        text += "; of what comes from another site, or is made of components, only where levels are searched together"
    return [Assumption("Random outages", text, True)]


def _chained(group: Group) -> bool:
    """Whether a node orders from another one that keeps stock, and no supplier."""
    return bool(np.isin(np.flatnonzero(~group.graph.source), group.graph.parent).any())


def outages_of(network: SupplyNetwork, per_year: float) -> dict[str, Outages]:
    """Of every supplier that recovers in some time: so many outages a year, each for that time in the mean."""
    days = network.calendar.days
    return {
        place.name: Outages(min(per_year * days / YEAR, 1.0), max(place.recovery_days / days, 1.0))
        for place in network.places
        if per_year > 0 and place.kind == SUPPLIER and place.recovery_days > 0
    }


@dataclass(frozen=True)
class Today:
    """How things stand: pairs of place and item whose stock was delivered, whether open orders were, what was held, and the
    random outages of suppliers (by place) that levels are to reckon with."""

    stocked: frozenset[tuple[str, str]]
    orders: bool
    usual: Usual
    risks: Mapping[str, Outages] = field(default_factory=dict)
    then: Mapping[tuple[str, str], Floats] | None = None  # of a past night: demand of every period that followed it


@dataclass(frozen=True)
class _Found:
    """The targets of a group's items."""

    group: Group
    planner: Planner
    ahead: Ahead
    goal: Goal
    today: Today

    def to_search(self, budget: int) -> tuple[Ints, int]:
        """Items whose sites supply each other and are searched together, within the budget; and what of it they take."""
        if not inner(self.group).any() or self.goal.kind not in ("cost", "fill_rate"):
            return np.zeros(0, dtype=np.int64), 0
        return affordable(self.group, self.ahead.horizon, budget)

    def rows(self, together: Ints, multiples: Ints) -> Iterator[pd.DataFrame]:
        each = len(self.group.graph.nodes) * (self.ahead.horizon + 2 * way_of_all(self.group) + 1) * self.ahead.replications
        search = np.isin(np.arange(len(multiples)), together)
        for chosen in (True, False):
            some = np.flatnonzero(search == chosen)
            for items, multiple in precision.blocks_of(multiples[some], each):
                yield self._block(some[items], chosen, multiple)

    def _block(self, items: Ints, search: bool, multiple: int) -> pd.DataFrame:
        group = self.group.only(items)
        law = marginals_at(self.planner.law, self.group, items)
        levels = self._apart(group, law, self.ahead.times(multiple))
        better = np.zeros(len(items), dtype=bool)
        fresh = world_ahead(group, law, self.ahead, 0)
        shape = shape_in(fresh)
        if search:
            few = replace(self.ahead, replications=min(REPLICATIONS, self.ahead.replications))
            found = searched(world_ahead(group, law, few, 1), fresh, levels.level, levels.gap, self.goal)
            levels, better = self._together(group, levels, found, shape), found.better
        now = usual_levels(group, self.today.usual, law.mean.mean(axis=2))
        held = np.where(np.isnan(now)[:, :, None], levels.level, np.nan_to_num(now)[:, :, None])
        gap = np.where(np.isnan(now), levels.gap, 0.0)
        before, proposed = judged(fresh, shape, held, gap), judged(fresh, shape, levels.level, levels.gap)
        rows = self._table(group, levels, better, now, before, proposed)
        if self.today.then is None:
            return rows
        came = fresh.meeting(_demand_then(group, self.today.then, self.ahead.horizon))
        costs = [judged(came, shape, *policy).cost for policy in ((held, gap), (levels.level, levels.gap))]
        return _with_then(group, rows, costs)

    def _apart(self, group: Group, law: Marginals, ahead: Ahead) -> Levels:
        """Of sites that sell, found as if whoever supplies them had what they order, and never failed, where that is another
        site; of others those of the policy."""
        sold = group.graph.demand
        if not _chained(group):
            return levels_of(world_ahead(group, law, ahead, 1), self.goal)
        alone = _terms(group).group(place_names(group), group.stages.items)
        found = levels_of(world_ahead(alone, law, replace(ahead, risks=None), 1), self.goal)
        own = group.stages.level[:, :, : self.ahead.horizon]
        level = np.broadcast_to(own, (*own.shape[:2], self.ahead.horizon)).copy()
        level[sold] = found.level[1:]
        spare = np.maximum(level[:, :, 0] - self.planner.protected_mean(group), 0.0)
        rest = {"gap": np.zeros_like(spare), "safety": spare, "aim": critical_of(group), "reached": np.ones(spare.shape, bool)}
        for name, values in rest.items():
            values[sold] = getattr(found, name)[1:]
        return Levels(level, **rest)

    def _together(self, group: Group, apart: Levels, found: Together, shape: Shape) -> Levels:
        """Levels that were searched without a gap are told without one, and with the safety stock and service of their own."""
        held, aim = ~group.graph.source, np.zeros_like(apart.aim)
        aim[held] = shape.covered(found.level[held])
        spare = np.maximum(found.level[:, :, 0] - self.planner.protected_mean(group), 0.0)
        own = {"gap": np.zeros_like(apart.gap), "safety": spare, "aim": aim}
        chosen = {name: np.where(found.better, values, getattr(apart, name)) for name, values in own.items()}
        return replace(apart, level=found.level, **chosen)

    def _table(
        self, group: Group, levels: Levels, better: Bools, now: Floats, before: Judged, proposed: Judged
    ) -> pd.DataFrame:
        graph, stages = group.graph, group.stages
        told = np.isin(np.arange(len(graph.nodes)), graph.demand) | inner(group)
        node, item = np.nonzero(told[:, None] & (stages.throughput > 0))
        names, known, rule = np.array(graph.places or graph.nodes), np.isfinite(now), stages.rule or OrderRule.none(*now.shape)
        figures = {
            "position": _position(group, self.today), "level_now": now, "level_proposed": levels.level[:, :, 0],
            "reorder_point": levels.level[:, :, 0] - levels.gap,
            "safety_stock": np.maximum(levels.safety, 0.0), "order_least": rule.least, "order_multiple": rule.multiple,
            "fill_rate_now": np.where(known, before.fill_rate, np.nan), "fill_rate_proposed": proposed.fill_rate,
            "csl": np.where(better, np.nan, proposed.csl), "in_stock": proposed.in_stock,
            "cost_now": np.where(known, before.cost, np.nan), "cost_proposed": proposed.cost, "stock_proposed": proposed.stock,
            "review": np.broadcast_to(stages.review[:, None], now.shape), "lead": lead_of(group),
            "service_target": levels.aim if self.goal.kind == "cost" else np.full(now.shape, self.goal.value),
        }  # fmt: skip
        rows = pd.DataFrame({name: values[node, item] for name, values in figures.items()})
        rows = rows.assign(location_id=names[node], item_id=np.array(stages.items)[item], service_type=SERVICE[self.goal.kind])
        rows["source"] = main_source(group)[node, item]
        rows["reason"] = self._reasons(group, levels, better, node, item)
        return rows[list(COLUMNS)]

    def _reasons(self, group: Group, levels: Levels, better: Bools, node: Ints, item: Ints) -> list[str]:
        critical, several = critical_of(group), bool(inner(group).any())
        where = ["least cost of the whole network, searched together" if better[k] else "" for k in item]
        if several and self.goal.kind == "cost":
            where = [text or "least cost, site by site" for text in where]
        return [
            text or reason(self.goal, float(critical[n, k]), bool(levels.reached[n, k]))
            for text, n, k in zip(where, node, item, strict=True)
        ]


def _demand_then(group: Group, then: Mapping[tuple[str, str], Floats], horizon: int) -> Floats:
    """[demand node, item, period]; 0 where it is not known."""
    none = np.zeros(horizon)
    return np.array([[then.get((place, item), none) for item in group.stages.items] for place in place_names(group)])


def _with_then(group: Group, rows: pd.DataFrame, costs: Sequence[Floats]) -> pd.DataFrame:
    """The rows with ``cost_now_then`` and ``cost_proposed_then``: on the demand that came."""
    names = {name: n for n, name in enumerate(group.graph.places or group.graph.nodes)}
    node, item = rows["location_id"].map(names).to_numpy(int), rows["item_id"].map(group.stages.items.index).to_numpy(int)
    return rows.assign(cost_now_then=costs[0][node, item], cost_proposed_then=costs[1][node, item])


def _terms(group: Group) -> Terms:
    """Of the sites that sell, by the lane that takes longest."""
    graph, stages = group.graph, group.stages
    lane, sold = np.maximum(slowest(group), 0), graph.demand
    lead = np.take_along_axis(stages.lead, lane, axis=0)[sold]
    late = stages.lead_late
    late = None if late is None else np.take_along_axis(late, lane[:, :, None], axis=0)[sold]
    rule = stages.rule and OrderRule(*(values[sold] for values in vars(stages.rule).values()))
    own = stages.holding[sold], stages.shortage[sold]
    return Terms(lead, *own, int(stages.review.max()), False, late, rule)


def _position(group: Group, today: Today) -> Floats:
    """[node, item]: on hand and on order; NaN where nobody delivered both."""
    graph, stages = group.graph, group.stages
    form = topology(graph)
    due = under_way(form, terms(graph, stages, form, np.float64))
    if not today.orders:
        return np.full(stages.stock.shape, np.nan)
    there = np.array([[(place, item) in today.stocked for item in stages.items] for place in graph.places or graph.nodes])
    return np.asarray(np.where(there, stages.stock + due, np.nan))
