"""Late shipments: by how many periods each shipment exceeds its lead time.

Where late shipments come in rows, a shipment is as late as the one before with the probability ``lead_streak``, else drawn
anew (a discrete autoregression; Jacobs & Lewis 1978, J. R. Statist. Soc. B 40): the shares of late shipments stay the same, and
so does the correlation of successive ones.
"""

from __future__ import annotations

import numpy as np

from decai_forecast.simulation.demand.philox import name_of, words
from decai_forecast.simulation.engine.frame import Late
from decai_forecast.simulation.network.graph import Bools
from decai_forecast.simulation.network.stages import Group

__all__ = ["lateness"]

WORD_VALUES = 2**16  # a random word is a whole number below


def lateness(group: Group, periods: int, replications: range, seed: int) -> Late | None:
    """Periods, [lane, item, period, replication]; None where no shipment is ever late.

    What is drawn belongs to seed, item, lane (by the names of its ends), period and replication, whatever is drawn beside it:
    every scenario meets the same delays.
    """
    graph, chances = group.graph, group.stages.lead_late
    if chances is None or not chances[:, :, 1:].any():
        return None
    found = np.zeros((*chances.shape[:2], periods, len(replications)), dtype=np.uint8)
    for lane in np.flatnonzero(chances[:, :, 1:].any(axis=(1, 2))):
        ends = graph.nodes[graph.parent[lane]], graph.nodes[graph.child[lane]]
        names = [name_of("late", item, *ends) for item in group.stages.items]
        drawn = words(seed, names, periods, replications)
        bounds = np.rint(chances[lane].cumsum(axis=1) * WORD_VALUES)
        for item, bound in enumerate(bounds):
            found[lane, item] = np.searchsorted(bound[:-1], drawn[item], side="right")
        if group.stages.lead_streak is not None and (streak := group.stages.lead_streak[lane]).any():
            names = [name_of("streak", item, *ends) for item in group.stages.items]
            _as_before(found[lane], words(seed, names, periods, replications) < streak[:, None, None] * WORD_VALUES)
    return found


def _as_before(lateness: Late, again: Bools) -> None:
    """Both [item, period, replication]; ``lateness`` is changed in place, period after period."""
    for t in range(1, lateness.shape[1]):
        lateness[:, t] = np.where(again[:, t], lateness[:, t - 1], lateness[:, t])
