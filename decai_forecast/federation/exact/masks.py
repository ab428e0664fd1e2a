"""Pairwise masks: each participant's sum of key streams, of which all together are zero.

Participants i < j share a key. Its stream (AES-256 in counter mode) is added by i and subtracted by j, so over all
participants the masks cancel, and any set of numbers without both i and j in it is uniformly random to everybody else.
A stream is read once from its beginning to its end: no byte of it masks two things. (Bonawitz et al., "Practical Secure
Aggregation for Privacy-Preserving Machine Learning", CCS 2017, without its secret sharing: here nobody may drop out.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from decai_forecast.federation.exact import packed_ints
from decai_forecast.federation.exact.packed_ints import Ints, Words
from decai_forecast.identity import derive

__all__ = ["Masks", "Stream", "masked", "masks_of_tree", "parts_for"]

CHUNK = 1 << 16  # bytes of each key stream made at a time: they stay in the processor's cache


class Stream:
    """The combined mask of one participant for words of one kind.

    ``keys``: (+1 or -1, 32 bytes), one per other participant.
    """

    def __init__(self, keys: Sequence[tuple[int, bytes]], kind: type[np.uint32] | type[np.uint64]) -> None:
        self._kind = kind
        self._streams = [(sign, Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor()) for sign, key in keys]
        self._zeros, self._stream = bytes(CHUNK), bytearray(CHUNK + 15)  # the cipher wants room for another block
        self._ready = np.empty(0, kind)

    def take(self, count: int) -> npt.NDArray[Any]:
        """The next ``count`` words; all participants must take the same counts in the same order."""
        taken = np.empty(count, self._kind)
        filled = 0
        while filled < count:
            if not len(self._ready):
                self._ready = self._make()
            piece = self._ready[: count - filled]
            taken[filled : filled + len(piece)] = piece
            filled, self._ready = filled + len(piece), self._ready[len(piece) :]
        return taken

    def prepare(self) -> None:
        """Makes words ahead, a chunk at least: for the time in which others are waited for."""
        if len(self._ready) < CHUNK // self._kind().itemsize:
            self._ready = np.concatenate([self._ready, self._make()])

    def _make(self) -> npt.NDArray[Any]:
        words = np.frombuffer(self._stream, self._kind, CHUNK // self._kind().itemsize)
        total = np.zeros(len(words), self._kind)
        for sign, stream in self._streams:
            stream.update_into(self._zeros, self._stream)
            (np.add if sign > 0 else np.subtract)(total, words, out=total)
        return total


class Masks:
    """Both kinds of streams, each under keys of its own."""

    def __init__(self, narrow: Sequence[tuple[int, bytes]], wide: Sequence[tuple[int, bytes]]) -> None:
        self._streams = {np.uint32: Stream(narrow, np.uint32), np.uint64: Stream(wide, np.uint64)}

    def take(self, count: int, kind: type[np.uint32] | type[np.uint64]) -> npt.NDArray[Any]:
        return self._streams[kind].take(count)

    def prepare(self) -> None:
        """Makes words ahead of both kinds."""
        for stream in self._streams.values():
            stream.prepare()


def masks_of_tree(rank: int, keys: Mapping[int, bytes]) -> Masks:
    """Those of what an audit of one tree opens; ``keys``: with each other rank, for this tree."""
    pairs = [(1 if rank < other else -1, key) for other, key in keys.items()]
    return Masks(*([(sign, derive(key, use)) for sign, key in pairs] for use in ("narrow", "wide")))


def masked(masks: Masks, numbers: Ints, width: int) -> Words:
    """The numbers as words under the next masks."""
    kind = packed_ints.unit(width)
    words = masks.take(len(numbers), kind)
    words += numbers.view(np.uint64) if kind is np.uint64 else numbers.astype(np.uint32)
    return words


def parts_for(masks: Masks, columns: Sequence[tuple[Ints, int]], bounds: Sequence[tuple[int, int]]) -> list[bytes]:
    """For each rank its part of all columns (numbers and bytes of their words) under masks."""
    packed: list[Words] = []
    for numbers, width in columns:
        packed += packed_ints.to_planes(masked(masks, numbers, width), width)
    return [b"".join([plane[low:high].data for plane in packed]) for low, high in bounds]
