"""The tree, made again from its entries: every tile must be what follows from them, and the root that of the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.audit.lines import Fault
from decai_forecast.ledger.files import LOG, LogOf, PublicSource
from decai_forecast.ledger.formats.merkle import hashes_of, leaf_hash
from decai_forecast.ledger.formats.tiles import ENTRIES, WIDTH, Tile, bundle_of, hash_tiles
from decai_forecast.ledger.tile_hashes import LogFiles, bundles, read_bundle, read_tile

__all__ = ["Tree"]

Visit = Callable[[int, bytes], None]
MOST_FAULTS = 1_000  # after which the rest is not read


class Tree:
    """``leaves``: the hashes of all entries, by index, as far as they are there; ``faults``: what does not follow from them."""

    def __init__(self, files: LogFiles, size: int) -> None:
        self.size, self.leaves, self.faults = size, list[bytes](), list[Fault]()
        self._files, self._range = files, hashes_of(())

    def read(self, visit: Visit) -> None:
        """Reads all entries, in their order, and all tiles."""
        for tile in bundles(self.size):
            if len(self.faults) >= MOST_FAULTS:  # a checkpoint can name any number of entries
                self.faults.append(Fault(tile.path, "log_file_missing", f"nor what follows: {self.size:,} entries are named"))
                break
            self._read_bundle(tile, visit)
        self._range = hashes_of(self.leaves)
        if len(self.leaves) == self.size:
            self._compare_tiles()

    def root(self, size: int) -> bytes:
        """Of the first ``size`` entries."""
        return self.range(0, size)

    def range(self, begin: int, end: int) -> bytes:
        """The hash of a range of entries."""
        return self._range(begin, end)

    def check_leftovers(self, public: PublicSource) -> None:
        """Partial tiles of older checkpoints are the beginnings of newer ones; where files can be listed, all are compared."""
        for name in public.names(LOG):
            if name.startswith("tile/") and ".p/" in name and not self._is_beginning(public, name):
                self.faults.append(Fault(name, "log_tile", "not the beginning of the tile that took its place"))

    def _read_bundle(self, tile: Tile, visit: Visit) -> None:
        try:
            entries = read_bundle(self._files, tile)
        except LedgerError as error:
            self.faults.append(Fault(tile.path, error.code, str(error)))
            return
        first, hashes = tile.number * WIDTH, [leaf_hash(entry) for entry in entries]
        for index in self._unlike(Tile(0, tile.number, tile.width), hashes):
            text = f"its bytes are not those that {Tile(0, tile.number, tile.width).path} names"
            self.faults.append(Fault(f"entry {first + index}", "log_entry", text))
        for index, entry in enumerate(entries, first):
            visit(index, entry)
        if len(self.leaves) == first:
            self.leaves += hashes

    def _compare_tiles(self) -> None:
        for tile in hash_tiles(self.size):
            if tile.level == 0:
                continue
            span = WIDTH ** int(str(tile.level))
            first = tile.number * WIDTH
            hashes = [self.range(at * span, (at + 1) * span) for at in range(first, first + tile.width)]
            for index in self._unlike(tile, hashes):
                self.faults.append(Fault(tile.path, "log_tile", f"its hash {index} is not that of the tiles below it"))

    def _unlike(self, tile: Tile, hashes: Sequence[bytes]) -> Iterator[int]:
        """At which places the file of the tile has other hashes."""
        try:
            there = read_tile(self._files, tile)
        except LedgerError as error:
            self.faults.append(Fault(tile.path, error.code, str(error)))
            return
        yield from (place for place, (one, other) in enumerate(zip(there, hashes, strict=True)) if one != other)

    def _is_beginning(self, public: PublicSource, name: str) -> bool:
        _, level, *numbers = name.split(".p/", maxsplit=1)[0].split("/")
        width = int(name.rsplit("/", 1)[1])
        number = int("".join(part.removeprefix("x") for part in numbers))
        data = LogOf(public).read(name) or b""
        if level == "entries":
            return self._entries_begin(number, width, data)
        span = WIDTH ** int(level)
        if (number * WIDTH + width) * span > len(self.leaves):
            return True  # of a checkpoint that nobody was shown yet
        first = number * WIDTH
        return data == b"".join(self.range(at * span, (at + 1) * span) for at in range(first, first + width))

    def _entries_begin(self, number: int, width: int, data: bytes) -> bool:
        first = number * WIDTH
        if first + width > len(self.leaves):
            return True
        try:
            entries = read_bundle(_One(data), Tile(ENTRIES, number, width))
        except LedgerError:
            return False
        same = [leaf_hash(entry) for entry in entries] == self.leaves[first : first + width]
        return same and bundle_of(entries) == data


class _One:
    """A file under every name."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, name: str) -> bytes | None:
        return self._data if name else None
