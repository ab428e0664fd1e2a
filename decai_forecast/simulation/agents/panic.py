"""Panic demand: how much more customers ask for after a period in which they found the shelf empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from decai_forecast.simulation.agents.evidence import CLEARLY, LATE
from decai_forecast.simulation.agents.fit import expected
from decai_forecast.simulation.network.graph import Floats

__all__ = ["Panic", "fit_panic"]

THETA = 0.2  # of the expected demand that panic is measured against
LEAST = 20  # periods after a shortage, early and late together


@dataclass(frozen=True)
class Panic:
    """Demand is ``1 + more * shortage`` times what was expected; 0 where the records do not show it, ``reason`` says why."""

    more: float
    reason: str
    periods: int  # after a shortage, that were learned from


def fit_panic(asked: Floats, shortage: Floats) -> Panic:
    """Least squares through the origin of demand above the expected one on perceived shortage.

    ``asked``: demand, series x periods, units, NaN where it was cut off by an empty shelf. ``shortage``: share of what was
    asked in the period before that was not there, 0..1.
    """
    before = np.concatenate([np.full((len(asked), 1), np.nan), expected(asked, THETA)[:, :-1]], axis=1)
    above = np.divide(asked, before, out=np.full(asked.shape, np.nan), where=before > 0) - 1
    known = np.isfinite(above) & np.isfinite(shortage)
    short = known & (shortage > 0)
    if (count := int(short.sum())) < LEAST:
        return Panic(0.0, f"{count} periods after a shortage, {LEAST} are needed", count)
    late = known & (np.arange(asked.shape[1]) >= round((1 - LATE) * asked.shape[1]))
    weight = np.broadcast_to(np.nan_to_num(before), asked.shape)
    usual = float(np.average(above[known & ~short], weights=weight[known & ~short])) if (known & ~short).any() else 0.0
    above = above - usual  # what a growing demand is above its expectation anyway
    early = _slope(above, shortage, weight, known & ~late)
    plain, with_it = (_error(above - more * shortage, weight, late) for more in (0.0, early))
    if not (late & short).any() or not with_it < (1 - CLEARLY) * plain:
        return Panic(0.0, f"a reaction to shortage is not {CLEARLY:.0%} better on the late periods", count)
    more = _slope(above, shortage, weight, known)
    return Panic(more, f"{1 - with_it / plain:.0%} less error on the late periods than without", count)


def _slope(above: Floats, shortage: Floats, weight: Floats, rows: np.ndarray) -> float:
    own = weight[rows] * shortage[rows]
    squares = float((own * shortage[rows]).sum())
    return max(0.0, float((own * above[rows]).sum()) / squares) if squares > 0 else 0.0


def _error(left: Floats, weight: Floats, rows: np.ndarray) -> float:
    return float(np.sqrt((weight[rows] * left[rows] ** 2).sum() / max(float(weight[rows].sum()), 1e-12)))
