"""Noise for sums: discrete Gaussian, of which every participant adds a share, so that nobody knows the whole.

Each share has variance sigma^2 / (n - 2): what all the others add is still the full noise when the one who looks knows its
own share and one more has left its out. (Kairouz, Liu, Steinke, "The Distributed Discrete Gaussian Mechanism for Federated
Learning with Secure Aggregation", ICML 2021: a sum of discrete Gaussians is as good as one to within
10 n exp(-pi^2 sigma^2), where sigma is a share's: below 1e-60 from four steps on.)
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import Denied, OutOfRange
from decai_forecast.federation.exact.packed_ints import Ints

__all__ = ["LEAST_SIGMA", "DiscreteGaussian", "Noise"]

LEAST_SIGMA = 4.0  # steps, of a share
MOST_SIGMA = 200_000.0  # steps: the table then has four million entries
REACH = 9.5  # standard deviations; beyond them lies less than 2^-65
BITS = 63


class DiscreteGaussian:
    """Whole numbers k with a chance in proportion to exp(-k^2 / (2 sigma^2)), from the system's randomness.

    By a table of the distribution function in steps of 2^-63: the statistical distance of a draw from the true distribution
    is at most 2^-63 times the table's length (19 sigma), and 2^-65 for the tails that it lacks.
    """

    def __init__(self, sigma: float) -> None:
        if not LEAST_SIGMA <= sigma <= MOST_SIGMA:
            raise OutOfRange(
                f"noise of {sigma:g} steps: expected {LEAST_SIGMA:g} to {MOST_SIGMA:g}; choose another epsilon, number of "
                "trees or cap of weights"
            )
        self.sigma, self.reach = sigma, math.ceil(REACH * sigma)
        self._upto = _table(sigma)

    def draw(self, count: int) -> Ints:
        """``count`` independent ones."""
        uniform = np.frombuffer(os.urandom(8 * count), np.uint64) >> np.uint64(64 - BITS)
        return np.asarray(np.searchsorted(self._upto, uniform, side="right"), dtype=np.int64) - self.reach


@lru_cache(maxsize=16)
def _table(sigma: float) -> npt.NDArray[np.uint64]:
    """2^63 times the chance of at most k, for k from -reach on; the last but one entry of all."""
    reach = math.ceil(REACH * sigma)
    chances = np.exp(-0.5 * (np.arange(-reach, reach + 1, dtype=np.longdouble) / sigma) ** 2)
    below = np.cumsum(chances / chances.sum())[:-1]
    return np.floor(below * np.longdouble(2) ** BITS).astype(np.uint64)


class Noise:
    """One participant's share of the noise on everything that is released: the ``noise`` of a :class:`SecureSession`.

    ``sigmas``: phase -> standard deviation, in steps, of the noise on each column (of ``root``: on each number). A phase that
    is not named is denied; so is one that is asked for more often than its limit since the last tree began.
    """

    def __init__(self, sigmas: Mapping[str, Sequence[float]], parties: int, limits: Mapping[str, int]) -> None:
        share = 1 / math.sqrt(parties - 2)
        self._each = {
            phase: [DiscreteGaussian(max(LEAST_SIGMA, share * one)) for one in each] for phase, each in sigmas.items()
        }
        self._limits, self._asked = limits, dict[str, int]()

    def begin_tree(self) -> None:
        self._asked.clear()

    def __call__(self, phase: str, column: int, numbers: Ints) -> Ints:
        """The numbers with this participant's share of noise."""
        if phase not in self._each:
            raise Denied(f"{phase}: a private training has no noise for it, so nothing was sent")
        if column == 0:
            self._asked[phase] = self._asked.get(phase, 0) + 1
        if self._asked[phase] > self._limits[phase]:
            raise Denied(
                f"{phase}: asked for {self._asked[phase]} times in a tree; its noise is made for {self._limits[phase]}"
            )
        each = self._each[phase]
        if phase == "root":
            return np.asarray(numbers + np.concatenate([one.draw(1) for one in each]))
        return np.asarray(numbers + each[column].draw(len(numbers)))
