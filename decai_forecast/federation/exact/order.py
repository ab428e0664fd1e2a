"""Exact quantiles over everybody's rows, found by searching on counts that are summed under masks.

Values are compared by the monotone 32-bit code of their float32. Nobody learns another's value: only, for each probe, how
many rows (or how much weight) of all together lie at or below it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.packed_ints import Ints, width_for
from decai_forecast.federation.gate.sums import leaf_sums, parts_of

__all__ = ["Renewal", "SecureSum", "code", "decode", "feature_quantiles"]

DIGITS = (6, 6, 5, 5, 5, 5)  # bits settled per step: 63 or 31 probes each; more bits save steps and cost bytes
Codes = npt.NDArray[np.uint32]
SecureSum = Callable[[str, Ints, int], Ints]
"""(phase, numbers, bytes of a word) -> sums over all participants: ``SecureSession.secure_sum``, or one over pooled rows."""


def code(values: npt.ArrayLike) -> Codes:
    """The code of float32 values: codes are ordered as the values are, and -0.0 is 0.0."""
    bits = (np.asarray(values, np.float32) + np.float32(0)).view(np.uint32)
    return np.asarray(np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)), dtype=np.uint32)


def decode(codes: npt.ArrayLike) -> npt.NDArray[np.float64]:
    given = np.asarray(codes, np.uint32)
    bits = np.where(given >> 31, given & np.uint32(0x7FFFFFFF), ~given).astype(np.uint32)
    return bits.view(np.float32).astype(np.float64)


def feature_quantiles(secure_sum: SecureSum, X: npt.NDArray[np.float32], ranks: Ints, present: Ints) -> npt.NDArray[np.float64]:
    """Of each feature the values of the given ascending ``ranks`` (features x points, from 1) among everybody's known values,
    of which there are ``present``.

    Where a rank is 0 the answer means nothing.
    """
    columns = [np.sort(code(column[~np.isnan(column)])) for column in X.T]
    low = np.zeros(ranks.shape, np.uint64)
    high = np.full(ranks.shape, 2**32 - 1, np.uint64)
    width = width_for(int(present.max(initial=1)))
    for _ in range(32):
        middle = (low + high) >> np.uint64(1)
        below = [np.searchsorted(column, middle[k].astype(np.uint32), side="right") for k, column in enumerate(columns)]
        counts = secure_sum("bins", np.concatenate(below).astype(np.int64), width).reshape(ranks.shape)
        parts_of("bins", counts, present)
        reached = counts >= ranks
        high, low = np.where(reached, middle, high), np.where(reached, low, middle + np.uint64(1))
    return decode(high)


@dataclass(frozen=True)
class Renewal:
    """How the rows of a leaf become its value.

    ``alpha``: the quantile. ``weighted``: if rows have weights, the first value at which the weight so far exceeds alpha of
    the leaf's, the inverse of the weighted distribution function; it does not depend on the order of rows. If not,
    LightGBM's percentile of ``objective=quantile``, which lies between two rows. ``least``: rows of all participants below
    which a leaf has no value. ``largest``: at least everybody's weight in steps and rows together.
    """

    alpha: float
    weighted: bool
    least: int
    largest: int

    def values(
        self, secure_sum: SecureSum, residual: npt.NDArray[np.float64], steps: Ints, leaf: Ints, leaves: int
    ) -> npt.NDArray[np.float64]:
        """Of each leaf, over everybody's rows with ``steps`` above zero; NaN where they are too few."""
        counted = steps > 0
        weight = steps[counted] if self.weighted else np.ones(int(counted.sum()), np.int64)
        local = _Cumulative(residual[counted], weight, leaf[counted], leaves)
        width = width_for(self.largest)
        rows = np.bincount(leaf[counted], minlength=leaves)
        sums = secure_sum("leaf", np.concatenate([local.whole, rows]).astype(np.int64), width).reshape(2, leaves)
        leaf_sums(sums[0], sums[1], self.largest)
        asked = np.flatnonzero(sums[1] >= self.least)
        found = np.full(leaves, np.nan)
        if len(asked):
            thresholds, between = self._wanted(sums[0][asked])
            wholes = np.tile(sums[0][asked], len(thresholds))
            codes = _search(secure_sum, local.at, np.tile(asked, len(thresholds)), thresholds.ravel(), width, wholes)
            values = decode(codes).reshape(thresholds.shape)
            found[asked] = values[0] - (values[0] - values[-1]) * between
        return found

    def _wanted(self, whole: Ints) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """What the cumulative weight of the wanted values exceeds (wanted x leaves), and how far to go from the first to the
        last of them."""
        if self.weighted:
            return (whole * np.float64(self.alpha))[None], np.zeros(len(whole))
        place = (whole.astype(np.float64) - 1) * (1.0 - self.alpha)  # from the largest
        upper = np.floor(place)
        ranks = np.stack([whole - upper, np.maximum(whole - upper - 1, 1)])  # ascending, from 1
        return ranks - 0.5, place - upper


class _Cumulative:
    """One participant's weight at or below a code, per leaf."""

    def __init__(self, values: npt.NDArray[np.float64], steps: Ints, leaf: Ints, leaves: int) -> None:
        key = (leaf.astype(np.uint64) << np.uint64(32)) | code(values)
        order = np.argsort(key)
        self._key, self._sum = key[order], np.concatenate([[0], np.cumsum(steps[order])])
        ends = self._sum[np.searchsorted(self._key, np.arange(leaves + 1, dtype=np.uint64) << np.uint64(32))]
        self._start, self.whole = ends[:-1], np.diff(ends)

    def at(self, leaf: Ints, probes: npt.NDArray[np.uint64]) -> Ints:
        """len(leaf) x probes per leaf."""
        place = np.searchsorted(self._key, (leaf.astype(np.uint64)[:, None] << np.uint64(32)) | probes, side="right")
        return np.asarray(self._sum[place] - self._start[leaf][:, None])


def _search(
    secure_sum: SecureSum,
    local: Callable[[Ints, npt.NDArray[np.uint64]], Ints],
    asked: Ints,
    threshold: npt.NDArray[np.float64],
    width: int,
    wholes: Ints,
    digits: Sequence[int] = DIGITS,
) -> npt.NDArray[np.uint64]:
    """The smallest code whose cumulative weight exceeds the threshold, for each asked leaf; ``wholes``: its whole weight."""
    low = np.zeros(len(asked), np.uint64)
    left = 32 - np.cumsum([0, *digits])
    for above, below in pairwise(left):
        jumps = np.arange(1, 1 << (above - below), dtype=np.uint64) << np.uint64(below)
        probes = low[:, None] + jumps - np.uint64(1)
        weights = parts_of("order", secure_sum("order", local(asked, probes).ravel(), width).reshape(probes.shape), wholes)
        low += (weights <= threshold[:, None]).sum(axis=1).astype(np.uint64) << np.uint64(below)
    return low
