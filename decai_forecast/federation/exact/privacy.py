"""Differential privacy of a model: how much noise every sum gets, and what that promises.

Promise: whoever sees everything that is released in a training, another participant included, learns hardly more than if one
row had counted for nothing ("zero-out" neighbours: its weight is zero, its place stays, so counts of rows may be known).
Replacing a row by another one is two such steps: epsilon at four times rho.

Accounting: zero-concentrated differential privacy (Bun, Steinke 2016): a sum with L2 sensitivity D and Gaussian noise sigma
costs rho = D^2 / (2 sigma^2), costs add up, and rho gives (epsilon, delta) by Canonne, Kamath, Steinke, "The Discrete
Gaussian for Differential Privacy", NeurIPS 2020, Proposition 12.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from decai_forecast.federation.exact.errors import Refused

__all__ = ["Costs", "Private", "epsilon_of", "private_for", "rho_of"]

SHARES: Mapping[str, float] = {"start": 0.04, "loss": 0.01, "leaf": 0.35, "trees": 0.60}  # of a model's rho
ROOT = 0.1  # of a tree's: three sums that all leaves are measured by
ALPHAS = tuple(1 + 10 ** (k / 200) for k in range(-800, 1200))  # orders of Renyi divergence that the minimum is looked for in


def epsilon_of(rho: float, delta: float) -> float:
    """The epsilon of (epsilon, delta)-differential privacy that ``rho`` of zero-concentrated gives (Proposition 12)."""
    if rho == 0:
        return 0.0
    log = math.log(1 / delta)
    return max(0.0, min(rho * a + (log + (a - 1) * math.log1p(-1 / a) - math.log(a)) / (a - 1) for a in ALPHAS))


def private_for(epsilon: float, delta: float, models: int, limit: float = 0.0) -> Private:
    """One of ``models`` models of a cut-off that together promise (``epsilon``, ``delta``); ``limit``: epsilon over all
    cut-offs, 0 for none. Half of delta pays for the distance of drawn noise from the true distribution, which is far below it
    (noise.py)."""
    budget = rho_of(epsilon, delta / 2)
    return Private(budget / models, budget, rho_of(limit, delta / 2) if limit else 0.0)


def rho_of(epsilon: float, delta: float) -> float:
    """The largest rho that promises (``epsilon``, ``delta``); :class:`Refused` if these promise nothing."""
    if not (0 < epsilon <= 100 and 0 < delta < 0.01):
        raise Refused(f"epsilon {epsilon}, delta {delta}: expected 0 < epsilon <= 100 and 0 < delta < 0.01, such as 3 and 1e-6")
    low, high = 0.0, float(epsilon)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if epsilon_of(middle, delta) <= epsilon else (low, middle)
    return low


@dataclass(frozen=True)
class Private:
    """What a private model may cost, and the public bounds that its noise is made for. ``rho``: of this one model, all its sums
    together. ``budget``: of all models of the cut-off; ``limit``: of all cut-offs of a company, 0 for none. ``least``,
    ``most``: labels beyond are counted as these. ``weight_cap``: what a row weighs at most, in mean rows."""

    rho: float
    budget: float
    limit: float = 0.0
    least: float = 0.0
    most: float = 4.5  # of sqrt(demand / own scale), which is clipped at the root of 20
    weight_cap: float = 2.0

    def __post_init__(self) -> None:
        if not (0 < self.rho <= self.budget and self.least < self.most and 0.125 <= self.weight_cap <= 16):
            raise Refused(
                f"rho {self.rho} of {self.budget}, labels from {self.least} to {self.most}, weights up to {self.weight_cap}: "
                "expected a positive rho, a range of labels, and a weight between 1/8 and 16"
            )


@dataclass(frozen=True)
class Costs:
    """How a model's rho is spent: ``trees`` trees of ``depth`` levels, each of ``features`` features at most.

    A row stands in at most one histogram per level, since LightGBM asks for one of two siblings, and in it in one bin per
    feature; in the two sums of a bin with at most ``gradient`` and ``weight``.
    """

    rho: float
    trees: int
    depth: int
    features: int
    tells: int  # times that the loss is told

    @property
    def of(self) -> dict[str, float]:
        """Phase -> rho of one release, as it touches one row."""
        tree = SHARES["trees"] * self.rho / self.trees
        return {
            "start": SHARES["start"] * self.rho,
            "loss": SHARES["loss"] * self.rho / self.tells,
            "leaf": SHARES["leaf"] * self.rho / self.trees,
            "root": ROOT * tree,
            "hist": (1 - ROOT) * tree / self.depth,
        }

    @property
    def spent(self) -> float:
        """What all releases cost together; not more than ``rho``."""
        of = self.of
        return of["start"] + self.tells * of["loss"] + self.trees * (of["leaf"] + of["root"] + self.depth * of["hist"])

    def sigma(self, phase: str, bound: float) -> float:
        """Standard deviation of the noise on each number of ``phase`` whose row counts at most ``bound`` in it."""
        numbers = {"hist": 2 * self.features, "root": 3}.get(phase, 1)  # that one row stands in
        return bound * math.sqrt(numbers / (2 * self.of[phase]))
