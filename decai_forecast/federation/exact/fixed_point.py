"""Gradients on a grid: whole multiples of a power of two, so that every sum of them is exact.

A float64 holds whole numbers up to 2^53. Gradients and hessians that are multiples of a grid step, with totals up to 2^52
steps, add up to the same bits in any order and any grouping: LightGBM's histograms over one pool, or whole numbers added
under masks over many companies. That is why the trees are *identical* and not only close, ties included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import OutOfRange
from decai_forecast.federation.exact.words import Ints, width_for

__all__ = ["EXACT_BITS", "Column", "Format", "bits_for"]

EXACT_BITS = 52  # totals stay within 2^52 steps: exact in float64, with a bit to spare for differences
Floats = npt.NDArray[np.float64]


def bits_for(total: float) -> int:
    """The finest grid, as fraction bits, on which totals up to ``total`` are exact."""
    return EXACT_BITS - math.ceil(math.log2(max(total, 1e-300)))


@dataclass(frozen=True)
class Column:
    """How one kind of number is written: multiples of 2^-``bits``, totals within +-``largest`` steps."""

    bits: int
    largest: int

    def __post_init__(self) -> None:
        if self.largest > 2**EXACT_BITS:
            raise OutOfRange(f"totals of 2^{self.largest.bit_length()} steps are not exact; at most 2^{EXACT_BITS}")

    def to_ints(self, values: Floats) -> Ints:
        """The multiples; :class:`OutOfRange` unless every value is one, finite and within the range."""
        steps = values * 2.0**self.bits
        with np.errstate(invalid="ignore"):  # what is not finite becomes some number, and is found in the next line
            whole = steps.astype(np.int64)
        if not (whole == steps).all() or max(steps.max(initial=0.0), -steps.min(initial=0.0)) > self.largest:
            worst = values[(whole != steps) | ~(np.abs(steps) <= self.largest)][0]
            raise OutOfRange(
                f"{worst!r} is not a multiple of 2^-{self.bits} within +-{self.largest * 2.0**-self.bits:g}; "
                "a gradient is not finite or larger than was agreed"
            )
        return whole

    def to_floats(self, numbers: Ints) -> Floats:
        return np.asarray(numbers * 2.0**-self.bits)


@dataclass(frozen=True)
class Format:
    """The columns of a histogram: sums of gradients and of hessians."""

    gradient: Column
    hessian: Column

    def to_ints(self, histogram: Floats) -> list[tuple[Ints, int]]:
        """Numbers and bytes of their words, of each column of a histogram (bins x 2)."""
        columns = (self.gradient, self.hessian)
        return [(column.to_ints(histogram[:, k]), self.widths[k]) for k, column in enumerate(columns)]

    @cached_property
    def widths(self) -> tuple[int, int]:
        """Bytes of a gradient's and of a hessian's word in a sum."""
        gradient = width_for(self.gradient.largest)
        return gradient, width_for(self.hessian.largest, 3 if gradient > 4 else 4)

    def to_floats(self, sums: Sequence[Ints], out: Floats) -> None:
        """The histogram that the columns' sums stand for, into ``out`` (bins x 2)."""
        for k, column in enumerate((self.gradient, self.hessian)):
            np.multiply(sums[k], 2.0**-column.bits, out=out[:, k])
