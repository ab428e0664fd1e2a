"""Random outages of suppliers as lateness: what is ordered while one is down leaves when it works again.

Up and down times are geometric (the discrete form of Parlar and Berkin 1991), so that an outage is as likely in every period
and its end, too. All lanes of a supplier fail at the same time. A supplier keeps no stock, so that shipping late is all that an
outage does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from decai_forecast.simulation.demand.philox import name_of, words
from decai_forecast.simulation.engine.frame import Late
from decai_forecast.simulation.network.graph import Bools, Floats
from decai_forecast.simulation.network.stages import Group

__all__ = ["Outages", "with_outages"]

LATEST = 255  # periods: what a lateness can say
WORD_VALUES = 2**16


@dataclass(frozen=True)
class Outages:
    """How often a supplier fails, per period, and how many periods it is down in the mean (at least 1)."""

    rate: float
    length: float

    @property
    def down(self) -> float:
        """The share of periods in which it is down."""
        return self.rate * self.length / (1 + self.rate * self.length)


def with_outages(
    group: Group, late: Late | None, risks: Mapping[str, Outages], periods: int, replications: range, seed: int
) -> Late | None:
    """``late`` ([lane, item, period, replication]; None: nothing is) with the outages of the suppliers of ``risks`` (by
    place); the same for equal seeds, whatever is drawn beside it."""
    graph, names = group.graph, group.graph.places or group.graph.nodes
    risky = [n for n in np.flatnonzero(graph.source) if names[n] in risks and risks[names[n]].rate > 0]
    if not risky:
        return late
    shape = (len(graph.parent), len(group.stages.items), periods, len(replications))
    found = np.zeros(shape, dtype=np.uint8) if late is None else late.copy()
    for node in risky:
        drawn = words(seed, [name_of("outage", names[node])], periods, replications)[0] / WORD_VALUES
        waits = _remaining(_down(drawn, risks[names[node]]))
        for lane in np.flatnonzero(graph.parent == node):
            found[lane] = np.minimum(found[lane] + waits.astype(np.int64), LATEST)
    return found


def _down(drawn: Floats, risk: Outages) -> Bools:
    """[period, replication]: whether it is down, from uniform numbers."""
    found = np.empty(drawn.shape, dtype=bool)
    found[0] = drawn[0] < risk.down
    for t in range(1, len(drawn)):
        found[t] = np.where(found[t - 1], drawn[t] >= 1 / risk.length, drawn[t] < risk.rate)
    return found


def _remaining(down: Bools) -> Floats:
    """[period, replication]: periods until it works again."""
    found = np.zeros(down.shape)
    left = np.zeros(down.shape[1])
    for t in range(len(down) - 1, -1, -1):
        left = np.where(down[t], left + 1, 0)
        found[t] = left
    return found
