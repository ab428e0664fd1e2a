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

__all__ = ["TREE", "Ledger", "Opening", "SignedTree", "chain"]

TREE = "tree"  # what a signature is of
BEGIN = b"decai exact transcript 2"


class Ledger:
    """Running hashes of one participant's session, of its own messages and of those that it received."""

    def __init__(self, size: int, rank: int) -> None:
        self._size, self._rank = size, rank
        self._steps = hashlib.sha256(BEGIN)
        self._broadcast = [hashlib.sha256(BEGIN) for _ in range(size)]
        self._sent = [hashlib.sha256(BEGIN) for _ in range(size)]
        self._received = [hashlib.sha256(BEGIN) for _ in range(size)]
        self._chain = bytes(DIGEST_BYTES)  # of the commitments to all trees so far
        self._opening: Opening | None = None  # of the tree that is grown now
        self.openings: list[Opening] = []

    def step(self, what: bytes) -> None:
        """Op, number and phase: the same for all participants."""
        self._steps.update(what)

    def broadcast(self, blobs: Sequence[Blob]) -> None:
        """What every rank told everybody in this step."""
        for running, blob in zip(self._broadcast, blobs, strict=True):
            running.update(len(blob).to_bytes(8, "big"))
            running.update(blob)

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
        pairs = b"".join(one.digest() for one in self._sent)
        return self._steps.digest() + self._broadcast[rank].digest() + pairs + self._chained()

    def views(self) -> list[tuple[bytes, bytes]]:
        """What each rank's statement must say, as far as it is known here: what it broadcast, and what it sent here."""
        steps = self._steps.digest()
        return [
            (steps + told.digest(), (self._sent if rank == self._rank else self._received)[rank].digest())
            for rank, told in enumerate(self._broadcast)
        ]

    def agrees(self, view: tuple[bytes, bytes], statement: bytes) -> bool:
        """Whether a statement says what this participant has seen."""
        at = DIGEST_BYTES * (2 + self._rank)
        return view == (statement[: 2 * DIGEST_BYTES], statement[at : at + DIGEST_BYTES])

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
        self._opening = None

    def _chained(self) -> bytes:
        return chain([self._opening.commitment], self._chain) if self._opening else self._chain


def chain(commitments: Sequence[bytes], begun: bytes = bytes(DIGEST_BYTES)) -> bytes:
    """One digest of all commitments in their order: the newest signature covers every tree before it."""
    for commitment in commitments:
        begun = hashlib.sha256(begun + commitment).digest()
    return begun


@dataclass(frozen=True)
class Opening:
    """A company's own sums of the beginning of one tree, and the salt that kept its commitment from being guessed."""

    salt: bytes
    sums: tuple[npt.NDArray[np.int64], ...]

    @property
    def commitment(self) -> bytes:
        whole = hashlib.sha256(self.salt)
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

    def committed(self, rank: int) -> bytes:
        """The chain of commitments of ``rank`` to its own sums of all trees."""
        return self.statements[rank][-SIGNATURE_BYTES - DIGEST_BYTES : -SIGNATURE_BYTES]
