"""Where hashes and entries of a log lie (C2SP tlog-tiles v0.1.0): 256 hashes or entries a file, in files with fixed names.

::

    tile/0/x001/234         the hashes of 256 entries; tile/1/000: of 256 such tiles
    tile/0/x001/235.p/17    a partial tile: the last 17 hashes
    tile/entries/x001/234   256 entries, each after its length in two bytes
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = ["ENTRIES", "HEIGHT", "LARGEST_ENTRY", "WIDTH", "Tile", "bundle_of", "entries_of", "hash_tiles", "is_log_file"]

HEIGHT = 8  # levels of the tree in a tile
WIDTH = 1 << HEIGHT
LARGEST_ENTRY = 2**16 - 1  # bytes: the length has two
LEVELS = 8  # of tiles, in a tree of 2**63 entries
NUMBER = r"(x[0-9]{3}/){0,6}[0-9]{3}"
WIDTHS = r"([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
FILE = re.compile(rf"checkpoint|pending|tile/([0-7]|entries)/{NUMBER}(\.p/{WIDTHS})?", re.ASCII)


class Level(Enum):
    """The level of bundles of entries."""

    ENTRIES = "entries"


ENTRIES = Level.ENTRIES


@dataclass(frozen=True)
class Tile:
    """``level``: 0 for hashes of entries; ``width``: how many hashes or entries, 256 in a full one."""

    level: int | Level
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Below the prefix of the log."""
        level = self.level.value if isinstance(self.level, Level) else self.level
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{level}/{_in_threes(self.number)}{partial}"

    @property
    def full(self) -> Tile:
        """The full one that takes its place later."""
        return Tile(self.level, self.number)


def _in_threes(number: int) -> str:
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03}")
    return "/".join(parts)


def is_log_file(name: str) -> bool:
    """Whether a log has files of this name: a checkpoint, a tile or a bundle."""
    return FILE.fullmatch(name) is not None


def hash_tiles(size: int) -> Iterator[Tile]:
    """All tiles of hashes of a tree of ``size`` entries, level by level."""
    for level in range(LEVELS):
        hashes = size >> (HEIGHT * level)
        yield from (Tile(level, number, min(WIDTH, hashes - number * WIDTH)) for number in range(-(-hashes // WIDTH)))


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """The entries, each after its length; :class:`ValueError` for one that is too long."""
    for entry in entries:
        if len(entry) > LARGEST_ENTRY:
            raise ValueError(f"an entry of {len(entry):,} bytes; a log takes {LARGEST_ENTRY:,}")
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def entries_of(bundle: bytes) -> list[bytes]:
    """:class:`ValueError` for what is no bundle."""
    entries, at = list[bytes](), 0
    while at < len(bundle):
        if at + 2 > len(bundle):
            raise ValueError(f"a bundle that ends within the length of entry {len(entries)}")
        (length,) = struct.unpack_from(">H", bundle, at)
        entry = bundle[at + 2 : at + 2 + length]
        if len(entry) < length:
            raise ValueError(f"a bundle that ends within entry {len(entries)}")
        entries.append(entry)
        at += 2 + length
    return entries
