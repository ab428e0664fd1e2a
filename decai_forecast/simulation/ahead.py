"""How far a simulation looks: over the forecast's horizon, and beyond it until every outage has been got over.

A supplier that is down today fails its customers only when what is on its way has arrived and been sold: losses of an outage
end with its start, the time to recover and the longest way to a customer, whatever the forecast's horizon.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from decai_forecast.simulation.network.reach import longest_way
from decai_forecast.simulation.network.supply import FARTHEST, SupplyNetwork
from decai_forecast.simulation.shocks.compiled import delay, span
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["periods_beyond"]


def periods_beyond(network: SupplyNetwork, scenarios: Sequence[Scenario]) -> int:
    """Periods after the horizon until the last shock is over and what was ordered then has come the longest way; 0: none."""
    ways = [int((longest_way(group) + int(group.stages.review.max())).max(initial=0)) for group in network.groups]
    last = max((_end(shock, network) for scenario in scenarios for shock in scenario.shocks), default=0)
    farthest = max(FARTHEST // network.calendar.days, network.calendar.horizon)
    return max(min(last + max(ways, default=0), farthest) - network.calendar.horizon, 0)


def _end(shock: Shock, network: SupplyNetwork) -> int:
    """The first period after the shock; of one that makes ways longer, after what was sent last has arrived."""
    late = max(
        (delay(shock, group, np.array([k])) for group in network.groups for k in range(len(group.stages.items))), default=0
    )
    return span(shock, network)[1] + late
