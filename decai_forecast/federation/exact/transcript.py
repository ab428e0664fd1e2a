"""What each participant of a session sent, as running hashes: signed after every tree, so that it can be shown afterwards.

A statement of a participant is the hash of all that it broadcast since the session began, one hash for each other
participant of all that it sent to that one alone, and a chain of commitments to its own sums before they were masked (see
audit.py). Signing every split would cost as much again as the split does; between two signatures a message is bound to its
sender by a tag or seal that only the two of them can make.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.frames import Blob
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.gate.messages import DIGEST_BYTES, SIGNATURE_BYTES

__all__ = ["TREE", "Heard", "Opening", "SignedTree", "Transcript", "chain"]

TREE = "tree"  # what a signature is of
BEGIN = b"decai exact transcript 2"
MOST_GATHERED = 1 << 20  # bytes that wait for their hash


class Transcript:
    """Running hashes of one participant's session, of its own messages and of those that it received."""

    def __init__(self, size: int, rank: int) -> None:
        self._size, self._rank = size, rank
        others = [one for one in range(size) if one != rank]
        self._steps = _Running([0])
        self._broadcast = _Running(range(size), framed=True)
        self._sent, self._received = _Running(others), _Running(others)
        self._chain = bytes(DIGEST_BYTES)  # of the commitments to all trees so far
        self._opening: Opening | None = None  # of the tree that is grown now
        self._heard: list[Heard] = []
        self._shown = _Shown(size)
        self.openings: list[Opening] = []
        self.heard: list[tuple[Heard, ...]] = []  # of each tree, what all sent of what they committed to
        self.digests: list[tuple[bytes, ...]] = []  # of each tree, of what each rank sent of that

    def step(self, what: bytes) -> None:
        """Op, number and phase: the same for all participants."""
        self._steps.add((what,), len(what))

    def broadcast(self, blobs: Sequence[Blob], size: int = 0) -> None:
        """What every rank told everybody in this step; ``size``: bytes of all."""
        self._broadcast.add(tuple(blobs), size)

    def exchanged(self, sent: Sequence[Blob], received: Sequence[Blob], size: int = 0) -> None:
        """What this participant sent to each rank, and got of it; the own place counts for nothing. ``size``: bytes of all."""
        self._sent.add(tuple(sent), size)
        self._received.add(tuple(received), size)

    def transcript(self) -> bytes:
        """The digest of what everybody saw."""
        return hashlib.sha256(b"".join([*self._steps.digests(), *self._broadcast.digests()])).digest()

    def statement(self, rank: int) -> bytes:
        """The own statement, before it is signed."""
        told = self._steps.digests()[0] + self._broadcast.digests()[rank]
        return told + b"".join([*self._all(self._sent), *self._shown.sent()]) + self._chained()

    def views(self) -> list[tuple[bytes, bytes, bytes]]:
        """What each rank's statement must say, as far as it is known here: what it broadcast, what it sent here, and what of
        that can be opened."""
        steps, told = self._steps.digests()[0], self._broadcast.digests()
        received, shown = self._all(self._received), self._shown.heard()
        return [(steps + told[rank], received[rank], shown[rank]) for rank in range(self._size)]

    def _all(self, running: _Running) -> list[bytes]:
        """The digests of all ranks; the own place has that of nothing."""
        there = running.digests()
        return [*there[: self._rank], hashlib.sha256(BEGIN).digest(), *there[self._rank :]]

    def agrees(self, view: tuple[bytes, bytes, bytes], statement: bytes) -> bool:
        """Whether a statement says what this participant has seen."""
        sent, shown = (_at(statement, 2 + self._rank + k * self._size) for k in (0, 1))
        return view == (statement[: 2 * DIGEST_BYTES], sent, shown)

    def begin_tree(self, keys: bytes) -> None:
        """``keys``: of the masks of what is committed to, one for each rank."""
        self._opening, self._heard = Opening(os.urandom(DIGEST_BYTES), (), keys), []

    def hear(
        self, sent: Sequence[Blob], parts: Sequence[Blob], bounds: Sequence[tuple[int, int]], widths: Sequence[int]
    ) -> None:
        """What was sent to each rank, and what each sent here, under masks, of what it committed to."""
        self._heard.append(Heard(tuple(bytes(part) for part in parts), tuple(bounds), tuple(widths)))
        self._shown.add(sent, parts)

    def commit(self, numbers: Sequence[npt.NDArray[np.int64]]) -> None:
        """Binds this participant to own sums of the tree that it may be asked to open; the statement holds their digest."""
        if self._opening is None:
            self._opening = Opening(os.urandom(DIGEST_BYTES), ())
        self._opening = replace(self._opening, sums=(*self._opening.sums, *numbers))

    def turn(self) -> None:
        """The next tree begins."""
        self._chain = self._chained()
        if self._opening is not None:
            self.openings.append(self._opening)
            self.heard.append(tuple(self._heard))
            self.digests.append(self._shown.turn())
        self._opening = None

    def _chained(self) -> bytes:
        return chain([self._opening.commitment], self._chain) if self._opening else self._chain


class _Running:
    """A running hash of each of these ranks' messages. Messages are gathered and hashed together: in a tree there are some
    hundreds of small ones, and a call to the hash takes longer than its bytes. ``framed``: each with its length before it."""

    def __init__(self, ranks: Iterable[int], *, framed: bool = False) -> None:
        self._hashes = [(rank, hashlib.sha256(BEGIN)) for rank in ranks]
        self._framed, self._gathered, self._bytes = framed, list[Sequence[Blob]](), 0

    def add(self, blobs: Sequence[Blob], size: int) -> None:
        """One message of each rank; ``size``: bytes of all, about."""
        self._gathered.append(blobs)
        self._bytes += size
        if self._bytes > MOST_GATHERED:
            self._hash()

    def digests(self) -> list[bytes]:
        """Of everything so far."""
        self._hash()
        return [one.digest() for _, one in self._hashes]

    def _hash(self) -> None:
        for rank, running in self._hashes:
            blobs = [message[rank] for message in self._gathered]
            running.update(b"".join([part for blob in blobs for part in (_length(len(blob)), blob)] if self._framed else blobs))
        self._gathered, self._bytes = [], 0


@lru_cache(256)
def _length(size: int) -> bytes:
    return size.to_bytes(8, "big")


class _Shown:
    """Chains, for each rank, of what was sent to it and heard of it, tree by tree, of sums that can be opened."""

    def __init__(self, size: int) -> None:
        self._chains = [[bytes(DIGEST_BYTES)] * size for _ in range(2)]  # sent, heard
        self._size = size
        self._begin()

    def _begin(self) -> None:
        self._now = [[hashlib.sha256() for _ in range(self._size)] for _ in range(2)]
        self._any = False

    def add(self, sent: Sequence[Blob], heard: Sequence[Blob]) -> None:
        self._any = True
        for running, blobs in zip(self._now, (sent, heard), strict=True):
            for one, blob in zip(running, blobs, strict=True):
                one.update(len(blob).to_bytes(8, "big") + bytes(blob))

    def sent(self) -> list[bytes]:
        return self._chained(0)

    def heard(self) -> list[bytes]:
        return self._chained(1)

    def _chained(self, which: int) -> list[bytes]:
        pairs = zip(self._now[which], self._chains[which], strict=True)
        return [chain([now.digest()], before) if self._any else before for now, before in pairs]

    def turn(self) -> tuple[bytes, ...]:
        """The next tree begins; the digests of what each rank sent in this one."""
        digests = tuple(one.digest() for one in self._now[1])
        self._chains = [self._chained(0), self._chained(1)]
        self._begin()
        return digests


def _at(statement: bytes, place: int) -> bytes:
    return statement[DIGEST_BYTES * place : DIGEST_BYTES * (place + 1)]


def chain(commitments: Sequence[bytes], begun: bytes = bytes(DIGEST_BYTES)) -> bytes:
    """One digest of all commitments in their order: the newest signature covers every tree before it."""
    for commitment in commitments:
        begun = hashlib.sha256(begun + commitment).digest()
    return begun


@dataclass(frozen=True)
class Heard:
    """What every rank sent of one sum to one participant: numbers ``bounds[k]`` to rank k, in words of these ``widths`` (bytes,
    of each column), under masks."""

    parts: tuple[bytes, ...]
    bounds: tuple[tuple[int, int], ...]
    widths: tuple[int, ...]

    @staticmethod
    def digest(heard: Sequence[Heard], rank: int) -> bytes:
        """Of what ``rank`` sent in all of ``heard``."""
        whole = hashlib.sha256()
        for one in heard:
            whole.update(len(one.parts[rank]).to_bytes(8, "big") + one.parts[rank])
        return whole.digest()


@dataclass(frozen=True)
class Opening:
    """A company's own sums of the beginning of one tree, the keys of their masks with each rank (32 bytes, the own place
    empty), and the salt that kept its commitment from being guessed."""

    salt: bytes
    sums: tuple[npt.NDArray[np.int64], ...]
    keys: bytes = b""

    @property
    def commitment(self) -> bytes:
        whole = hashlib.sha256(self.salt + self.keys)
        for numbers in self.sums:
            whole.update(len(numbers).to_bytes(8, "big") + np.ascontiguousarray(numbers, np.int64).tobytes())
        return whole.digest()


@dataclass(frozen=True)
class SignedTree:
    """All participants' statements of a session until the end of one tree, each with its signature."""

    epoch: bytes
    statements: tuple[bytes, ...]

    def verify(self, roster: KeyRoster) -> None:
        """:class:`Tampered` names whose signature is not valid."""
        for rank, blob in enumerate(self.statements):
            roster.verify(rank, TREE, self.epoch + blob[:-SIGNATURE_BYTES], blob[-SIGNATURE_BYTES:])

    def shown(self, sender: int, receiver: int) -> bytes:
        """The chain of digests of what ``sender`` sent to ``receiver``, tree by tree, of sums that can be opened."""
        return _at(self.statements[sender], 2 + len(self.statements) + receiver)

    def committed(self, rank: int) -> bytes:
        """The chain of commitments of ``rank`` to its own sums of all trees."""
        return self.statements[rank][-SIGNATURE_BYTES - DIGEST_BYTES : -SIGNATURE_BYTES]
