"""The engine: periodic review, order-up-to levels, lost sales, for many series and replications at once.

Events of a period: a review orders up to the level (before the period's demand is known), due orders arrive, demand is
served from stock, what cannot be served is lost. An order with a lead time of L periods arrives L periods later, so that
a level protects L periods plus one review interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.sampling import Floats

__all__ = ["Ints", "Outage", "Policy", "lost_sales", "order_up_to", "pipeline"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Policy:
    """How each series orders and how it starts; units, rows are series."""

    levels: Floats  # order-up-to levels, series x horizon
    on_hand: Floats  # at the start
    due: Floats  # in transit at the start, series x horizon by period of arrival
    lead: Ints  # periods
    review: int  # periods

    def take(self, rows: Ints) -> Policy:
        return Policy(self.levels[rows], self.on_hand[rows], self.due[rows], self.lead[rows], self.review)


@dataclass(frozen=True)
class Outage:
    """A supplier that ships nothing in the first ``periods``; ``share`` of each series' orders go to it."""

    periods: int
    share: Floats


def order_up_to(demand: Floats, lead: Ints, review: int, critical: float, horizon: int) -> tuple[Floats, Floats]:
    """Order-up-to levels and mean protection demand, both series x horizon, units.

    The level of a period is the quantile ``critical`` of the demand (series x periods x samples, at least horizon + lead +
    review periods) from there through lead time and review interval.
    """
    levels, means = np.empty((len(demand), horizon)), np.empty((len(demand), horizon))
    total = np.concatenate([np.zeros_like(demand[:, :1]), demand.cumsum(axis=1)], axis=1)
    for periods in np.unique(lead):
        rows, span = lead == periods, int(periods) + review
        protected = total[rows, span : span + horizon] - total[rows, :horizon]
        levels[rows] = np.quantile(protected, critical, axis=2)
        means[rows] = protected.mean(axis=2)
    return levels, means


def pipeline(level: Floats, on_hand: Floats, mean: Floats, lead: Ints) -> Floats:
    """Units in transit at the start (series x horizon, by period of arrival): the steady state of the policy.

    What stock lacks to the order-up-to level is on its way, at most the mean demand of the lead time, spread like it.
    """
    expected: Floats = np.where(np.arange(mean.shape[1]) < lead[:, None], mean, 0.0)
    total = expected.sum(axis=1)
    lacking = np.clip(level - on_hand, 0.0, total)
    share: Floats = np.divide(lacking, total, out=np.zeros_like(total), where=total > 0)
    return expected * share[:, None]


def lost_sales(demand: Floats, policy: Policy, outage: Outage | None = None) -> Floats:
    """Units of demand that could not be served: series x periods x replications, like ``demand``.

    During an ``outage`` orders queue at the supplier and leave on its first day back; what is in transit arrives.
    """
    series, horizon, replications = demand.shape
    arrivals = np.zeros((horizon + 1, series, replications))  # the last row: beyond the horizon
    arrivals[:horizon] = policy.due.T[:, :, None]
    stock = np.repeat(policy.on_hand[:, None], replications, axis=1)
    outstanding = np.repeat(policy.due.sum(axis=1)[:, None], replications, axis=1)
    lost, rows = np.empty_like(demand), np.arange(series)
    for t in range(horizon):
        if t % policy.review == 0:
            order = np.maximum(policy.levels[:, t, None] - stock - outstanding, 0.0)
            outstanding += order
            if outage and t < outage.periods:
                held = order * outage.share[:, None]
                arrivals[np.minimum(outage.periods + policy.lead, horizon), rows] += held
                order -= held
            arrivals[np.minimum(t + policy.lead, horizon), rows] += order
        stock += arrivals[t]
        outstanding -= arrivals[t]
        served = np.minimum(stock, demand[:, t])
        lost[:, t] = demand[:, t] - served
        stock -= served
    return lost
