"""A fitted behaviour as the engine takes it: one firm's sites order by it, on its own network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from decai_forecast.simulation.agents.fit import BASE_STOCK, Choice
from decai_forecast.simulation.engine.behaviour import Behaviour, base_stock
from decai_forecast.simulation.network.stages import Group

__all__ = ["acting"]


def acting(choice: Choice, group: Group) -> tuple[Group, Behaviour | None]:
    """The group with fitted levels at the sites that sell, and how its nodes order; unchanged, and None, for base stock.

    Base stock keeps the levels that the network was built with: they follow the forecast, the fitted one only the past. So do
    places that supply others: the records are those of sites that sell.
    """
    if choice.fit.name == BASE_STOCK:
        return group, None
    p, usual, plain = choice.fit.parameters, group.stages.throughput, base_stock(len(group.graph.nodes))
    sells = np.isin(np.arange(len(usual)), group.graph.demand)[:, None] & np.ones(usual.shape, dtype=bool)
    names = ("anchor", "alpha", "beta", "theta", "cover", "gamma")
    fitted = {name: np.where(sells, getattr(p, name), getattr(plain, name)) for name in names}
    level = np.where(sells[:, :, None], (p.level * usual)[:, :, None], group.stages.level)
    return replace(group, stages=replace(group.stages, level=level)), Behaviour(**fitted, expected=usual)
