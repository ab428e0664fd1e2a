"""What each participant of a session sent, as running hashes: signed after every tree, so that it can be shown afterwards.

A statement of a participant is the hash of all that it broadcast since the session began, one hash for each other
participant of all that it sent to that one alone, and a chain of commitments to its own sums before they were masked (see
audit.py). Signing every split would cost as much again as the split does; between two signatures a message is bound to its
sender by a tag or seal that only the two of them can make.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.frames import Blob
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.gate.messages import DIGEST_BYTES, SIGNATURE_BYTES

__all__ = ["TREE", "Heard", "Opening", "SignedTree", "Transcript", "chain"]

TREE = "tree"  # what a signature is of
BEGIN = b"decai exact transcript 2"


class Transcript:
    """Running hashes of one participant's session, of its own messages and of those that it received."""

    def __init__(self, size: int, rank: int) -> None:
        self._size, self._rank = size, rank
        self._steps = hashlib.sha256(BEGIN)
        self._broadcast = [hashlib.sha256(BEGIN) for _ in range(size)]
        self._sent = [hashlib.sha256(BEGIN) for _ in range(size)]
        self._received = [hashlib.sha256(BEGIN) for _ in range(size)]
        self._chain = bytes(DIGEST_BYTES)  # of the commitments to all trees so far
        self._opening: Opening | None = None  # of the tree that is grown now
        self._heard: list[Heard] = []
        self._shown = _Shown(size)
        self.openings: list[Opening] = []
        self.heard: list[tuple[Heard, ...]] = []  # of each tree, what all sent of what they committed to
        self.digests: list[tuple[bytes, ...]] = []  # of each tree, of what each rank sent of that

    def step(self, what: bytes) -> None:
        """Op, number and phase: the same for all participants."""
        self._steps.update(what)

    def broadcast(self, blobs: Sequence[Blob]) -> None:
        """What every rank told everybody in this step."""
        for running, blob in zip(self._broadcast, blobs, strict=True):
            running.update(b"".join((len(blob).to_bytes(8, "big"), blob)))

    def exchanged(self, sent: Sequence[Blob], received: Sequence[Blob]) -> None:
        """What this participant sent to each rank, and got of it; the own place counts for nothing."""
        for rank in range(self._size):
            if rank != self._rank:
                self._sent[rank].update(sent[rank])
                self._received[rank].update(received[rank])

    def transcript(self) -> bytes:
        """The digest of what everybody saw."""
        return hashlib.sha256(self._steps.digest() + b"".join(one.digest() for one in self._broadcast)).digest()

    def statement(self, rank: int) -> bytes:
        """The own statement, before it is signed."""
        pairs = b"".join([*(one.digest() for one in self._sent), *self._shown.sent()])
        return self._steps.digest() + self._broadcast[rank].digest() + pairs + self._chained()

    def views(self) -> list[tuple[bytes, bytes, bytes]]:
        """What each rank's statement must say, as far as it is known here: what it broadcast, what it sent here, and what of
        that can be opened."""
        steps, shown = self._steps.digest(), self._shown.heard()
        return [
            (steps + told.digest(), (self._sent if rank == self._rank else self._received)[rank].digest(), shown[rank])
            for rank, told in enumerate(self._broadcast)
        ]

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
