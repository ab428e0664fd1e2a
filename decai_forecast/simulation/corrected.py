"""One world that says of stock-outs what a company's own past teaches: all that is told is read from its samples.

How often shelves are empty hangs on how high sites order up. Where the past teaches another probability of a stock-out than
the simulated one, the site's levels are taken to be so many times those of the policy that the simulation says it, too. Then
stock-outs, units lost, service, exposure and money come from the same samples, and none of them contradicts another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.setting import Setting

__all__ = ["Corrected", "chances", "corrected"]

FACTORS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.4, 2.0, 3.0, 5.0])  # of the policy's levels, tried
HALVINGS = 4  # of the gap between the two that the probability lies between
NEAR = 1e-3  # of a probability: what a level twice as high must gain to be believed rather than the policy's


@dataclass(frozen=True)
class Corrected:
    """``setting``: the world as the past teaches it. ``before``: location_id, item_id, ``simulated``: the probabilities of the
    policy's own levels. ``series``: that the past teaches something of; ``moved``: whose levels differ by a tenth."""

    setting: Setting
    before: pd.DataFrame
    series: int
    moved: int


def corrected(now: Setting, wanted: pd.DataFrame) -> Corrected:
    """The world in which stock-outs are as likely as ``wanted`` (location_id, item_id, ``p``), as nearly as levels can make
    them: stock that lasts for the whole horizon is never out, whatever is ordered."""
    search = _Search(now, [_aims(group, wanted) for group in now.network.groups])
    found = {factor: search.tried([np.full(aim.shape, factor) for aim in search.aims]) for factor in FACTORS.tolist()}
    before = _table(now, found[1.0])
    for _ in range(HALVINGS):
        search.tried([(low + high) / 2 for low, high in zip(search.low, search.high, strict=True)])
    known = [np.isfinite(aim) for aim in search.aims]
    moved = sum(int((abs(many - 1) > 0.1)[there].sum()) for many, there in zip(search.best, known, strict=True))
    return Corrected(search.world(search.best), before, sum(int(there.sum()) for there in known), moved)


class _Search:
    """Of a factor for each series; lists are per group, arrays [demand node, item]. ``best``: the factor whose probability is
    nearest to the one wanted, and among equals nearest to 1. It lies between ``low`` and ``high``."""

    def __init__(self, now: Setting, aims: list[Floats]) -> None:
        self.now, self.aims, self.levels = now, aims, [group.stages.level for group in now.network.groups]
        self.best, self.off = [np.ones(aim.shape) for aim in aims], [np.full(aim.shape, np.inf) for aim in aims]
        self.low, self.high = ([np.full(aim.shape, end) for aim in aims] for end in (FACTORS[0], FACTORS[-1]))

    def tried(self, factors: list[Floats]) -> list[Floats]:
        """The probabilities of stock-outs with these factors."""
        found = _stockouts(self.world(factors))
        for g, (factor, chance, aim) in enumerate(zip(factors, found, self.aims, strict=True)):
            off = abs(chance - aim) + NEAR * abs(np.log2(np.maximum(factor, 1 / 16)))
            nearer, above = off < self.off[g], chance > aim  # False where nothing is wanted
            self.best[g], self.off[g] = np.where(nearer, factor, self.best[g]), np.where(nearer, off, self.off[g])
            self.low[g] = np.where(above, np.maximum(self.low[g], factor), self.low[g])
            self.high[g] = np.where(above, self.high[g], np.minimum(self.high[g], factor))
        return found

    def world(self, factors: Sequence[Floats]) -> Setting:
        whole = [np.ones(level.shape[:2]) for level in self.levels]
        for all_nodes, some, group in zip(whole, factors, self.now.network.groups, strict=True):
            all_nodes[group.graph.demand] = some
        return self.now.times(whole, self.levels)


def chances(now: Setting) -> pd.DataFrame:
    """location_id, item_id and ``simulated``: the share of replications in which demand is not met in some period."""
    return _table(now, _stockouts(now))


def _stockouts(now: Setting) -> list[Floats]:
    """[demand node, item] of each group."""
    return [found.stockouts / now.planner.replications for found in now.swept([]).base]


def _table(now: Setting, found: Sequence[Floats]) -> pd.DataFrame:
    rows = [
        ((group.graph.places or group.graph.nodes)[node], item, of[d, k])
        for group, of in zip(now.network.groups, found, strict=True)
        for d, node in enumerate(group.graph.demand)
        for k, item in enumerate(group.stages.items)
    ]
    return pd.DataFrame(rows, columns=[*SERIES, "simulated"])


def _aims(group: Group, wanted: pd.DataFrame) -> Floats:
    """[demand node, item]: the probability wanted; NaN where none is."""
    names = group.graph.places or group.graph.nodes
    keys = pd.MultiIndex.from_product([[names[node] for node in group.graph.demand], group.stages.items])
    found = wanted.set_index(SERIES)["p"].reindex(keys).to_numpy(float)
    return np.asarray(found.reshape(len(group.graph.demand), len(group.stages.items)))
