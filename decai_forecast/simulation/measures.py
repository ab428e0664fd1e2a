"""Measures of exposure in the field's definitions."""

from __future__ import annotations

import numpy as np

from decai_forecast.simulation.network.graph import Bools, Floats

__all__ = [
    "bullwhip",
    "days_of_supply",
    "first_failure",
    "hhi",
    "in_failure",
    "loss_of_service",
    "low_quantile",
    "ripple",
    "served",
    "service_recovery",
    "standard_error",
    "wilson",
]

TINY = 1e-9
POINT = 0.01  # of service: what is lower by less is the same
STILL = 1e-4  # squared coefficient of variation (1 %) below which demand hardly varies


def days_of_supply(on_hand: Floats, demand: Floats) -> Floats:
    """Periods that ``on_hand`` (series) lasts against ``demand`` (series x periods); NaN: longer than the horizon.

    Catena-X CX-0157: full periods, then what remains over the next period's demand; receipts do not count. Without
    stock there are none, where anything is asked for.
    """
    needed = demand.cumsum(axis=1)
    full = (needed <= on_hand[:, None]).sum(axis=1)
    rows, lasting = np.arange(len(demand)), full == demand.shape[1]
    following = np.where(lasting, 0, full)
    left = on_hand - np.where(full > 0, needed[rows, full - 1], 0.0)
    part = np.divide(left, demand[rows, following], out=np.zeros(len(demand)), where=~lasting)
    return np.where((on_hand <= 0) & (needed[:, -1] > 0), 0.0, np.where(lasting, np.nan, full + part))


def hhi(shares: Floats) -> float:
    """Herfindahl-Hirschman index, the sum of squared shares: 1 is a single supplier."""
    return float(np.square(shares).sum())


def standard_error(probability: Floats, replications: int) -> Floats:
    """Binomial standard error of a share of replications."""
    return np.sqrt(probability * (1 - probability) / replications)


def wilson(share: Floats, count: int, deviations: float = 1.645) -> tuple[Floats, Floats]:
    """Both ends of Wilson's interval (1927) for a share of ``count``; 1.645 standard deviations: 90 %."""
    square = deviations**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = deviations / (1 + square / count) * np.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def served(demand: Floats | np.float64, lost: Floats | np.float64) -> Floats:
    """Fill rate (type 2): the share of demand served from stock; NaN where there is no demand."""
    return np.asarray(1 - np.divide(lost, demand, out=np.full(np.shape(demand), np.nan), where=np.asarray(demand) > 0))


def first_failure(failed: Bools) -> Floats:
    """The first period (axis 0) of a failure; infinity: in none."""
    return np.where(failed.any(axis=0), failed.argmax(axis=0), np.inf)


def low_quantile(periods: Floats, probability: float) -> Floats:
    """Quantile over replications (last axis) of times that may be infinite; NaN where it lies beyond the horizon."""
    found = np.quantile(periods, probability, axis=-1, method="inverted_cdf")
    return np.where(np.isfinite(found), found, np.nan)


def in_failure(service: Floats, failure: float, recovery: float, usual: Floats | None = None) -> Bools:
    """Whether each period (axis 0) belongs to a failure: from the first below ``failure`` until one reaches ``recovery``.

    Two levels, so that service that swings around one of them is one failure and not many (hysteresis). ``usual``: service on
    the same samples without what happens; where service is within a point of it, no failure is its doing.
    """
    found = np.zeros(service.shape, dtype=bool)
    state = np.zeros(service.shape[1:], dtype=bool)
    worse = np.ones(service.shape, dtype=bool) if usual is None else service < usual - POINT
    for period, now in enumerate(service):
        state = np.where(state, now < recovery, now < failure) & worse[period]
        found[period] = state
    return found


def service_recovery(failed: Bools) -> Floats:
    """Periods to the first from which on service holds; 0: it never failed, NaN: not within those that were looked at.

    ``failed``: of :func:`in_failure`, from the start of what happens. This is the output; a node's own time to recover is an
    input.
    """
    last = len(failed) - failed[::-1].argmax(axis=0)  # the first period after the last failed one
    found = np.where(failed.any(axis=0), last, 0)
    return np.asarray(np.where(found == len(failed), np.nan, found) if len(failed) else found, dtype=float)


def loss_of_service(service: Floats, target: Floats | float, days: int) -> tuple[Floats, Floats]:
    """The area between ``target`` and ``service`` (periods first) in service-days, and the largest depth; both at least 0."""
    depth = np.maximum(target - service, 0.0)
    return depth.sum(axis=0) * days, depth.max(axis=0)


def ripple(base_served: Floats, served_down: Floats, demand: Floats) -> Floats:
    """Service lost by each affected node (second axis) while another is disrupted (first axis): a share of its demand.

    ``base_served`` and ``demand``: [affected]; ``served_down``: [disrupted, affected], units on the same demand. NaN where
    nobody asks for anything.
    """
    lost = base_served - served_down
    return np.asarray(np.divide(lost, demand, out=np.full(lost.shape, np.nan), where=np.broadcast_to(demand, lost.shape) > 0))


def _variance(sums: Floats, count: int) -> Floats:
    """From sums and sums of squares (last axis) of ``count`` values."""
    mean = sums[..., 0] / count
    return np.asarray(np.maximum(sums[..., 1] / count - mean**2, 0.0))


def bullwhip(orders: Floats, asked: Floats, count: int) -> Floats:
    """Var(orders) / Var(demand), from sums and sums of squares (last axis) of ``count`` values; NaN where demand hardly varies.

    Chen et al. 2000. Of a demand that is nearly constant the ratio would be a large number that means nothing.
    """
    out, into = _variance(orders, count), _variance(asked, count)
    moves = into > STILL * np.maximum((asked[..., 0] / count) ** 2, TINY)
    return np.asarray(np.divide(out, into, out=np.full(out.shape, np.nan), where=moves))
