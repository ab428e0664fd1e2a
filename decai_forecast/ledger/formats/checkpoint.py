"""Checkpoints (C2SP tlog-checkpoint v1.0.0): the text of a note that names a log, the number of its entries and their root."""

from __future__ import annotations

import re
from dataclasses import dataclass

from decai_forecast.ledger.formats.base64_text import decoded, encoded
from decai_forecast.ledger.formats.merkle import HASH_BYTES
from decai_forecast.ledger.formats.note import Note

__all__ = ["Checkpoint", "number"]

NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
LARGEST_SIZE = 2**63 - 1


def number(text: str) -> int:
    """A decimal number without leading zeroes, below 2**63; :class:`ValueError` for anything else."""
    if NUMBER.fullmatch(text) is None or int(text) > LARGEST_SIZE:
        raise ValueError(f"{text[:30]!r} is no number of entries")
    return int(text)


@dataclass(frozen=True)
class Checkpoint:
    """``origin``: the name of the log; ``size``: how many entries; ``root``: 32 bytes. ``extensions``: lines that a log added
    (not recommended, and none of ours does)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of its note."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encoded(self.root), *self.extensions))

    def note(self) -> Note:
        """The note, without signatures."""
        return Note(self.text)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """From the text of a note; :class:`ValueError` for what is no checkpoint."""
        origin, size, root, *extensions = _lines(text)
        raw, count = decoded(root), number(size)
        if len(raw) != HASH_BYTES:
            raise ValueError(f"a root of {len(raw)} bytes; SHA-256 has {HASH_BYTES}")
        return cls(origin, count, raw, tuple(extensions))


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) < 3 or not all(lines):
        raise ValueError("no checkpoint: origin, size and root, each in its line")
    return lines
