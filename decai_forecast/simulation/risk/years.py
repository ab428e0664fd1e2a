"""Years of random events from what single ones cost: a compound Poisson process.

Events come independently of each other and as often in every week; what one costs is drawn among the replications, at a length
drawn between the shortest and the longest. Two that overlap cost what both cost alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from decai_forecast.simulation.network.graph import Floats

__all__ = ["YEARS", "Cost", "Year", "expected", "year_of"]

YEARS = 20_000  # standard error of the 95th percentile: about half a percent of a standard deviation
TAIL = 0.95


@dataclass(frozen=True)
class Cost:
    """Of an event: ``lengths`` in days that were simulated, and the loss at each, [length, replication]."""

    per_year: float
    lengths: tuple[int, ...]
    loss: Floats


@dataclass(frozen=True)
class Year:
    """Loss of a year: ``expected`` (exact), ``value_at_risk`` (one year in twenty costs more), ``expected_beyond`` (the mean of
    these years) and ``quiet``, the share of years without any loss."""

    expected: float
    value_at_risk: float
    expected_beyond: float
    quiet: float


def expected(cost: Cost) -> float:
    """Loss of a year by this event: linear between the lengths that were simulated, each length as likely."""
    means = cost.loss.mean(axis=1)
    if len(means) == 1:
        return float(cost.per_year * means[0])
    days = np.array(cost.lengths, dtype=float)
    return float(cost.per_year * np.trapezoid(means, days) / (days[-1] - days[0]))


def year_of(costs: Sequence[Cost], seed: int, years: int = YEARS) -> Year:
    """The same for equal arguments, however many events there are beside: each has draws of its own."""
    total = np.zeros(years)
    for k, cost in enumerate(costs):
        total += _drawn(cost, np.random.default_rng([seed, k]), years)
    at_risk = float(np.quantile(total, TAIL, method="higher"))
    return Year(sum(map(expected, costs)), at_risk, float(total[total >= at_risk].mean()), float((total <= 0).mean()))


def _drawn(cost: Cost, draw: np.random.Generator, years: int) -> Floats:
    """[year]: the loss by one event."""
    times = draw.poisson(cost.per_year, years)
    year, count = np.repeat(np.arange(years), times), int(times.sum())
    low, high = cost.lengths[0], cost.lengths[-1]
    days = np.array(cost.lengths, dtype=float)
    length, which = draw.uniform(low, high, count), draw.integers(cost.loss.shape[1], size=count)
    right = np.clip(np.searchsorted(days, length), min(1, len(days) - 1), len(days) - 1)
    left = np.maximum(right - 1, 0)
    part = np.divide(length - days[left], days[right] - days[left], out=np.zeros(count), where=days[right] > days[left])
    loss = cost.loss[left, which] + part * (cost.loss[right, which] - cost.loss[left, which])
    return np.asarray(np.bincount(year, weights=loss, minlength=years), dtype=float)
