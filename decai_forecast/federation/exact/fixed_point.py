"""Gradients on a grid: whole multiples of a power of two, so that every sum of them is exact.

A float64 holds whole numbers up to 2^53. Gradients and hessians that are multiples of a grid step, with totals up to 2^51
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
from decai_forecast.federation.exact.packed_ints import Ints, width_for

__all__ = ["EXACT_BITS", "Column", "Format", "bits_for"]

EXACT_BITS = 51  # totals stay within 2^51 steps: exact in float64, differences too, and read off it by ``SHIFT``
SHIFT = 1.5 * 2.0**52  # a float64 next to which the mantissa's last bit is worth 1: adding it rounds to a whole number,
SHIFT_BITS = int(np.float64(SHIFT).view(np.int64))  # which then stands in the bits, above those of SHIFT itself
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
        steps, largest = values * 2.0**self.bits, np.array(float(self.largest))
        whole, fits = _whole(steps, largest)
        if not fits:
            worst = next(value for k, value in enumerate(values) if not _whole(steps[k : k + 1], largest)[1])
            self._complain(float(worst))
        return whole

    def _complain(self, worst: float) -> None:
        raise OutOfRange(
            f"{worst!r} is not a multiple of 2^-{self.bits} within +-{self.largest * 2.0**-self.bits:g}; "
            "a gradient is not finite or larger than was agreed"
        )

    def to_floats(self, numbers: Ints) -> Floats:
        return np.asarray(numbers * 2.0**-self.bits)


@dataclass(frozen=True)
class Format:
    """The columns of a histogram: sums of gradients and of hessians."""

    gradient: Column
    hessian: Column

    def to_ints(self, histogram: Floats) -> list[tuple[Ints, int]]:
        """Numbers and bytes of their words, of each column of a histogram (bins x 2)."""
        scale, largest = self._scales
        whole, fits = _whole(np.multiply(histogram.T, scale, order="C"), largest)
        if not fits:
            self.gradient.to_ints(histogram[:, 0])
            self.hessian.to_ints(histogram[:, 1])
        return [(whole[0], self.widths[0]), (whole[1], self.widths[1])]

    @cached_property
    def _scales(self) -> tuple[Floats, Floats]:
        """Steps in one, and the largest number of steps, of each column (2 x 1)."""
        columns = (self.gradient, self.hessian)
        return np.array([[2.0**column.bits] for column in columns]), np.array([[float(column.largest)] for column in columns])

    @cached_property
    def widths(self) -> tuple[int, int]:
        """Bytes of a gradient's and of a hessian's word in a sum."""
        gradient = width_for(self.gradient.largest)
        return gradient, width_for(self.hessian.largest, 3 if gradient > 4 else 4)

    def to_floats(self, sums: Sequence[Ints], out: Floats) -> None:
        """The histogram that the columns' sums stand for, into ``out`` (bins x 2)."""
        for k, column in enumerate((self.gradient, self.hessian)):
            np.multiply(sums[k], 2.0**-column.bits, out=out[:, k])


def _whole(steps: Floats, largest: Floats) -> tuple[Ints, bool]:
    """The whole numbers that ``steps`` are, and whether all are whole, finite and within +-``largest`` (of each row).

    Few passes and none that converts: a histogram is turned into whole numbers at every split.
    """
    shifted = steps + SHIFT
    whole = shifted.view(np.int64) - SHIFT_BITS
    shifted -= SHIFT
    fits = bool((shifted == steps).all()) and bool((np.abs(steps, out=shifted) <= largest).all())
    return whole, fits
