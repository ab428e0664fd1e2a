"""Everything the tables are read from: the network, its scenarios, and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from decai_forecast.simulation.engine.drive import Swept
from decai_forecast.simulation.engine.frame import Hit, Outcome
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import Place, SupplyNetwork
from decai_forecast.simulation.shocks import Scenario

__all__ = ["Run", "lost", "place_names", "served_share"]


@dataclass(frozen=True)
class Run:
    """``hits``: per scenario. ``swept``: over all periods that are simulated. ``base``: without any scenario, over the horizon.
    ``median``: location_id, item_id -> median demand per period of the horizon. ``stocked``: pairs of place and item whose
    opening stock was delivered. ``dates``: of all periods."""

    network: SupplyNetwork
    scenarios: Sequence[Scenario]
    hits: Sequence[Sequence[Hit]]
    swept: Swept
    base: Sequence[Outcome]
    median: Mapping[tuple[str, str], Floats]
    stocked: frozenset[tuple[str, str]]
    dates: Sequence[pd.Timestamp]
    replications: int
    asked_for: bool = False  # the one scenario is a what-if

    @cached_property
    def demand(self) -> Floats:
        """[period, replication]: units of all items, over the horizon."""
        return np.asarray(sum(found.total_demand for found in self.base))

    @cached_property
    def served(self) -> Floats:
        return np.asarray(sum(found.total_served for found in self.base))

    @cached_property
    def asked(self) -> Floats:
        """[period, replication]: units of all items, over all periods."""
        return np.asarray(sum(found.total_demand for found in self.swept.base))

    @cached_property
    def met(self) -> Floats:
        return np.asarray(sum(found.total_served for found in self.swept.base))

    @property
    def horizon(self) -> int:
        """Periods of the forecast."""
        return self.network.calendar.horizon

    def touched(self, scenario: int) -> list[int]:
        """The groups that a scenario hits."""
        return sorted({hit.group for hit in self.hits[scenario]})

    def outcomes(self, scenario: int | None) -> tuple[Outcome, ...]:
        """Per group; None: the base run."""
        return self.swept.base if scenario is None else self.swept.scenarios[scenario]

    def place_of(self, scenario: int) -> Place | None:
        """The place of the scenario's one shock; None where there are more, or where it hits all sites."""
        shocks = self.scenarios[scenario].shocks
        return self.network.by_name.get(shocks[0].node) if len(shocks) == 1 else None

    def node_of(self, scenario: int) -> str:
        """What the exposure table calls a scenario: its place, or its own name."""
        place = self.place_of(scenario)
        return place.name if place else self.scenarios[scenario].name


def lost(found: Outcome) -> Floats:
    """[period, replication]: units of the group not served in the period they were asked for."""
    return found.total_demand - found.total_served


def served_share(demand: Floats, served: Floats) -> Floats:
    """Share of demand served; 1 where there is none."""
    return np.divide(served, demand, out=np.ones_like(demand), where=demand > 0)


def place_names(group: Group) -> list[str]:
    """[demand node]: the site."""
    names = group.graph.places or group.graph.nodes
    return [names[node] for node in group.graph.demand]
