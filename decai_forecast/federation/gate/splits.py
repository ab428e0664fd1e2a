"""Split records of other companies, before LightGBM copies them into its own memory.

LightGBM believes every byte of them: a feature that does not exist, a threshold beyond the bins or a made-up number of
categories ends the process. Beyond that a record is checked against itself and the others': output and gain follow from the
sums that it states, and all records of one leaf state the same whole.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from decai_forecast.federation.exact.errors import Forged

__all__ = ["CATEGORIES", "HEAD", "NO_SPLIT", "SPLIT", "Limits", "Split", "SplitGate"]

CATEGORIES = 32  # max_cat_threshold, LightGBM's default: part of a split's size even without categories
# SplitInfo: feature, left and right count, gain, threshold, left and right output, the left side's sums of gradient and
# hessian, the right side's, default direction, monotone type, number of categories, and the bins on one side. Passed over, so
# packed as zeros: two sums that only quantised gradients use, and the places for bins that are not used. LightGBM does not
# write these but sends what its buffer held before there, which is bins of the own histogram.
SPLIT = struct.Struct(f"<3idI4d8x2d8x2Bi{CATEGORIES}I")
HEAD = struct.Struct("<3idI4d8x2d8x2Bi")  # all of it but the places for bins
NO_BINS = bytes(SPLIT.size - HEAD.size)
NO_SPLIT = struct.pack("<iiid", -1, 0, 0, -math.inf).ljust(SPLIT.size, b"\0")
CLOSER = 0.9e-6  # of the quick look, which must not pass what the other one refuses
CLOSE = 1e-6  # relative: LightGBM adds 1e-15 to hessians, and rounds
LARGEST_OUTPUT = 1e9  # of a leaf whose output is not checked against its sums
MOST_OUTPUT = LARGEST_OUTPUT / 2  # of the quick look


@dataclass(frozen=True)
class Split:
    """One record. Sums are (gradient, hessian)."""

    feature: int
    counts: tuple[int, int]
    gain: float
    threshold: int
    outputs: tuple[float, float]
    left: tuple[float, float]
    right: tuple[float, float]
    flags: tuple[int, int]  # missing values go left; monotone
    bins: int  # of categories on one side
    categories: tuple[int, ...]

    @classmethod
    def unpack(cls, record: bytes) -> Split:
        feature, left, right, gain, threshold, *numbers = SPLIT.unpack(record)
        out, out2, lg, lh, rg, rh, default, monotone, bins, *categories = numbers
        sums = (lg, lh), (rg, rh)
        return cls(
            feature, (left, right), gain, threshold, (out, out2), *sums, (default, monotone), bins, tuple(categories)
        )  # fmt: skip

    @property
    def whole(self) -> tuple[float, float]:
        """Gradient and hessian of the leaf that is split."""
        return self.left[0] + self.right[0], self.left[1] + self.right[1]


@dataclass(frozen=True)
class Limits:
    """What all know of a training before its first tree. ``bins``: of each feature; ``coded``: features that may be split by
    categories; ``gradient``, ``hessian``: the largest sums; ``rows``: of all; ``lambda_l2``: of the plan. ``noisy``: sums under
    differential privacy need not be those of rows."""

    bins: Sequence[int]
    coded: frozenset[int]
    gradient: float
    hessian: float
    rows: int
    lambda_l2: float = 0.0
    noisy: bool = False


@dataclass
class SplitGate:
    """The records of one training; a feature belongs to one company in each tree (shares.py). ``names``: of all ranks."""

    names: Sequence[str]
    rank: int
    limits: Limits
    _owners: Mapping[int, int] = field(default_factory=dict)

    def begin_tree(self, owners: Mapping[int, int]) -> None:
        """In every tree the features are shared out anew; ``owners``: feature -> rank."""
        self._owners = owners

    def checked(self, blobs: Sequence[bytes]) -> Sequence[bytes]:
        """The records of all ranks, two of each; :class:`Forged` names the first whose are not what a company sends."""
        for rank, blob in enumerate(blobs):
            if len(blob) != 2 * SPLIT.size:
                raise self._forged(rank, f"{len(blob)} bytes, expected {2 * SPLIT.size}")
        for at in (0, SPLIT.size):
            self._leaf(blobs, at)
        return blobs

    def _leaf(self, blobs: Sequence[bytes], at: int) -> None:
        """All records of one leaf: each by itself, and its sums of the leaf, which the own record has from what all saw."""
        own = None if blobs[self.rank].startswith(NO_SPLIT, at) else HEAD.unpack_from(blobs[self.rank], at)
        for rank, blob in enumerate(blobs):
            if rank == self.rank or blob.startswith(NO_SPLIT, at):
                continue
            head = HEAD.unpack_from(blob, at)
            if not (blob.startswith(NO_BINS, at + HEAD.size) and _is_fine(head, self.limits)):
                self._look(rank, blob[at : at + SPLIT.size])
            if self._owners.get(head[0]) != rank:
                raise self._forged(rank, f"feature {head[0]}, for which {self._owner(head[0])} speaks in this tree")
            if own and not _same(own, head, self.limits):
                raise self._forged(rank, f"sums of a leaf that are not {_whole(own)}, as of all others")

    def _look(self, rank: int, record: bytes) -> None:
        if complaint := complaint_of(Split.unpack(record), self.limits):
            raise self._forged(rank, complaint)

    def _owner(self, feature: int) -> str:
        return self.names[self._owners[feature]] if feature in self._owners else "nobody"

    def _forged(self, rank: int, what: str) -> Forged:
        return Forged(f"{self.names[rank]}: a split record that LightGBM does not make: {what}", rank)


def _is_fine(head: tuple[Any, ...], limits: Limits) -> bool:
    """Whether nothing can be wrong with a split by a number, in one look: most records are fine, and there are thousands.
    What is not fine here :func:`complaint_of` looks at, which alone decides. What is not finite is within no limits."""
    feature, left, right, gain, threshold, out, out2, lg, lh, rg, rh, default, monotone, bins = head
    if not 0 <= feature < len(limits.bins) or feature in limits.coded or not 0 <= threshold < limits.bins[feature] - 1:
        return False
    if bins or monotone or default > 1 or left <= 0 or right <= 0 or left + right > limits.rows:
        return False
    gradient, hessian, ridge = lg + rg, lh + rh, limits.lambda_l2
    if not (gain > 0 < lh and rh > 0 and hessian <= limits.hessian and -limits.gradient <= gradient <= limits.gradient):
        return False
    one, other = -lg / (lh + ridge), -rg / (rh + ridge)
    if not (-MOST_OUTPUT <= one <= MOST_OUTPUT and -MOST_OUTPUT <= other <= MOST_OUTPUT):
        return False
    first, second, whole = -one * lg, -other * rg, gradient * gradient / (hessian + ridge)
    off = CLOSER * (1 + first + second + whole)
    return bool(
        -CLOSER <= one - out <= CLOSER  # relative where the whole check is: never wider than that
        and -CLOSER <= other - out2 <= CLOSER
        and -off <= first + second - whole - gain <= off
    )


def complaint_of(split: Split, limits: Limits) -> str:
    """What is wrong with a record by itself; empty if nothing is."""
    for complaint in (_place(split, limits), _numbers(split, limits), _sums(split, limits)):
        if complaint:
            return complaint
    return ""


def _place(split: Split, limits: Limits) -> str:
    if not 0 <= split.feature < len(limits.bins) or limits.bins[split.feature] < 2:
        return f"feature {split.feature}"
    bins, coded = limits.bins[split.feature], split.feature in limits.coded
    if coded:
        used, rest = split.categories[: max(split.bins, 0)], split.categories[max(split.bins, 0) :]
        fits = 0 < split.bins <= CATEGORIES and len(set(used)) == len(used) and all(0 <= one < bins for one in used)
        return "" if fits and not any(rest) else f"{split.bins} categories of {bins} bins"
    if split.bins or any(split.categories):
        return f"{split.bins} categories of a feature that has none"
    return "" if 0 <= split.threshold < bins - 1 else f"threshold {split.threshold} of {bins} bins"


def _numbers(split: Split, limits: Limits) -> str:
    numbers = (split.gain, *split.outputs, *split.left, *split.right)
    if not all(map(math.isfinite, numbers)) or split.gain <= 0:
        return "a number that is not finite, or no gain"
    if split.flags[0] > 1 or split.flags[1]:
        return f"flags {split.flags}"
    most = limits.rows if not limits.noisy else 2**31 - 1
    return "" if min(split.counts) > 0 and sum(split.counts) <= most else f"{split.counts} rows of {limits.rows}"


def _sums(split: Split, limits: Limits) -> str:
    """Sums within what all rows have; output and gain are what follows from them."""
    if min(split.left[1], split.right[1]) <= 0 or max(map(abs, split.outputs)) > LARGEST_OUTPUT:
        return f"hessians {split.left[1]:g} and {split.right[1]:g}, outputs {split.outputs}"
    gradient, hessian = split.whole
    if not limits.noisy and (abs(gradient) > limits.gradient * (1 + CLOSE) or hessian > limits.hessian * (1 + CLOSE)):
        return f"sums {split.whole} of a leaf; all rows have ({limits.gradient:g}, {limits.hessian:g})"
    if split.feature in limits.coded:
        return ""  # LightGBM adds another ridge to some splits by categories, and none to others
    return _follows(split, limits)


def _follows(split: Split, limits: Limits) -> str:
    sides = (split.left, split.right)
    outputs = [-gradient / (hessian + limits.lambda_l2) for gradient, hessian in sides]
    if any(abs(one - said) > CLOSE * (1 + abs(one)) for one, said in zip(outputs, split.outputs, strict=True)):
        return f"outputs {split.outputs} of sums that give {tuple(outputs)}"
    left, right, whole = (gradient**2 / (hessian + limits.lambda_l2) for gradient, hessian in (*sides, split.whole))
    scale = left + right + whole
    return (
        "" if abs(left + right - whole - split.gain) <= CLOSE * (1 + scale) else f"gain {split.gain:g} of sums that give others"
    )


def _whole(head: tuple[Any, ...]) -> tuple[float, float]:
    """Gradient and hessian of the leaf that is split."""
    return head[7] + head[9], head[8] + head[10]


def _same(one: tuple[Any, ...], other: tuple[Any, ...], limits: Limits) -> bool:
    gradient, hessian = CLOSE * (1 + limits.gradient), CLOSE * (1 + limits.hessian)
    apart, further = one[7] + one[9] - other[7] - other[9], one[8] + one[10] - other[8] - other[10]
    return bool(-gradient <= apart <= gradient and -hessian <= further <= hessian)
