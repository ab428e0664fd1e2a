"""Pairwise masks: each participant's sum of key streams, of which all together are zero.

Participants i < j share a key. Its stream (AES-256 in counter mode) is added by i and subtracted by j, so over all
participants the masks cancel, and any set of numbers without both i and j in it is uniformly random to everybody else.
A stream is read once from its beginning to its end: no byte of it masks two things. (Bonawitz et al., "Practical Secure
Aggregation for Privacy-Preserving Machine Learning", CCS 2017, without its secret sharing: here nobody may drop out.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from decai_forecast.federation.exact import packed_ints
from decai_forecast.federation.exact.packed_ints import Ints, Words
from decai_forecast.identity import derive

__all__ = ["Masks", "Stream", "masked", "masks_of_tree", "parts_for"]

CHUNK = 1 << 16  # bytes of each key stream made at a time: they stay in the processor's cache
SMALL = 1 << 13  # the same where few are wanted: of one tree


class Stream:
    """The combined mask of one participant for words of one kind.

    ``keys``: (+1 or -1, 32 bytes), one per other participant; ``chunk``: bytes that are made at a time.
    """

    def __init__(self, keys: Sequence[tuple[int, bytes]], kind: type[np.uint32] | type[np.uint64], chunk: int = CHUNK) -> None:
        self._kind, self._chunk = kind, chunk
        self._streams = [(sign, Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor()) for sign, key in keys]
        self._zeros, self._stream = bytes(chunk), bytearray(chunk + 15)  # the cipher wants room for another block
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
        if self._ready.nbytes < self._chunk:
            self._ready = np.concatenate([self._ready, self._make()])

    def _make(self) -> npt.NDArray[Any]:
        words = np.frombuffer(self._stream, self._kind, self._chunk // self._kind().itemsize)
        total = np.zeros(len(words), self._kind)
        for sign, stream in self._streams:
            stream.update_into(self._zeros, self._stream)
            (np.add if sign > 0 else np.subtract)(total, words, out=total)
        return total


Keys = Callable[[], Sequence[tuple[int, bytes]]]
"""Of one kind of words with each other participant, made when they are first wanted."""


class Masks:
    """Both kinds of streams, each under keys of its own."""

    def __init__(self, narrow: Keys, wide: Keys, chunk: int = CHUNK) -> None:
        self._keys: dict[Any, Keys] = {np.uint32: narrow, np.uint64: wide}
        self._streams, self._chunk = dict[Any, Stream](), chunk

    def take(self, count: int, kind: type[np.uint32] | type[np.uint64]) -> npt.NDArray[Any]:
        if kind not in self._streams:
            self._streams[kind] = Stream(self._keys[kind](), kind, self._chunk)
        return self._streams[kind].take(count)

    def prepare(self) -> None:
        """Makes words ahead of the kinds that were taken before."""
        for stream in self._streams.values():
            stream.prepare()


def masks_of_tree(rank: int, keys: Mapping[int, bytes]) -> Masks:
    """Those of what an audit of one tree opens; ``keys``: with each other rank, for this tree."""

    def of(use: str) -> Sequence[tuple[int, bytes]]:
        return [(1 if rank < other else -1, derive(key, use)) for other, key in keys.items()]

    return Masks(partial(of, "narrow"), partial(of, "wide"), SMALL)


def masked(masks: Masks, numbers: Ints, width: int) -> Words:
    """The numbers as words under the next masks."""
    kind = packed_ints.unit(width)
    words = masks.take(len(numbers), kind)
    words += numbers.view(np.uint64) if kind is np.uint64 else numbers.astype(np.uint32)
    return words


def parts_for(masks: Masks, columns: Sequence[tuple[Ints, int]], bounds: Sequence[tuple[int, int]]) -> list[bytes]:
    """For each rank its part of all columns (numbers and bytes of their words) under masks."""
    packed = [plane for words, width in _words(masks, columns) for plane in packed_ints.to_planes(words, width)]
    return [b"".join([plane[low:high].data for plane in packed]) for low, high in bounds]


def _words(masks: Masks, columns: Sequence[tuple[Ints, int]]) -> list[tuple[Words, int]]:
    """Each column under the next masks, and its bytes of a word; columns of one width are masked as one long column."""
    widths = [width for _, width in columns]
    if len(set(widths)) > 1:
        return [(masked(masks, numbers, width), width) for numbers, width in columns]
    words = masked(masks, np.concatenate([numbers for numbers, _ in columns]), widths[0])
    return [(one, widths[0]) for one in words.reshape(len(columns), -1)]
