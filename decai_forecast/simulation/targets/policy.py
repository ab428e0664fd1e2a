"""Order-up-to levels from demand samples, and what holding them does, site by site.

The decision to order sees the period's demand, and what is ordered arrives ``lead`` periods later, before that period's
demand. A level therefore protects the ``lead + review - 1`` periods after the one it is set in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from decai_forecast.demand.quantiles import plotting_position
from decai_forecast.simulation.engine import compiled, vectorised
from decai_forecast.simulation.engine.frame import Outcome, Samples
from decai_forecast.simulation.network.graph import Floats, Graph, Ints
from decai_forecast.simulation.network.stages import Stages

__all__ = ["Held", "Terms", "counted", "fill_rate", "hold", "level_at", "protected", "share_covered"]

COUNTED = ("demand", "served", "short", "on_hand", "orders", "cost")
COMPILED_FROM = 20_000  # samples from which the compiled engine pays: a search makes dozens of runs


@dataclass(frozen=True)
class Terms:
    """What a level at a site costs and protects; arrays are [location, item]."""

    lead: Ints  # periods from order to arrival
    holding: Floats  # cost per unit on hand and period
    shortage: Floats  # cost per unit lost, or per unit owed and period
    review: int = 1  # periods between orders
    backorder: bool = False  # False: what cannot be served is lost

    @property
    def span(self) -> Ints:
        """[location, item]: periods that a level protects."""
        return self.lead + self.review - 1


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
    total = np.concatenate([np.zeros_like(demand[:, :, :1]), demand], axis=2).cumsum(axis=2, dtype=np.float64)
    out, begin = np.empty((*demand.shape[:2], horizon, demand.shape[3])), first + 1
    for span in np.unique(terms.span):
        rows = terms.span == span
        out[rows] = total[rows, begin + span : begin + span + horizon] - total[rows, begin : begin + horizon]
    return np.sort(out, axis=3)


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


def share_covered(ordered: Floats, level: Floats) -> Floats:
    """Cycle service, [location, item]: the share of samples and periods whose protected demand the level covers."""
    return np.asarray((ordered <= level[..., None]).mean(axis=(2, 3)))


def hold(level: Floats, demand: Samples, terms: Terms, warm: int, expected: Floats | None = None) -> Held:
    """Holds the levels [location, item, period] against the demand of as many periods.

    The first ``warm`` ones are for stock and orders to settle in and are not counted; the span of the levels is enough. At the
    start the ``expected`` demand of a lead time ([location, item, period]; None: the mean of ``demand``) is on its way.
    """
    flow = demand.mean(axis=3, dtype=np.float64) if expected is None else expected
    graph, stages = _graph(len(level)), _stages(level, flow, terms)
    found = counted(graph, stages, demand, warm, backorder=terms.backorder)
    size = found.replications * (demand.shape[2] - warm)
    short, on_hand = found.short / size, found.on_hand[1:] / size
    return Held(fill_rate(found), terms.holding * on_hand + terms.shortage * short, on_hand, short)


def fill_rate(found: Outcome) -> Floats:
    """Type 2, [demand node, item]: demand served from stock in its period over all demand; NaN without demand."""
    return np.divide(found.served, found.demand, out=np.full_like(found.demand, np.nan), where=found.demand > 0)


def counted(graph: Graph, stages: Stages, demand: Samples, warm: int, *, backorder: bool) -> Outcome:
    """What happens after the first ``warm`` periods: sums of the whole run less those of a run of these periods alone.

    Per item and node: demand, served, short, on_hand, orders; and cost. Other sums stay those of the whole run.
    """
    run = compiled.run if demand.size >= COMPILED_FROM else vectorised.run
    whole = run(graph, stages, demand, backorder=backorder)
    if not warm:
        return whole
    short = replace(stages, level=stages.level[:, :, :warm], transit=stages.transit[:, :, :warm])
    before = run(graph, short, demand[:, :, :warm], backorder=backorder)
    return replace(whole, **{name: getattr(whole, name) - getattr(before, name) for name in COUNTED})


def _graph(sites: int) -> Graph:
    """One source that every site orders from."""
    child, first = np.arange(1, sites + 1), np.zeros(sites, dtype=np.int64)
    nodes = ("supplier", *(f"site {k}" for k in range(sites)))
    return Graph(nodes, np.arange(sites + 1) == 0, first, child, first, child)


def _stages(level: Floats, mean: Floats, terms: Terms) -> Stages:
    sites, items, periods = level.shape
    due = np.where(np.arange(periods) < terms.lead[:, :, None], mean, 0.0)
    stock = np.maximum(level[:, :, 0] - mean[:, :, 0] * terms.lead, 0.0)

    def with_source(values: Floats, source: float) -> Floats:
        return np.concatenate([np.full((1, *values.shape[1:]), source), values])

    plain, free = np.ones((sites, items)), np.full((sites + 1, items), np.inf)
    return Stages(
        items=tuple(f"item {k}" for k in range(items)),
        quantity=plain,
        share=plain,
        lead=terms.lead,
        lead_late=None,
        stock=with_source(stock, 0.0),
        transit=due,
        level=with_source(level, 0.0),
        review=np.array([1] + [terms.review] * sites),
        capacity=free,
        throughput=free,
        holding=with_source(terms.holding, 0.0),
        shortage=with_source(terms.shortage, 0.0),
        value=np.full((sites + 1, items), np.nan),
    )
