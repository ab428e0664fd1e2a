"""Adding up the outcomes of blocks, in the order of the blocks: the same sums whoever ran them."""

from __future__ import annotations

from decai_forecast.simulation.engine.frame import Outcome
from decai_forecast.simulation.engine.sums import Sums
from decai_forecast.simulation.network.graph import Ints

__all__ = ["merge"]

PER_ITEM = ("demand", "served", "short", "first_short", "on_hand", "orders", "placed", "dry", "asked")
PER_PERIOD = ("node_demand", "node_served")


def merge(total: Sums, part: Outcome, items: Ints, replications: range) -> None:
    """Adds the outcome of a block, of those items (positions) and replications, to the sums of the whole group."""
    for name in PER_ITEM:
        getattr(total, name)[:, items] += getattr(part, name)
    for name in PER_PERIOD:
        getattr(total, name)[:] += getattr(part, name)
    at = slice(replications.start, replications.stop)
    total.cost[at] += part.cost
    total.total_demand[:, at] += part.total_demand
    total.total_served[:, at] += part.total_served
