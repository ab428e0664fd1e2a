"""Receipts (C2SP tlog-proof): that an entry is in the log, and who witnessed it, to be checked without the log.

::

    c2sp.org/tlog-proof@v1
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=

    <checkpoint with its signatures>
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from decai_forecast.ledger.formats.base64_text import decoded, encoded
from decai_forecast.ledger.formats.checkpoint import Checkpoint, number
from decai_forecast.ledger.formats.merkle import HASH_BYTES, MOST_PROOF_HASHES, is_included, leaf_hash
from decai_forecast.ledger.formats.note import LARGEST_NOTE, Note

__all__ = ["Receipt", "proof_hashes"]

HEADER = "c2sp.org/tlog-proof@v1"


def proof_hashes(lines: list[str]) -> tuple[bytes, ...]:
    """A hash a line; :class:`ValueError` for more than 63, or what is none."""
    if len(lines) > MOST_PROOF_HASHES:
        raise ValueError(f"a proof of {len(lines)} hashes; none needs more than {MOST_PROOF_HASHES}")
    hashes = tuple(map(decoded, lines))
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ValueError(f"a hash of a proof has not {HASH_BYTES} bytes")
    return hashes


@dataclass(frozen=True)
class Receipt:
    """``extra``: anything; it is not protected by the proof."""

    index: int
    proof: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        head = "".join(f"{line}\n" for line in self._lines())
        return head.encode() + b"\n" + self.note.to_bytes()

    def _lines(self) -> Iterator[str]:
        yield HEADER
        if self.extra is not None:
            yield f"extra {encoded(self.extra)}"
        yield f"index {self.index}"
        yield from map(encoded, self.proof)

    @classmethod
    def parse(cls, data: bytes) -> Receipt:
        """:class:`ValueError` for what is no receipt."""
        if len(data) > 2 * LARGEST_NOTE:
            raise ValueError(f"a receipt of {len(data):,} bytes")
        head, blank, note = data.partition(b"\n\n")
        lines = head.decode().split("\n")
        if not blank or lines.pop(0) != HEADER:
            raise ValueError(f"no receipt: its first line is {HEADER}")
        extra = decoded(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index "):
            raise ValueError("a receipt names the index of its entry")
        index = number(lines.pop(0).removeprefix("index "))
        return cls(index, proof_hashes(lines), Note.parse(note), extra)

    def holds_for(self, entry: bytes) -> bool:
        """Whether the proof leads from the entry to the checkpoint's root; who signed that is another question."""
        checkpoint = Checkpoint.parse(self.note.text)
        return is_included(leaf_hash(entry), self.index, checkpoint.size, self.proof, checkpoint.root)
