"""A participant's own copy of the log and of what it speaks of: enough to go on, or to audit, if the coordinator is gone for
ever.

::

    <own store>/ledger/mirror/log/...      checkpoints, tiles and entries
    <own store>/ledger/mirror/rounds/...   published files, by their keys
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.files import LOG, StoreFiles
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.merkle import leaf_hash
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.tiles import HEIGHT, WIDTH, Tile, bundle_of, hash_tiles
from decai_forecast.ledger.statements import Closed, Published, signer_of
from decai_forecast.ledger.tile_hashes import CHECKPOINT, PENDING, LogFiles, TileHashes, bundles, read_bundle, read_tile
from decai_forecast.store import Store, digest_bytes

__all__ = ["MIRROR", "mirror_log"]

MIRROR = "ledger/mirror"
Read = Callable[[str], bytes | None]


def mirror_log(files: LogFiles, public: Read, checkpoint: Checkpoint, store: Store) -> None:
    """Copies what is new since the last time, up to ``checkpoint``, which the participant has verified. ``public``: reads a
    published file. :class:`LedgerError` if the entries do not lead to it; what was copied before stays as it was."""
    own = StoreFiles(store, f"{MIRROR}/{LOG}")
    begin = _size(own)
    if begin >= checkpoint.size:
        _copy_checkpoints(files, own)
        return
    entries = list(_copy_entries(files, own, checkpoint.size, begin))
    for tile in hash_tiles(checkpoint.size):
        if tile.number >= begin >> (HEIGHT * (int(str(tile.level)) + 1)):
            own.write(tile.path, b"".join(read_tile(files, tile)))
    if TileHashes(own, checkpoint.size).root() != checkpoint.root:
        raise LedgerError(
            "log_root", f"{checkpoint.origin}: its tiles do not lead to its checkpoint over {checkpoint.size} entries"
        )
    for entry in entries:
        _copy_files(entry, public, store)
    _copy_checkpoints(files, own)


def _size(own: LogFiles) -> int:
    data = own.read(PENDING)
    return Checkpoint.parse(Note.parse(data).text).size if data else 0


def _copy_entries(files: LogFiles, own: StoreFiles, size: int, begin: int) -> Iterator[bytes]:
    for tile in bundles(size, begin):
        entries = read_bundle(files, tile)
        if [leaf_hash(entry) for entry in entries] != read_tile(files, Tile(0, tile.number, tile.width)):
            raise LedgerError("log_entry", f"{tile.path}: its entries are not those of the tile of the same number")
        own.write(tile.path, bundle_of(entries))
        yield from entries[max(0, begin - tile.number * WIDTH) :]


def _copy_checkpoints(files: LogFiles, own: StoreFiles) -> None:
    """Last, so that what they need is there."""
    for name in (CHECKPOINT, PENDING):
        if (data := files.read(name)) is not None:
            own.write(name, data)


def _copy_files(entry: bytes, public: Read, store: Store) -> None:
    """The published files that a statement names; what is gone or changed is left to the audit."""
    try:
        _, statement = signer_of(entry)
    except LedgerError:
        return
    if isinstance(statement.said, Published | Closed):
        for subject in statement.subjects:
            data = public(subject.name)
            if data is not None and digest_bytes(data) == subject.digest:
                store.write_bytes(f"{MIRROR}/{subject.name}", data)
