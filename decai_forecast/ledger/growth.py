"""How a log grows: the files that further entries add, from the hashes at the right edge of its tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from decai_forecast.ledger.formats.merkle import leaf_hash, root_of
from decai_forecast.ledger.formats.tiles import ENTRIES, HEIGHT, WIDTH, Tile, bundle_of
from decai_forecast.ledger.tile_hashes import LogFiles, bundles, read_bundle, read_tile

__all__ = ["grown"]

Named = Iterator[tuple[str, bytes]]


def grown(files: LogFiles, size: int, entries: Sequence[bytes]) -> Named:
    """Names and bytes of all files that the log of ``size`` entries needs to have ``entries``, too. What lies there already is
    never changed: full tiles stay, and partial ones get another name with each width."""
    yield from _bundles(files, size, entries)
    hashes = [leaf_hash(entry) for entry in entries]
    for level in range(HEIGHT):
        if not hashes:
            return
        at = size >> (HEIGHT * level)
        edge = _edge(files, level, at)
        yield from _tiles(level, at - len(edge), edge + hashes)
        hashes = list(_above(edge + hashes))


def _bundles(files: LogFiles, size: int, entries: Sequence[bytes]) -> Named:
    begin = size - size % WIDTH
    there = read_bundle(files, next(bundles(size, begin))) if begin < size else []
    for number, some in enumerate(_in_tiles([*there, *entries]), begin // WIDTH):
        yield Tile(ENTRIES, number, len(some)).path, bundle_of(some)


def _edge(files: LogFiles, level: int, count: int) -> list[bytes]:
    """The hashes of the last tile of a level, if it is not full."""
    return read_tile(files, Tile(level, count // WIDTH, count % WIDTH)) if count % WIDTH else []


def _tiles(level: int, begin: int, hashes: Sequence[bytes]) -> Named:
    for number, some in enumerate(_in_tiles(hashes), begin // WIDTH):
        yield Tile(level, number, len(some)).path, b"".join(some)


def _above(hashes: Sequence[bytes]) -> Iterator[bytes]:
    """The hashes of full tiles, for the level above."""
    return (root_of(some) for some in _in_tiles(hashes) if len(some) == WIDTH)


def _in_tiles(some: Sequence[bytes]) -> Iterator[list[bytes]]:
    rest = iter(some)
    while part := list(islice(rest, WIDTH)):
        yield part
