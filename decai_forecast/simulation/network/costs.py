"""What items cost: money where costs were delivered, else the assumed cost of holding a unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.facts import SupplyFacts
from decai_forecast.simulation.network.flows import kept
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.topology import Topology

__all__ = ["Costs", "costs_of"]

YEAR = 365.0  # days


@dataclass(frozen=True)
class Costs:
    unit: Mapping[str, float]  # item -> cost of a unit, in the participant's currency; empty: none is known
    usual: float  # the median of them, for items without
    price: Mapping[str, float]  # item -> newest price
    rate: float  # holding cost of a period as a share of the unit's cost; or per unit where no cost is known
    unknown: int  # items without a cost of their own

    @property
    def money(self) -> bool:
        return bool(self.unit)

    def of(self, item: str) -> float:
        return self.unit.get(item, self.usual)

    def margin(self, item: str) -> float:
        """Lost with a unit of demand; NaN where price or cost is unknown."""
        if item not in self.price or item not in self.unit:
            return float("nan")
        return max(self.price[item] - self.unit[item], 0.0)

    def holding(self, topology: Topology) -> Floats:
        """[node, item]: per unit and period; goods still belong to a supplier that has not shipped them."""
        found = np.zeros((len(topology.keys), len(topology.items)))
        for node in np.flatnonzero(~topology.graph.source):
            key = topology.keys[node]
            found[node] = [self.rate * self.of(kept(key, item)) for item in topology.items]
        return found


def costs_of(facts: SupplyFacts, prices: pd.DataFrame | None, assumptions: Assumptions, calendar: Calendar) -> Costs:
    if not facts.cost:
        return Costs({}, 1.0, {}, assumptions.holding_cost, len(facts.demand))
    rate = assumptions.holding_rate * calendar.days / YEAR
    usual = float(np.median(list(facts.cost.values())))
    return Costs(facts.cost, usual, _newest(prices), rate, len(set(facts.demand) - set(facts.cost)))


def _newest(prices: pd.DataFrame | None) -> dict[str, float]:
    """The price of each item that holds last."""
    if prices is None:
        return {}
    known = prices[prices["price"].notna()]
    if "valid_from" in known:
        known = known.sort_values("valid_from", kind="stable")
    return {str(item): float(price) for item, price in zip(known["item_id"], known["price"], strict=True)}
