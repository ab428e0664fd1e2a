"""Which company speaks for which feature in a tree: LightGBM's sharing out, repeated, so that it need not be believed.

LightGBM's distributed learner draws a tree's features and gives each in turn to the company with the fewest bins so far. Only
its own part of that can be seen from outside, so both steps are repeated here (LightGBM 4.7: ``Random::Sample``,
``ColSampler::ResetByTree``, ``DataParallelTreeLearner::BeforeTrain``), and in every tree compared with how many bins LightGBM
sends to whom.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Share", "Shares", "drawn"]

SEEDS_BEFORE = 3  # that LightGBM draws from ``seed`` before the one of features
DRAWS = 3  # of features until the first tree is grown; only the last counts


@dataclass(frozen=True)
class Share:
    """Of one tree. ``owners``: feature -> rank of who speaks for it; ``bins``: that each rank is sent in a histogram."""

    owners: Mapping[int, int]
    bins: tuple[int, ...]


@dataclass(frozen=True)
class Shares:
    """Of one training. ``bins``: that LightGBM sends of each feature that can be split, by number; ``size``: companies."""

    bins: Mapping[int, int]
    size: int

    def of_tree(self, params: Mapping[str, Any]) -> Share:
        """``params``: LightGBM's of this tree; its ``seed`` and ``feature_fraction`` count."""
        features = sorted(self.bins)
        owners, bins = dict[int, int](), [0] * self.size
        for k in drawn(len(features), float(params.get("feature_fraction", 1.0)), int(params["seed"])):
            rank = bins.index(min(bins))
            owners[features[k]] = rank
            bins[rank] += self.bins[features[k]]
        return Share(owners, tuple(bins))


def drawn(count: int, fraction: float, seed: int) -> list[int]:
    """The places of the features that LightGBM draws of ``count`` for a tree of its own, ascending."""
    if fraction >= 1:
        return list(range(count))
    random, most = _Random(seed), max(math.floor(count * fraction + 0.5), min(1, count))
    for _ in range(SEEDS_BEFORE):
        random.short()
    random = _Random(random.short() % (2**15 - 1))
    for _ in range(DRAWS - 1):
        random.sample(count, most)
    return random.sample(count, most)


class _Random:
    """LightGBM's linear congruential generator."""

    def __init__(self, seed: int) -> None:
        self._state = seed % 2**32

    def _next(self) -> int:
        self._state = (214_013 * self._state + 2_531_011) % 2**32
        return self._state

    def short(self) -> int:
        return self._next() >> 16 & 0x7FFF

    def _below(self, most: int) -> int:
        return (self._next() & 0x7FFFFFFF) % most

    def sample(self, count: int, most: int) -> list[int]:
        """``most`` of the numbers below ``count``, ascending."""
        if most == count:
            return list(range(count))
        if most > 1 and most > count / math.log2(most):
            return self._one_by_one(count, most)
        taken = set[int]()
        for last in range(count - most, count):
            one = self._below(last + 1)
            taken.add(last if one in taken else one)
        return sorted(taken)

    def _one_by_one(self, count: int, most: int) -> list[int]:
        taken = list[int]()
        for one in range(count):
            if self.short() / 32_768 < (most - len(taken)) / (count - one):
                taken.append(one)
        return taken
