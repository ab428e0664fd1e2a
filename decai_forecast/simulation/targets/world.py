"""A world in which levels are tried: items of a group, one set of demand, late shipments, and a start that has settled in.

Search and judgement, today's levels and proposed ones run in the engine that the report's simulation runs in, with the same
lead times and their spread, capacities, order rules and allocation. The first ``warm`` periods are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from decai_forecast.simulation.engine.choose import engine_for
from decai_forecast.simulation.engine.frame import Late, Outcome, Samples
from decai_forecast.simulation.engine.late import lateness
from decai_forecast.simulation.engine.outages import Outages, with_outages
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.requirements import asked_of, lead_of
from decai_forecast.simulation.network.stages import Group, OrderRule

__all__ = ["World", "world_of"]

RUNS = 20  # simulations of a search of single sites, about


@dataclass(frozen=True)
class World:
    """``demand``: [demand node, item, period, replication], of the periods that are run; ``sold``: that and what follows, so
    that the last levels have something to protect. ``mean``, ``variance``: of what is asked of each node, [node, item, period],
    as far as ``sold``; periods and sites are independent in the variance. ``late``: [lane, item, period, replication]."""

    group: Group
    mean: Floats
    variance: Floats
    demand: Samples
    sold: Samples
    late: Late | None
    warm: int
    backorder: bool
    runs: int = RUNS  # simulations to be made in it, about

    @property
    def counted(self) -> int:
        """Periods times replications that figures are means of."""
        return int((self.demand.shape[2] - self.warm) * self.demand.shape[3])

    @property
    def sold_mean(self) -> Floats:
        """[node, item]: demand of outside customers per counted period."""
        found = np.zeros(self.mean.shape[:2])
        found[self.group.graph.demand] = self.demand[:, :, self.warm :].mean(axis=(2, 3), dtype=np.float64)
        return found

    def meeting(self, demand: Floats) -> World:
        """The same, settled in as it was, with a demand that is known: [demand node, item, counted period]."""
        met = self.demand.copy()
        met[:, :, self.warm :] = demand[..., None]
        return replace(self, demand=met)

    def run(self, level: Floats, gap: Floats | None = None) -> Outcome:
        """What order-up-to levels [node, item, period] do there; ``gap``: of the order rule, instead of the group's own."""
        graph, stages, periods = self.group.graph, self.group.stages, self.demand.shape[2]
        stock, transit = self._start(level[:, :, 0])
        started = replace(stages, level=level, stock=stock, transit=transit, rule=self._rule(gap))
        steps = self.runs * len(graph.nodes) * periods
        run = engine_for(steps * self.demand.shape[1] * self.demand.shape[3], steps, self.demand.shape[3])
        return run(graph, started, self.demand, backorder=self.backorder, late=self.late, warm=self.warm)

    def costs(self, found: Outcome) -> Floats:
        """[node, item], per period: of holding, of what is short, and of placing orders."""
        stages, demand = self.group.stages, self.group.graph.demand
        cost = found.on_hand * stages.holding
        cost[demand] += found.short * stages.shortage[demand]
        if stages.rule is not None:
            cost += found.placed * stages.rule.cost
        return cost / self.counted

    def services(self, found: Outcome, kind: str) -> Floats:
        """[node, item]: the ``fill_rate`` or ``in_stock`` (periods that end with stock) of sites that sell; NaN elsewhere."""
        out, sold = np.full(found.on_hand.shape, np.nan), self.group.graph.demand
        share = np.divide(found.served, found.demand, out=np.full_like(found.demand, np.nan), where=found.demand > 0)
        if kind == "in_stock":
            share = np.where(found.demand > 0, 1 - found.dry[sold] / self.counted, np.nan)
        out[sold] = share
        return out

    def _start(self, level: Floats) -> tuple[Floats, Floats]:
        """Of the first levels [node, item]: stock [node, item] and goods in transit [lane, item, period]. The mean demand of a
        lead time is on its way, at most the level; the rest of the level is on hand."""
        graph, stages = self.group.graph, self.group.stages
        lead, periods = lead_of(self.group), np.arange(self.demand.shape[2])
        wanted = self.mean[:, :, 0] * lead
        fits = np.minimum(1.0, np.divide(level, wanted, out=np.ones_like(wanted), where=wanted > 0))
        moved = self.mean[graph.child][:, :, : len(periods)] * (stages.quantity * stages.share * fits[graph.child])[:, :, None]
        stock = np.where(graph.source[:, None], 0.0, np.maximum(level - wanted, 0.0))
        return stock, np.where(periods < lead[graph.child][:, :, None], moved, 0.0)

    def _rule(self, gap: Floats | None) -> OrderRule | None:
        rule = self.group.stages.rule
        if gap is None or not gap.any():
            return rule
        return replace(rule or OrderRule.none(*gap.shape), gap=gap)


def world_of(
    group: Group,
    mean: Floats,
    demand: Samples,
    *,
    seed: int,
    warm: int,
    backorder: bool,
    variance: Floats | None = None,
    beyond: int = 0,
    risks: Mapping[str, Outages] | None = None,
) -> World:
    """The world of one set of samples. ``mean``, ``variance`` ([demand node, item, period]) and ``demand`` (and replication)
    are of outside customers; the last ``beyond`` periods are not run. ``seed``: of late shipments and of the random outages of
    suppliers (``risks``, by place)."""
    periods, some = demand.shape[2] - beyond, range(demand.shape[3])
    late = with_outages(group, lateness(group, periods, some, seed), risks or {}, periods, some, seed)
    run: Samples = np.ascontiguousarray(demand[:, :, :periods], dtype=np.float32)
    spread = demand.var(axis=3, dtype=np.float64) if variance is None else variance
    return World(group, asked_of(group, mean), asked_of(group, spread, 2), run, demand, late, warm, backorder)
