"""Whole numbers as words of 3 to 8 bytes, added modulo the word: what masks and sums are made of.

A word needs only as many bytes as the *total* over all participants: what a single one sends may wrap around, since all
arithmetic is modulo the word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import OutOfRange

__all__ = ["Ints", "Words", "signed_sum", "signed_sums", "to_bytes", "to_planes", "unit", "width_for"]

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[Any]


def width_for(largest: int, least: int = 4) -> int:
    """Bytes of a word that holds every whole number from -``largest`` to ``largest``; at least ``least`` (3 or 4), at most 8.

    Four bytes are a machine's word; taking one off saves less than the time it takes, unless words beside it are long.
    """
    width = max(least, (largest.bit_length() + 1 + 7) // 8)
    if width > 8:
        raise OutOfRange(f"totals up to 2^{largest.bit_length()} need {width} bytes; a word has at most 8")
    return width


def unit(width: int) -> type[np.uint32] | type[np.uint64]:
    """The machine's own word that carries ``width`` bytes."""
    return np.uint32 if width <= 4 else np.uint64


def _planes(width: int) -> list[tuple[type[np.unsignedinteger[Any]], int]]:
    """A word's bytes as machine words, each with its place in the word: copying these is several times faster than copying
    odd numbers of bytes."""
    kinds = ((np.uint64, 8), (np.uint32, 4), (np.uint16, 2), (np.uint8, 1))
    planes, at = [], 0
    for kind, size in kinds:
        if width - at >= size:
            planes.append((kind, at))
            at += size
    return planes


PLANES = {width: _planes(width) for width in range(3, 9)}


def to_planes(words: Words, width: int) -> list[Words]:
    """The low ``width`` bytes of each word, as one array per plane (of 8, 4, 2 or 1 bytes), the lowest first."""
    size = words.dtype.itemsize
    if width == size:
        return [words]
    return [words.view(kind)[at // kind().itemsize :: size // kind().itemsize].copy() for kind, at in PLANES[width]]


def to_bytes(words: Words, width: int) -> bytes:
    """The planes one after the other."""
    return b"".join([plane.tobytes() for plane in to_planes(words, width)])


def signed_sum(parts: Sequence[bytes], width: int) -> Ints:
    """The signed sum, modulo the word, of what :func:`to_bytes` made of equally many words each."""
    kind, count = unit(width), len(parts[0]) // width
    words: Words = np.zeros(count, kind)
    for part, at in PLANES[width]:
        planes = [np.frombuffer(given, part, count, at * count) for given in parts]
        if at == 0 and part is kind:
            for plane in planes:
                words += plane
        else:
            words += _sum(planes, kind) << kind(8 * at)
    return _signed(words, width)


def signed_sums(parts: Sequence[bytes], widths: Sequence[int], count: int) -> list[Ints]:
    """As :func:`signed_sum`, of parts that hold several columns of ``count`` words one after the other."""
    if len(set(widths)) == 1 and len(PLANES[widths[0]]) == 1:  # words of the machine: columns are one long column
        whole = signed_sum(parts, widths[0])
        return [whole[k * count : (k + 1) * count] for k in range(len(widths))]
    ends = np.cumsum([0, *widths]) * count
    return [signed_sum([part[ends[k] : ends[k + 1]] for part in parts], width) for k, width in enumerate(widths)]


def _sum(planes: Sequence[Words], kind: type[np.uint32] | type[np.uint64]) -> Words:
    """Added up in wider words, so that nothing is lost."""
    words = planes[0].astype(kind)
    for plane in planes[1:]:
        np.add(words, plane, out=words)
    return words


def _signed(words: Words, width: int) -> Ints:
    """The whole numbers that the low ``width`` bytes stand for, in two's complement."""
    spare = 8 * (words.dtype.itemsize - width)
    kind = np.int32 if words.dtype.itemsize == 4 else np.int64
    return np.asarray((words << words.dtype.type(spare)).view(kind) >> kind(spare), dtype=np.int64)
