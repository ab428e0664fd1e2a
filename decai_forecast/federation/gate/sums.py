"""Sums over all companies, before anything is made of them: what no rows can have ends the training and accuses nobody.

Each sum has a whole that it cannot exceed: the rows that the companies said they have when they were called, the weight of all
rows, or the sum of the leaf it is a part of. A company that multiplies its numbers by -50, or adds what fits the word, leaves
these limits unless it knows the others' numbers; one that stays within them is found by the scores (evaluate.py) and by an
audit (exact/audit.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import Implausible

__all__ = ["HistogramGate", "leaf_sums", "parts_of", "row_counts", "start_sums"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
LEAST_STEPS, MOST_STEPS = 1, 1024  # of a row's weight (objectives.py)
MOST_COUNT = 2**31 - 1  # that LightGBM can count
CLOSE = 1e-9  # relative, of numbers that were rounded on their way


def row_counts(sums: Ints, own: Ints, expected: int | None) -> Ints:
    """All rows, then the known values of each feature. ``own``: the own part; ``expected``: all rows as said beforehand."""
    rows, present = int(sums[0]), sums[1:]
    if expected is not None and rows != expected:
        raise Implausible(f"rows: {rows:,} rows of all companies, who said that they have {expected:,}")
    if (sums < own).any() or (present > rows).any():
        raise Implausible(
            f"rows: {rows:,} rows of all, of which {int(own[0]):,} are own; a count is below the own part, or above the rows"
        )
    return sums


def start_sums(sums: Ints, rows: int) -> Ints:
    """Sum of labels, of weights, and all rows."""
    steps, counted = int(sums[1]), int(sums[2])
    if counted != rows or not LEAST_STEPS * rows <= steps <= MOST_STEPS * rows:
        raise Implausible(f"start: {counted:,} rows of weight {steps:,} steps, where {rows:,} rows were counted before")
    return sums


def leaf_sums(weights: Ints, rows: Ints, largest: int) -> None:
    """Of each leaf; ``largest``: no sum of all leaves exceeds it."""
    if (weights < 0).any() or (rows < 0).any() or max(int(weights.sum()), int(rows.sum())) > largest:
        raise Implausible(f"leaf: weights from {int(weights.min())} and rows from {int(rows.min())}, of {largest:,} at most")


def parts_of(phase: str, parts: Ints, wholes: Ints) -> Ints:
    """Counts at probes, which rise along each row (places x probes) from 0 to the place's whole."""
    if (parts < 0).any() or (parts > wholes[:, None]).any() or (np.diff(parts, axis=1) < 0).any():
        raise Implausible(f"{phase}: at a probe more than all, less than none, or less than at the probe below it")
    return parts


@dataclass(frozen=True)
class HistogramGate:
    """Sums of gradient and hessian in a tree. ``slope``: a row's largest gradient, in hessians. ``slack``: what
    rounding to the grid adds to a gradient. ``noisy``: as of splits."""

    gradient: float
    hessian: float
    slope: float
    rows: int
    noisy: bool = False
    slack: float = 0.0

    def root(self, gradient: float, hessian: float, count: int) -> None:
        """Of all rows in the tree."""
        self.bins(np.array([[gradient, hessian]]), "root")
        least, most = (-MOST_COUNT, MOST_COUNT) if self.noisy else (0, self.rows)
        if not least < count <= most:
            raise Implausible(f"root: {count:,} rows in a tree, of {self.rows:,}")

    def bins(self, histogram: Floats, phase: str = "hist") -> None:
        """Bins x (gradient, hessian) of the own block."""
        if self.noisy or not len(histogram):  # a company without a feature in this tree has no block
            return
        gradient, hessian = np.abs(histogram[:, 0]), histogram[:, 1]
        within = gradient <= hessian * (self.slope * (1 + CLOSE)) + self.slack
        if not (within.all() and hessian.min() >= 0 and hessian.max() <= self.hessian * (1 + CLOSE)):
            within &= (hessian >= 0) & (hessian <= self.hessian * (1 + CLOSE))
            worst = int(np.flatnonzero(~within)[0])
            raise Implausible(
                f"{phase}: gradient {histogram[worst, 0]:g} and hessian {histogram[worst, 1]:g} in one place; no rows of these "
                "companies have such a sum. Somebody's part is wrong, and masks hide whose: an audit of the tree tells"
            )
