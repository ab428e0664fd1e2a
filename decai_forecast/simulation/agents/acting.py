"""A fitted behaviour as the engine takes it: one firm's sites order by it, on its own network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from decai_forecast.simulation.agents.fit import BASE_STOCK, Choice
from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.network.stages import Group

__all__ = ["acting"]


def acting(choice: Choice, group: Group) -> tuple[Group, Behaviour | None]:
    """The group with fitted levels, and the behaviour of its nodes; unchanged, and None, where base stock was chosen.

    Base stock keeps the levels that the network was built with: they follow the forecast, the fitted one only the past.
    """
    if choice.fit.name == BASE_STOCK:
        return group, None
    p, usual = choice.fit.parameters, group.stages.throughput
    one = np.ones_like(usual)
    behaviour = Behaviour(
        anchor=p.anchor * one,
        alpha=p.alpha * one,
        beta=p.beta * one,
        theta=p.theta * one,
        cover=p.cover * one,
        gamma=p.gamma * one,
        expected=usual,
    )
    return replace(group, stages=replace(group.stages, level=(p.level * usual)[:, :, None])), behaviour
