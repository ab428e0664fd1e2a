"""Searching one number for each site and item at the same time: the least cost, or the least that serves enough.

Each call of the judged function is one simulation, in which every site and item tries a candidate of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from decai_forecast.simulation.network.graph import Bools, Floats

__all__ = ["HIGHEST", "LOWEST", "cheapest", "reaching"]

LOWEST, HIGHEST = -20.0, 14.0  # logits of probabilities: nothing is held, and one cycle in a million is short
STEP, HALVINGS, FINER = 1.0, 4, 7
HALF = 20  # halvings of the whole range, to a level between two samples: early and late receipts leave a wide gap there
Judge = Callable[[Floats], Floats]


def cheapest(cost: Judge, start: Floats, others: Sequence[Floats] = ()) -> tuple[Floats, Floats]:
    """Where the cost is least, from ``start`` on: walks downhill until both neighbours cost more, tries ``others``, where costs
    may have another valley, then halves the step (finer then, since a level below all samples is a share); and what it costs.

    The result costs no more than anything tried, and no more than its neighbours at the last step on the same samples.
    """
    best = np.clip(start, LOWEST + STEP, HIGHEST - STEP)
    least = cost(best)
    best, least = _walked(cost, best, least)
    for other in others:
        best, least, _ = _tried(cost, best, least, other)
    step = STEP / 2
    for _ in range(FINER if others else HALVINGS):
        for sign in (-1, 1):
            best, least, _ = _tried(cost, best, least, best + sign * step)
        step /= 2
    return best, least


def _walked(cost: Judge, best: Floats, least: Floats) -> tuple[Floats, Floats]:
    """Up while it pays, then down while it pays, each where the other did not."""
    rose = np.zeros(best.shape, dtype=bool)
    for sign in (1, -1):
        moving = ~rose
        while moving.any():
            best, least, won = _tried(cost, best, least, np.where(moving, best + sign * STEP, best))
            moving &= won
            rose |= won & (sign > 0)
    return best, least


def _tried(cost: Judge, best: Floats, least: Floats, other: Floats) -> tuple[Floats, Floats, Bools]:
    """Takes the other candidate where it costs less; one beyond the range is none."""
    allowed = np.clip(other, LOWEST, HIGHEST)
    found = cost(allowed)
    won = (found < least) & (allowed != best)
    return np.where(won, allowed, best), np.where(won, found, least), won


def reaching(service: Judge, wanted: float, shape: tuple[int, ...]) -> tuple[Floats, Bools]:
    """The least number that serves ``wanted``, by bisection, since service grows with it; and where even the largest number
    serves enough (True where there is nothing to serve)."""
    low, high = np.full(shape, LOWEST), np.full(shape, HIGHEST)
    reached = ~(service(high) < wanted)
    for _ in range(HALF):
        middle = (low + high) / 2
        enough = ~(service(middle) < wanted)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high, reached
