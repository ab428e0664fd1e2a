"""Pairwise masks: each participant's sum of key streams, of which all together are zero.

Participants i < j share a key. Its stream (AES-256 in counter mode) is added by i and subtracted by j, so over all
participants the masks cancel, and any set of numbers without both i and j in it is uniformly random to everybody else.
A stream is read once from its beginning to its end: no byte of it masks two things. (Bonawitz et al., "Practical Secure
Aggregation for Privacy-Preserving Machine Learning", CCS 2017, without its secret sharing: here nobody may drop out.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = ["Masks", "Stream"]

CHUNK = 1 << 16  # words made at a time: one call of the cipher costs as much as some kilobytes


class Stream:
    """The combined mask of one participant for words of one kind.

    ``keys``: (+1 or -1, 32 bytes), one per other participant.
    """

    def __init__(self, keys: Sequence[tuple[int, bytes]], kind: type[np.uint32] | type[np.uint64]) -> None:
        self._kind = kind
        self._streams = [(sign, Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor()) for sign, key in keys]
        self._ready: npt.NDArray[Any] = np.empty(0, kind)

    def take(self, count: int) -> npt.NDArray[Any]:
        """The next ``count`` words; all participants must take the same counts in the same order."""
        if count > len(self._ready):
            fresh = self._make(max(CHUNK, count - len(self._ready)))
            self._ready = np.concatenate([self._ready, fresh])
        taken, self._ready = self._ready[:count], self._ready[count:]
        return taken

    def _make(self, count: int) -> npt.NDArray[Any]:
        total = np.zeros(count, self._kind)
        zeros = bytes(total.nbytes)
        for sign, stream in self._streams:
            words = np.frombuffer(stream.update(zeros), self._kind)
            (np.add if sign > 0 else np.subtract)(total, words, out=total)
        return total


class Masks:
    """Both kinds of streams, each under keys of its own."""

    def __init__(self, narrow: Sequence[tuple[int, bytes]], wide: Sequence[tuple[int, bytes]]) -> None:
        self._streams = {np.uint32: Stream(narrow, np.uint32), np.uint64: Stream(wide, np.uint64)}

    def take(self, count: int, kind: type[np.uint32] | type[np.uint64]) -> npt.NDArray[Any]:
        return self._streams[kind].take(count)
