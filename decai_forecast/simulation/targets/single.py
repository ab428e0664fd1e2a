"""Stock targets of each site and item: the order-up-to level that reaches a service or costs least, found by simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.simulation.demand import INDEPENDENT, Dependence, Marginals, sample
from decai_forecast.simulation.engine.outages import Outages
from decai_forecast.simulation.network.graph import Bools, Floats
from decai_forecast.simulation.network.requirements import way_of_all
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.targets.goal import SERVICE, Goal
from decai_forecast.simulation.targets.policy import Terms
from decai_forecast.simulation.targets.precision import blocks_of, critical_of, multiples_of
from decai_forecast.simulation.targets.shape import Shape
from decai_forecast.simulation.targets.sites import Levels, covering, levels_of, shape_in
from decai_forecast.simulation.targets.world import World, world_of

__all__ = ["Ahead", "Judged", "Proposed", "judged", "proposed_for", "reason", "stock_targets", "world_ahead"]

CYCLES = 26  # periods that orders of an economic quantity are given to settle in, at most
COLUMNS = (
    *SERIES, "level_now", "level_proposed", "reorder_point", "safety_stock", "fill_rate_now", "fill_rate_proposed", "csl_now",
    "csl_proposed", "in_stock_now", "in_stock_proposed", "cost_now", "cost_proposed", "stock_now", "stock_proposed",
    "service_type", "service_target", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Ahead:
    """The demand to come: how many periods count, after which season it repeats, how samples are drawn and how many, and the
    random outages of suppliers (by place) that are to be reckoned with."""

    horizon: int
    season: int
    seed: int
    replications: int
    dependence: Dependence = INDEPENDENT
    risks: Mapping[str, Outages] | None = None

    def times(self, multiple: int) -> Ahead:
        """With so many times the replications."""
        return replace(self, replications=self.replications * multiple)


@dataclass(frozen=True)
class Judged:
    """What levels do on fresh samples, [node, item]: ``cost`` per period, services (NaN where nobody buys), ``csl`` (cycle
    service of the reorder point) and ``stock`` (mean units on hand)."""

    cost: Floats
    fill_rate: Floats
    in_stock: Floats
    csl: Floats
    stock: Floats


@dataclass(frozen=True)
class Proposed:
    """Levels as found on one set of samples, and both policies judged on another; ``asked``: [node, item], whether anything
    is asked of it."""

    levels: Levels
    now: Judged
    proposed: Judged
    asked: Bools


def stock_targets(
    law: Marginals,
    terms: Terms,
    goal: Goal,
    *,
    seed: int,
    horizon: int,
    season: int,
    replications: int = 200,
    dependence: Dependence = INDEPENDENT,
    level_now: Floats | None = None,
) -> pd.DataFrame:
    """One row per site and item with demand: location_id, item_id, level_now (NaN: unknown), level_proposed (of the first
    period), reorder_point (from where on is ordered up to it), safety_stock (what that holds beyond the mean demand it
    protects), fill_rate_now, fill_rate_proposed, csl_now, csl_proposed (cycle service: share of protected demands covered),
    in_stock_now, in_stock_proposed (share of periods that end with stock), cost_now, cost_proposed (holding, shortage and
    orders, per period), stock_now, stock_proposed (mean units on hand), service_type (F fill rate, A cycle service, T periods
    with stock), service_target (of the least cost: the cycle service that its level gives), reason.

    Levels are found on one set of samples and judged on another, the same for both policies. ``level_now``: [location, item]
    in units, held in every period. Proposed levels move with the forecast.
    """
    ahead = Ahead(horizon, season, seed, replications, dependence)
    whole = terms.group(law.locations, law.items)
    multiples, _ = multiples_of(whole, goal, horizon, replications)
    each = len(law.locations) * (horizon + way_of_all(whole) + 1) * replications
    blocks = []
    for items, multiple in blocks_of(multiples, each):
        group, now = whole.only(items), None
        if level_now is not None:
            now = np.concatenate([np.full((1, len(items)), np.nan), level_now[:, items]])
        found = proposed_for(group, law.only(items.tolist()), goal, ahead, now, backorder=terms.backorder, multiple=multiple)
        blocks.append(_rows(group, found, goal, now))
    return pd.concat(blocks, ignore_index=True).sort_values(SERIES, ignore_index=True)


def proposed_for(
    group: Group,
    law: Marginals,
    goal: Goal,
    ahead: Ahead,
    now: Floats | None,
    *,
    backorder: bool = False,
    multiple: int = 1,
) -> Proposed:
    """Levels of all sites of a group that suppliers serve directly. ``law``: of its demand nodes; ``now``: [node, item],
    units held in every period, NaN where unknown. Planned with a ``multiple`` of the replications."""
    plan = world_ahead(group, law, ahead.times(multiple), 1, backorder=backorder)
    happens = world_ahead(group, law, ahead, 0, backorder=backorder)
    levels = levels_of(plan, goal)
    shape = shape_in(happens)
    proposed = judged(happens, shape, levels.level, levels.gap)
    before = proposed if now is None else _now(happens, shape, now)
    return Proposed(levels, before, proposed, np.asarray((happens.mean > 0).any(axis=2), dtype=np.bool_))


def world_ahead(group: Group, law: Marginals, ahead: Ahead, number: int, *, backorder: bool = False) -> World:
    """The world of a set of samples; it begins with periods like the first, in which stock settles in."""
    longest = way_of_all(group) + int(group.stages.review.max()) + 1
    warm = longest + (CYCLES if group.stages.rule is not None else 0)
    seen = law.through(ahead.horizon + longest, ahead.season).after(warm)
    sold = sample(seen, ahead.dependence, seed=ahead.seed + number, replications=range(ahead.replications))
    return world_of(
        group, seen.mean, sold, seed=ahead.seed + number, warm=warm, backorder=backorder, variance=seen.variance,
        beyond=longest, risks=ahead.risks
    )  # fmt: skip


def judged(world: World, shape: Shape, level: Floats, gap: Floats) -> Judged:
    """What levels [node, item, counted period] do in a world; ``shape``: of the demand that they protect there."""
    found = world.run(covering(world, level), gap)
    held, csl = ~world.group.graph.source, np.full(gap.shape, np.nan)
    csl[held] = shape.covered((level - gap[:, :, None])[held])
    fill, in_stock = (world.services(found, kind) for kind in ("fill_rate", "in_stock"))
    return Judged(world.costs(found), fill, in_stock, csl, found.on_hand / world.counted)


def _now(world: World, shape: Shape, now: Floats) -> Judged:
    level = np.repeat(np.nan_to_num(now)[:, :, None], world.demand.shape[2] - world.warm, axis=2)
    found = judged(world, shape, level, np.zeros(now.shape))
    return Judged(**{name: np.where(np.isfinite(now), values, np.nan) for name, values in vars(found).items()})


def _rows(group: Group, found: Proposed, goal: Goal, now: Floats | None) -> pd.DataFrame:
    """One row per site that sells, of items that somebody asks for."""
    sold, levels = group.graph.demand, found.levels
    place, item = (index.ravel() for index in np.indices((len(sold), len(group.stages.items))))
    names = group.graph.places or group.graph.nodes
    figures = {"level_now": np.full(levels.gap.shape, np.nan) if now is None else now}
    figures |= {"level_proposed": levels.level[:, :, 0], "reorder_point": levels.level[:, :, 0] - levels.gap}
    figures |= {"safety_stock": levels.safety, "service_target": _aims(levels, goal)}
    for when, of in (("now", found.now), ("proposed", found.proposed)):
        figures |= {f"{name}_{when}": _known(values, when, now) for name, values in vars(of).items()}
    rows = pd.DataFrame({name: values[sold].ravel() for name, values in figures.items()})
    rows = rows.assign(location_id=np.array(names)[sold[place]], item_id=np.array(group.stages.items)[item])
    rows = rows.assign(service_type=SERVICE[goal.kind], reason=_reasons(group, levels, goal))
    return rows[found.asked[sold].ravel()][list(COLUMNS)]


def _known(values: Floats, when: str, now: Floats | None) -> Floats:
    return np.full(values.shape, np.nan) if when == "now" and now is None else values


def _aims(levels: Levels, goal: Goal) -> Floats:
    return levels.aim if goal.kind == "cost" else np.full(levels.aim.shape, goal.value)


def _reasons(group: Group, levels: Levels, goal: Goal) -> list[str]:
    sold = group.graph.demand
    critical = critical_of(group)[sold]
    reached = levels.reached[sold].ravel()
    return [reason(goal, float(ratio), bool(enough)) for ratio, enough in zip(critical.ravel(), reached, strict=True)]


def reason(goal: Goal, critical: float, reached: bool) -> str:
    """Why this level, in words for the planner."""
    if not reached:
        return f"no stock serves {goal.value:.1%}: what its suppliers can ship does not"
    if goal.kind == "cost":
        ratio = "" if np.isnan(critical) else f", at a critical ratio of {critical:.6g}"
        return f"least cost of holding, shortage and orders{ratio}"
    return {
        "cycle_service": f"covers the demand it protects in {goal.value:.0%} of cycles",
        "fill_rate": f"serves {goal.value:.1%} of demand from stock",
        "in_stock": f"has stock at the end of {goal.value:.1%} of periods",
    }[goal.kind]
