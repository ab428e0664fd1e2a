"""Filling what depends on order-up-to levels: the levels themselves, unknown stock, and goods in transit nobody delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.network.graph import Bools, Floats
from decai_forecast.simulation.network.reach import longest_way
from decai_forecast.simulation.network.stages import Group, Settling

__all__ = ["Levels", "with_levels"]

Levels = Callable[[Group], Floats]  # a group without levels -> [node, item, period] or [node, item, 1], units


def with_levels(group: Group, levels: Levels, *, transit_known: bool, cycle: int = 1) -> Group:
    """The group with levels; unknown stock (NaN) is that of the policy's steady state, and settles (:class:`Settling`).

    Unknown goods in transit are what stock lacks to the level, at most what is needed during the lead time, spread over its
    periods. ``cycle``: of demand, in periods. Raises :class:`ConfigError` for levels of another shape, or below 0.
    """
    stages = group.stages
    found = np.asarray(levels(group), dtype=float)
    nodes, items = stages.stock.shape
    if found.ndim != 3 or found.shape[:2] != (nodes, items) or not (found >= 0).all():
        raise ConfigError(f"levels must be {nodes} x {items} x periods units of at least 0, not {found.shape}")
    counted = ~np.isnan(stages.stock)
    steady = replace(group, stages=replace(stages, level=found, stock=_left(group, found)))
    stock = np.where(counted, stages.stock, steady.stages.stock)
    filled = replace(group, stages=replace(stages, level=found, stock=stock))
    transit = stages.transit if transit_known else _steady(filled)
    settling = None if counted.all() else _settling(steady, counted, counted | transit_known, cycle)
    return replace(filled, stages=replace(filled.stages, transit=transit, settling=settling))


def _left(group: Group, level: Floats) -> Floats:
    """[node, item]: what is left on the shelf of the level when all that the policy orders under mean demand is on its way."""
    stages = group.stages
    covered = np.full(stages.stock.shape, np.inf)
    longest = stages.lead * stages.share
    for child, lanes, _ in group.graph.alternatives:
        covered[child] = np.minimum(covered[child], longest[list(lanes)].sum(axis=0))
    away = np.where(np.isfinite(covered), covered, 0.0) * stages.throughput
    return np.asarray(np.where(group.graph.source[:, None], 0.0, np.maximum(level[:, :, 0] - away, 0.0)))


def _settling(steady: Group, counted: Bools, ordered: Bools, cycle: int) -> Settling:
    """Each item settles for as long as goods need on its longest way, in whole reviews; not where all of it was counted."""
    stages, review = steady.stages, int(steady.stages.review.max())
    periods = -(-(longest_way(steady) + 1) // review) * review
    return Settling(
        periods=np.where(counted.all(axis=0), 0, periods), stock=stages.stock, transit=_steady(steady),
        quantity=stages.quantity[:, :, None], counted=counted, ordered=ordered, cycle=cycle,
    )  # fmt: skip


def _steady(group: Group) -> Floats:
    """[lane, item, period], as far as the longest lead time."""
    graph, stages = group.graph, group.stages
    child = graph.child
    needed = stages.lead * stages.throughput[child]
    lacking = np.clip(stages.level[child, :, 0] - stages.stock[child], 0.0, needed)
    each = np.divide(lacking * stages.share * stages.quantity, stages.lead, out=np.zeros_like(lacking), where=stages.lead > 0)
    periods = max(stages.transit.shape[2], int(stages.lead.max(initial=0)))
    before = np.arange(periods) < stages.lead[:, :, None]
    return np.asarray(np.where(before, each[:, :, None], 0.0), dtype=float)
