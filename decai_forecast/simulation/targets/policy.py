"""What a level at a site costs and protects, and what holding it does, site by site.

The decision to order sees the period's demand, and what is ordered arrives ``lead`` periods later, before that period's
demand. A level therefore protects the ``lead + review - 1`` periods after the one it is set in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from decai_forecast.demand.quantiles import plotting_position
from decai_forecast.simulation.engine.frame import Outcome, Samples
from decai_forecast.simulation.network.graph import Floats, Graph, Ints
from decai_forecast.simulation.network.stages import Group, OrderRule, Stages
from decai_forecast.simulation.targets.shape import protected_by
from decai_forecast.simulation.targets.world import world_of

__all__ = ["Held", "Terms", "fill_rate", "hold", "level_at", "protected"]


@dataclass(frozen=True)
class Terms:
    """What a level at a site costs and protects; arrays are [location, item]."""

    lead: Ints  # periods from order to arrival
    holding: Floats  # cost per unit on hand and period
    shortage: Floats  # cost per unit lost, or per unit owed and period
    review: int = 1  # periods between orders
    backorder: bool = False  # False: what cannot be served is lost
    late: Floats | None = None  # [location, item, k]: probability that a shipment takes k periods more; None: none is late
    rule: OrderRule | None = None  # [location, item]; None: any quantity may be ordered at any time

    @property
    def span(self) -> Ints:
        """[location, item]: periods that a level protects if nothing is late."""
        return self.lead + self.review - 1

    @property
    def latest(self) -> int:
        """Periods that the latest shipment is late."""
        return 0 if self.late is None else self.late.shape[2] - 1

    def group(self, locations: Sequence[str], items: Sequence[str]) -> Group:
        """One source that every site orders from."""
        sites = len(locations)
        child, first = np.arange(1, sites + 1), np.zeros(sites, dtype=np.int64)
        graph = Graph(("supplier", *locations), np.arange(sites + 1) == 0, first, child, first, child)
        return Group(graph, self._stages(tuple(items)))

    def _stages(self, items: tuple[str, ...]) -> Stages:
        sites, count = self.lead.shape
        plain, free = np.ones((sites, count)), np.full((sites + 1, count), np.inf)
        rule = self.rule and OrderRule(*(_with_source(values) for values in vars(self.rule).values()))
        return Stages(
            items=items, quantity=plain, share=plain, lead=self.lead, lead_late=self.late, stock=np.zeros((sites + 1, count)),
            transit=np.zeros((sites, count, 1)), level=np.zeros((sites + 1, count, 1)),
            review=np.array([1] + [self.review] * sites), capacity=free, throughput=free,
            holding=_with_source(self.holding), shortage=_with_source(self.shortage), value=np.full((sites + 1, count), np.nan),
            rule=rule,
        )  # fmt: skip


def _with_source(values: Floats) -> Floats:
    return np.concatenate([np.zeros((1, *values.shape[1:])), values])


@dataclass(frozen=True)
class Held:
    """What a policy did on average of the replications; [location, item]."""

    fill_rate: Floats  # type 2: demand served from stock in its period, over all demand; NaN without demand
    cost: Floats  # holding and shortage, per period
    on_hand: Floats  # mean units at the end of a period
    short: Floats  # units per period: lost, or owed at its end


def protected(demand: Samples, terms: Terms, first: int, horizon: int) -> Floats:
    """Ascending samples of the demand that a level set in each of ``horizon`` periods from ``first`` on protects:
    [location, item, period, replication]. ``demand`` covers at least the longest span and one period more.
    """
    return np.sort(protected_by(demand, terms.span, None, first, horizon), axis=3)


def level_at(ordered: Floats, probability: Floats) -> Floats:
    """The quantiles [location, item, period] of :func:`protected` at each site's and item's own probability.

    At Weibull's plotting position (see :func:`plotting_position`), linear in between; beyond it the largest sample.
    """
    count = ordered.shape[3]
    place = plotting_position(probability, count)[:, :, None, None]
    low = np.floor(place).astype(np.int64)
    shape = (*ordered.shape[:3], 1)
    below, above = (
        np.take_along_axis(ordered, np.broadcast_to(at, shape), axis=3) for at in (low, np.minimum(low + 1, count - 1))
    )
    return np.asarray((below + (place - low) * (above - below))[..., 0])


def hold(level: Floats, demand: Samples, terms: Terms, expected: Floats) -> Held:
    """Holds the levels [location, item, period] against the demand of as many periods. At the start the ``expected`` demand of
    a lead time ([location, item, period]), at most the first level, is on its way, and the rest of that level on hand."""
    group = terms.group([f"site {k}" for k in range(len(level))], [f"item {k}" for k in range(level.shape[1])])
    world = world_of(group, expected, demand, seed=0, warm=0, backorder=terms.backorder)
    found = world.run(_with_source(level))
    return Held(fill_rate(found), world.costs(found)[1:], found.on_hand[1:] / world.counted, found.short / world.counted)


def fill_rate(found: Outcome) -> Floats:
    """Type 2, [demand node, item]: demand served from stock in its period over all demand; NaN without demand."""
    return np.divide(found.served, found.demand, out=np.full_like(found.demand, np.nan), where=found.demand > 0)
