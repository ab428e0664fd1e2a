"""Settling: what nobody counted is, at the start, what the policy itself has left, and not a full shelf.

The engine runs some periods before the first one, from the steady state of mean demand, and counts nothing of them. Then what
was counted or ordered takes its delivered value, and everything else is as the policy left it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from decai_forecast.simulation.engine.plan import Numbers, Shock, Terms, Topology, under_way
from decai_forecast.simulation.network.stages import Settling

__all__ = ["COUNTED", "DUE_THEN", "ORDERED", "STOCK_THEN", "Reset", "no_reset", "settled"]

COUNTED, ORDERED, STOCK_THEN, DUE_THEN = range(4)  # rows of ``values``


class Reset(NamedTuple):
    """``periods`` before the first; ``values``: [kind, node, item], whether stock and goods under way were delivered (1 or 0),
    and what they then are."""

    periods: int
    values: Numbers


def no_reset(numbers: Terms) -> Reset:
    """Nothing settles."""
    return Reset(0, np.zeros((4, *numbers.stock.shape), dtype=numbers.stock.dtype))


def settled(form: Topology, numbers: Terms, shocked: Shock, given: Settling, periods: int) -> tuple[Terms, Shock, Reset]:
    """The same, with so many periods in front, in which nothing happens."""
    first = np.arange(-periods, 0) % given.cycle % numbers.level.shape[2]
    level = np.concatenate([numbers.level[:, :, first], numbers.level], axis=2)
    steady = (given.transit / given.quantity).astype(numbers.transit.dtype)
    front = steady[:, :, :periods]
    front = np.pad(front, ((0, 0), (0, 0), (0, periods - front.shape[2])))
    kept = given.ordered[form.child][:, :, None]
    transit = np.concatenate([front, np.where(kept, numbers.transit, 0)], axis=2)
    values = np.stack([given.counted, given.ordered, numbers.stock, numbers.due]).astype(numbers.stock.dtype)
    early = numbers._replace(
        level=np.ascontiguousarray(level), transit=np.ascontiguousarray(transit), stock=given.stock.astype(numbers.stock.dtype)
    )
    return early._replace(due=under_way(form, early._replace(transit=front))), _padded(shocked, periods), Reset(periods, values)


def _padded(shocked: Shock, periods: int) -> Shock:
    rows = ((periods, 0), (0, 0))
    return Shock(
        ordering=np.pad(shocked.ordering, rows, constant_values=True),
        shipping=np.pad(shocked.shipping, rows, constant_values=np.inf),
        lead=np.pad(shocked.lead, rows),
        demand=np.pad(shocked.demand, rows, constant_values=1),
    )
