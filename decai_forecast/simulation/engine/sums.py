"""What an engine adds up while it runs, and how that becomes an outcome."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from decai_forecast.simulation.engine.frame import Counts, Outcome
from decai_forecast.simulation.network.graph import Floats, Graph

__all__ = ["UNSERVED", "Sums", "empty", "outcome"]

UNSERVED = 1e-4  # share of a period's demand: a period is short from here on; less is rounding


class Sums(NamedTuple):
    """The arrays of :class:`Outcome`, to be filled."""

    demand: Floats
    served: Floats
    short: Floats
    first_short: Counts
    on_hand: Floats
    orders: Floats
    placed: Floats
    dry: Floats
    asked: Floats
    cost: Floats
    total_demand: Floats
    total_served: Floats
    node_demand: Floats
    node_served: Floats


def empty(graph: Graph, items: int, periods: int, replications: int) -> Sums:
    """Zeros of the right shapes."""
    customers, nodes = len(graph.demand), len(graph.nodes)
    return Sums(
        demand=np.zeros((customers, items)),
        served=np.zeros((customers, items)),
        short=np.zeros((customers, items)),
        first_short=np.zeros((customers, items, periods + 1), dtype=np.int32),
        on_hand=np.zeros((nodes, items)),
        orders=np.zeros((nodes, items, 2)),
        placed=np.zeros((nodes, items)),
        dry=np.zeros((nodes, items)),
        asked=np.zeros((nodes, items, 2)),
        cost=np.zeros(replications),
        total_demand=np.zeros((periods, replications)),
        total_served=np.zeros((periods, replications)),
        node_demand=np.zeros((customers, periods)),
        node_served=np.zeros((customers, periods)),
    )


def outcome(sums: Sums, replications: int) -> Outcome:
    """The outcome of a run that is over."""
    return Outcome(
        replications=replications, stockouts=sums.first_short[:, :, :-1].sum(axis=2, dtype=np.int32), **sums._asdict()
    )
