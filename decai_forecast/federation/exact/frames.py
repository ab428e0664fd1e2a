"""What travels between a participant and the relay: one frame per step and direction.

Frame: magic ``D`` | op u8 | rank u8 | pad | step u64 | bytes u64 (24 bytes, little endian), then the body.

=========  =======================================================  =======================================
op         body to the relay                                        body back
=========  =======================================================  =======================================
JOIN       session 32 bytes; ``rank`` and, in ``step``, the size    none; the session starts when all joined
BROADCAST  one blob                                                 a table of all others' blobs
SEND       a table: one blob for each rank                          a table: one blob from each rank
TELL       how far the training is (progress.py)                    none: it is no step
ABORT      reason u8; ``rank`` is whom it is about                  the same, to everybody else
=========  =======================================================  =======================================

A table is one u32 length per rank, then the blobs; the own place is empty. The relay reads nothing but this: blobs are
sealed end to end, so what it gets wrong is found by the receivers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from decai_forecast.federation.exact.errors import PeerLost

__all__ = [
    "ABORT",
    "BROADCAST",
    "HEADER",
    "JOIN",
    "MAX_BODY",
    "MOST_NOTES",
    "REASONS",
    "REVOKED",
    "SEND",
    "TELL",
    "Frame",
    "Meanwhile",
    "abort",
    "blobs_of",
    "deliver",
    "idle",
    "read_table",
    "table",
]

JOIN, BROADCAST, SEND, TELL, ABORT = 1, 2, 3, 4, 15
HEADER = struct.Struct("<cBBxQQ4x")
MAX_BODY = 256 * 2**20  # bytes; a histogram of 2000 features has 4 MB
REASONS = {
    1: "left",
    2: "did not answer in time",
    3: "is at another step",
    4: "stopped the training",
    5: "joined twice",
    6: "sent notes without end",
    7: "has a key that was taken back",
}
REVOKED = 7
MOST_NOTES = 4  # of progress, between two steps of one participant
Blob = bytes | memoryview
Meanwhile = Callable[[], None]
"""What a participant does between giving its frame and waiting for the answer."""


class Frame(NamedTuple):
    """One message between a participant and the relay."""

    op: int
    rank: int
    step: int
    body: Blob = b""
    blobs: tuple[Blob, ...] | None = None
    """An answer's blobs where its wire has them apart; the body is then empty."""

    def header(self) -> bytes:
        return HEADER.pack(b"D", self.op, self.rank, self.step, len(self.body))

    def pack(self) -> bytes:
        return self.header() + self.body

    @classmethod
    def unpack(cls, data: bytes) -> Frame:
        """The frame that ``data`` holds; :class:`PeerLost` if it is none."""
        op, rank, step, size = read_header(data)
        body = memoryview(data)[HEADER.size :]
        if len(body) != size:
            raise PeerLost(f"a frame of {len(body):,} bytes says it has {size:,}")
        return cls(op, rank, step, body)


def idle() -> None:
    """Nothing to do while others are waited for."""


def read_header(data: Blob) -> tuple[int, int, int, int]:
    """Op, rank, step and bytes of the body; :class:`PeerLost` if it is no header."""
    if len(data) < HEADER.size:
        raise PeerLost(f"a frame of {len(data)} bytes; its header alone has {HEADER.size}")
    magic, op, rank, step, size = HEADER.unpack_from(data)
    if magic != b"D" or size > MAX_BODY:
        raise PeerLost("not a frame of this protocol: is the address the relay's, and its version the same?")
    return op, rank, step, size


def table(blobs: Sequence[Blob]) -> bytes:
    """The blobs of all ranks as one body."""
    return struct.pack(f"<{len(blobs)}I", *map(len, blobs)) + b"".join(blobs)


def read_table(body: Blob, size: int) -> list[memoryview]:
    """The ``size`` blobs of a table, without copying; :class:`PeerLost` if the lengths do not fit."""
    view, at = memoryview(body), 4 * size
    lengths = struct.unpack_from(f"<{size}I", view) if len(view) >= at else ()
    if at + sum(lengths) != len(view) or len(lengths) != size:
        raise PeerLost(f"a table of {len(view):,} bytes does not hold {size} blobs")
    blobs = []
    for length in lengths:
        blobs.append(view[at : at + length])
        at += length
    return blobs


def blobs_of(answer: Frame, size: int) -> Sequence[Blob]:
    """The blobs of all ranks in an answer; the own one is empty."""
    return read_table(answer.body, size) if answer.blobs is None else answer.blobs


def deliver(frames: Sequence[Frame]) -> list[Frame]:
    """The relay's whole work: the frames of one step, one of each rank in order, become the answers to each rank."""
    op, step, size = frames[0].op, frames[0].step, len(frames)
    if op == BROADCAST:
        blobs = [frame.body for frame in frames]
        bodies = [table([*blobs[:rank], b"", *blobs[rank + 1 :]]) for rank in range(size)]
    else:
        tables = [read_table(frame.body, size) for frame in frames]
        bodies = [table([given[rank] for given in tables]) for rank in range(size)]
    return [Frame(op, rank, step, body) for rank, body in enumerate(bodies)]


def abort(rank: int, reason: int) -> Frame:
    """Tells everybody that ``rank`` is why the session ends; ``reason`` is one of :data:`REASONS`."""
    return Frame(ABORT, rank, 0, bytes([reason]))
