"""Whole numbers as words of 3 to 8 bytes, added modulo the word: what masks and sums are made of.

A word needs only as many bytes as the *total* over all participants: what a single one sends may wrap around, since all
arithmetic is modulo the word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import OutOfRange

__all__ = ["Ints", "add", "from_bytes", "signed", "to_bytes", "unit", "width_for"]

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[Any]


def width_for(largest: int) -> int:
    """Bytes of a word that holds every whole number from -``largest`` to ``largest``; at least 3, at most 8."""
    width = max(3, (largest.bit_length() + 1 + 7) // 8)
    if width > 8:
        raise OutOfRange(f"totals up to 2^{largest.bit_length()} need {width} bytes; a word has at most 8")
    return width


def unit(width: int) -> type[np.uint32] | type[np.uint64]:
    """The machine's own word that carries ``width`` bytes."""
    return np.uint32 if width <= 4 else np.uint64


def to_bytes(words: Words, width: int) -> npt.NDArray[np.uint8]:
    """The low ``width`` bytes of each word: len(words) x width."""
    size = words.dtype.itemsize
    return np.ascontiguousarray(words.view(np.uint8).reshape(-1, size)[:, :width])


def from_bytes(data: bytes | memoryview, width: int) -> Words:
    """Words of :func:`unit` from ``width`` bytes each."""
    kind = unit(width)
    if width == kind().itemsize:
        return np.frombuffer(data, kind)
    narrow = np.frombuffer(data, np.uint8).reshape(-1, width)
    wide = np.zeros((len(narrow), kind().itemsize), np.uint8)
    wide[:, :width] = narrow
    return np.asarray(wide.view(kind).ravel())


def add(total: Words, words: Words) -> None:
    """Adds in place, modulo the word."""
    np.add(total, words, out=total)


def signed(words: Words, width: int) -> Ints:
    """The whole numbers that the low ``width`` bytes stand for, in two's complement."""
    spare = 8 * (words.dtype.itemsize - width)
    kind = np.int32 if words.dtype.itemsize == 4 else np.int64
    return np.asarray((words << words.dtype.type(spare)).view(kind) >> kind(spare), dtype=np.int64)
