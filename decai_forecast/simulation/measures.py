"""Measures of exposure in the field's definitions."""

from __future__ import annotations

import numpy as np

from decai_forecast.simulation.sampling import Floats

__all__ = ["days_of_supply", "first_below", "hhi", "low_quantile", "served", "standard_error"]


def days_of_supply(on_hand: Floats, demand: Floats) -> Floats:
    """Periods that ``on_hand`` (series) lasts against ``demand`` (series x periods); NaN: longer than the horizon.

    Catena-X CX-0145: full periods, then what remains over the next period's demand; receipts do not count.
    """
    needed = demand.cumsum(axis=1)
    full = (needed <= on_hand[:, None]).sum(axis=1)
    rows, lasting = np.arange(len(demand)), full == demand.shape[1]
    following = np.where(lasting, 0, full)
    left = on_hand - np.where(full > 0, needed[rows, full - 1], 0.0)
    part = np.divide(left, demand[rows, following], out=np.zeros(len(demand)), where=~lasting)
    return np.where(lasting, np.nan, full + part)


def hhi(shares: Floats) -> float:
    """Herfindahl-Hirschman index, the sum of squared shares: 1 is a single supplier."""
    return float(np.square(shares).sum())


def standard_error(probability: Floats, replications: int) -> Floats:
    """Binomial standard error of a share of replications."""
    return np.sqrt(probability * (1 - probability) / replications)


def served(demand: Floats | np.float64, lost: Floats | np.float64) -> Floats:
    """Fill rate (type 2): the share of demand served from stock; NaN where there is no demand."""
    return np.asarray(1 - np.divide(lost, demand, out=np.full(np.shape(demand), np.nan), where=np.asarray(demand) > 0))


def first_below(service: Floats, level: float) -> Floats:
    """The first period (axis 0) in which ``service`` (periods x replications) is below ``level``; infinity: in none."""
    below = service < level
    return np.where(below.any(axis=0), below.argmax(axis=0), np.inf)


def low_quantile(periods: Floats, probability: float) -> Floats:
    """Quantile over replications (last axis) of times that may be infinite; NaN where it lies beyond the horizon."""
    found = np.quantile(periods, probability, axis=-1, method="inverted_cdf")
    return np.where(np.isfinite(found), found, np.nan)
