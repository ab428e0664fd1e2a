"""Filling what depends on order-up-to levels: the levels themselves, unknown stock, and goods in transit nobody delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.stages import Group

__all__ = ["Levels", "with_levels"]

Levels = Callable[[Group], Floats]  # a group without levels -> [node, item, period] or [node, item, 1], units


def with_levels(group: Group, levels: Levels, *, transit_known: bool) -> Group:
    """The group with levels; unknown stock (NaN) is the first level.

    Unknown goods in transit are those of the policy's steady state: what stock lacks to the level, at most what is needed
    during the lead time, spread over its periods.
    """
    stages = group.stages
    found = np.asarray(levels(group), dtype=float)
    nodes, items = stages.stock.shape
    if found.ndim != 3 or found.shape[:2] != (nodes, items) or not (found >= 0).all():
        raise ConfigError(f"levels must be {nodes} x {items} x periods units of at least 0, not {found.shape}")
    stock = np.where(np.isnan(stages.stock), found[:, :, 0], stages.stock)
    filled = replace(group, stages=replace(stages, level=found, stock=stock))
    return filled if transit_known else replace(filled, stages=replace(filled.stages, transit=_steady(filled)))


def _steady(group: Group) -> Floats:
    """[lane, item, period]."""
    graph, stages = group.graph, group.stages
    child = graph.child
    needed = stages.lead * stages.throughput[child]
    lacking = np.clip(stages.level[child, :, 0] - stages.stock[child], 0.0, needed)
    each = np.divide(lacking * stages.share * stages.quantity, stages.lead, out=np.zeros_like(lacking), where=stages.lead > 0)
    before = np.arange(stages.transit.shape[2]) < stages.lead[:, :, None]
    return np.asarray(np.where(before, each[:, :, None], 0.0), dtype=float)
