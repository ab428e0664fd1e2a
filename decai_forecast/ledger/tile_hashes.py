"""Reading a log: hashes of any range of its tree from tiles, entries from bundles, wherever the files come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.formats.merkle import HASH_BYTES, prove_consistency, prove_inclusion, range_hash, root_of
from decai_forecast.ledger.formats.tiles import ENTRIES, HEIGHT, WIDTH, Tile, entries_of

__all__ = ["CHECKPOINT", "PENDING", "LogFiles", "TileHashes", "bundles", "read_bundle", "read_tile"]

CHECKPOINT = "checkpoint"  # the newest that a quorum of witnesses has signed
PENDING = "pending"  # the newest that the log has signed
MOST_CACHED = 4_096  # tiles


class LogFiles(Protocol):
    """The files of a log, by their names below its prefix."""

    def read(self, name: str) -> bytes | None:
        """The bytes; None if there is none. An error of the way that they come passes on."""


def read_tile(files: LogFiles, tile: Tile) -> list[bytes]:
    """The hashes of a tile; a full one may stand in for a partial one. :class:`LedgerError` if neither is there, or whole."""
    data = _first(files, tile)
    if len(data) % HASH_BYTES or len(data) < tile.width * HASH_BYTES:
        raise LedgerError("log_tile", f"{tile.path}: {len(data):,} bytes; expected {tile.width} hashes of {HASH_BYTES} bytes")
    return [data[at : at + HASH_BYTES] for at in range(0, tile.width * HASH_BYTES, HASH_BYTES)]


def read_bundle(files: LogFiles, tile: Tile) -> list[bytes]:
    """The entries of a bundle, likewise."""
    data = _first(files, tile)
    try:
        entries = entries_of(data)
    except ValueError as error:
        raise LedgerError("log_bundle", f"{tile.path}: {error}") from None
    if len(entries) < tile.width:
        raise LedgerError("log_bundle", f"{tile.path}: {len(entries)} entries; expected {tile.width}")
    return entries[: tile.width]


def bundles(size: int, begin: int = 0) -> Iterator[Tile]:
    """The bundles of a log of ``size`` entries, from the one with entry ``begin`` on."""
    for number in range(begin // WIDTH, -(-size // WIDTH)):
        yield Tile(ENTRIES, number, min(WIDTH, size - number * WIDTH))


def _first(files: LogFiles, tile: Tile) -> bytes:
    data = files.read(tile.path)
    if data is None and tile.width < WIDTH:
        data = files.read(tile.full.path)
    if data is None:
        raise LedgerError("log_file_missing", f"{tile.path}: not there, and the log's checkpoint needs it")
    return data


class TileHashes:
    """The tree of the first ``size`` entries of a log."""

    def __init__(self, files: LogFiles, size: int) -> None:
        self.size = size
        self._files, self._cache = files, dict[tuple[int, int], list[bytes]]()

    def root(self, size: int | None = None) -> bytes:
        """Of the first ``size`` entries, by default all."""
        return self.range(0, self.size if size is None else size)

    def range(self, begin: int, end: int) -> bytes:
        """The hash of a range."""
        return range_hash(begin, end, self._perfect)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that entry ``index`` is in the tree of ``size`` entries."""
        return prove_inclusion(index, self.size if size is None else size, self.range)

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the first ``old`` entries are the beginning."""
        return prove_consistency(old, self.size if size is None else size, self.range)

    def _perfect(self, begin: int, end: int) -> bytes:
        """Of a range of a power of two, from the lowest level of tiles that has it in one."""
        level, span = 0, end - begin
        while span >= WIDTH:
            level, span = level + 1, span >> HEIGHT
        first = begin >> (HEIGHT * level)
        hashes, at = self._tile(level, first // WIDTH), first % WIDTH
        return root_of(hashes[at : at + span])

    def _tile(self, level: int, number: int) -> list[bytes]:
        if (level, number) not in self._cache:
            if len(self._cache) >= MOST_CACHED:
                self._cache.clear()
            width = min(WIDTH, (self.size >> (HEIGHT * level)) - number * WIDTH)
            self._cache[level, number] = read_tile(self._files, Tile(level, number, width))
        return self._cache[level, number]
