"""What a simulation starts from: the network with its levels, how its sites order, and the demand that they meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.agents.acting import acting
from decai_forecast.simulation.agents.fit import Choice
from decai_forecast.simulation.demand import Dependence, marginals_of, sample
from decai_forecast.simulation.engine.drive import Policy
from decai_forecast.simulation.engine.frame import Samples
from decai_forecast.simulation.network.build import build
from decai_forecast.simulation.network.fill import stock_of
from decai_forecast.simulation.network.graph import Ints
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import SupplyNetwork
from decai_forecast.simulation.planned import Planner, marginals_at

__all__ = ["Setting", "setting"]


@dataclass(frozen=True)
class Setting:
    """``network``: with the levels that its sites order up to today. ``stocked``: pairs of place and item whose opening stock
    was delivered. ``planner``: knows the law of demand and sets levels by it."""

    network: SupplyNetwork
    planner: Planner
    policy: Policy
    stocked: frozenset[tuple[str, str]]

    def draw(self, group: Group, items: Ints, replications: range) -> Samples:
        """What happens: samples of the demand nodes of a group."""
        law = marginals_at(self.planner.law, group, items)
        return sample(law, self.planner.dependence, seed=self.planner.seed, replications=replications)


def setting(
    forecast: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    calendar: Calendar,
    *,
    seed: int,
    replications: int,
    dependence: Dependence,
    lots: pd.DataFrame | None = None,
    section: Mapping[str, pd.DataFrame] | None = None,
    behaviour: Choice | None = None,
) -> Setting:
    """Arguments as :func:`simulate` takes them."""
    law = marginals_of(forecast, lots)
    critical = assumptions.shortage_cost / (assumptions.shortage_cost + assumptions.holding_cost)
    planner = Planner(law, dependence, critical, calendar.horizon, calendar.season, seed, replications)
    network = build(forecast, data_sets, assumptions, calendar, levels=planner, section=section)
    stocked = frozenset(stock_of(data_sets.get("stock"), calendar, network.start))
    if behaviour is None:
        return Setting(network, planner, Policy(backorder=False), stocked)
    acted = [acting(behaviour, group) for group in network.groups]
    network = replace(network, groups=tuple(group for group, _ in acted))
    return Setting(network, planner, Policy(backorder=False, behaviours=[how for _, how in acted]), stocked)
