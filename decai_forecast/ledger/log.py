"""The append-only log: entries are taken in batches, each kept before anybody hears of it, then published as tiles.

Taking and publishing are two things::

    <own store>/ledger/batches/<size before>   the entries of a batch; put once, so that of two writers one wins
    <own store>/ledger/checkpoints/<size>      every checkpoint that was signed
    <public>/log/tile/...                      tiles, written before the checkpoint that needs them
    <public>/log/pending                       the newest checkpoint that the log has signed

A batch that is there is in the log: whoever comes next publishes it, also after a kill. The tree follows from the batches
alone and signatures of Ed25519 are the same each time, so whatever is repeated writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.keys import SignatureKind, VerifierKey
from decai_forecast.ledger.formats.merkle import leaf_hash, root_of
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.tiles import WIDTH, Tile, bundle_of, entries_of
from decai_forecast.ledger.growth import grown
from decai_forecast.ledger.tile_hashes import PENDING, LogFiles, TileHashes, bundles, read_bundle, read_tile
from decai_forecast.store import Store

__all__ = ["Log", "WritableLogFiles"]

PUT_BACK = "put log/ back from a backup, or from the copy in any company's store (ledger/mirror/log)"
BATCHES, CHECKPOINTS = "ledger/batches", "ledger/checkpoints"


class WritableLogFiles(LogFiles, Protocol):
    """The public files of a log, for the one who writes them."""

    def write(self, name: str, data: bytes) -> None:
        """In one put: a reader sees the old bytes or the new ones."""


class Log:
    """``origin``: the log's name; ``key``: the one that signs its checkpoints; ``store``: of whoever keeps it."""

    def __init__(self, origin: str, key: Ed25519PrivateKey, store: Store, files: WritableLogFiles) -> None:
        self.origin, self._key, self._store, self._files = origin, key, store, files
        self._index = dict[bytes, int]()  # leaf hash -> where it is
        self._size = self._published = 0
        self._open()

    @property
    def verifier(self) -> VerifierKey:
        """By which the log's checkpoints are known."""
        return VerifierKey(self.origin, SignatureKind.NOTE, self._key.public_key().public_bytes_raw())

    @property
    def size(self) -> int:
        """How many entries are kept, published or not."""
        return self._size

    def append(self, entries: Sequence[bytes]) -> list[int]:
        """Keeps the entries, in their order, and returns their indices; one that is in the log already keeps its index."""
        bundle_of(entries)  # none is too long, before anything is kept
        hashes = [leaf_hash(entry) for entry in entries]
        while fresh := self._fresh(entries, hashes):
            data = bundle_of(list(fresh.values()))
            if self._store.create_bytes(_batch(self._size), data):
                self._take(list(fresh))
            else:
                self._catch_up()
        return [self._index[one] for one in hashes]

    def publish(self) -> Note:
        """Publishes what is kept; the newest checkpoint, signed by the log."""
        self._catch_up()
        note = self._read_pending()
        if note is not None and Checkpoint.parse(note.text).size >= self._size:
            return note
        at, entries = self._published, list(self._kept(self._published))
        for name, data in grown(self._files, at, entries):
            self._files.write(name, data)
        return self._sign()

    def checkpoint_of(self, size: int) -> Note | None:
        """The checkpoint that the log once signed over its first ``size`` entries; None if it signed none."""
        key = _checkpoint(size)
        return Note.parse(self._store.read_bytes(key)) if self._store.exists(key) else None

    def keep(self, size: int, note: Note) -> None:
        """Keeps a checkpoint with the cosignatures that came since."""
        self._store.write_bytes(_checkpoint(size), note.to_bytes())

    def _sign(self) -> Note:
        checkpoint = Checkpoint(self.origin, self._size, TileHashes(self._files, self._size).root())
        note = checkpoint.note().signed(self.origin, self._key)
        self._store.create_bytes(_checkpoint(self._size), note.to_bytes())
        self._published = self._size
        newest = self._read_pending()
        if newest is None or Checkpoint.parse(newest.text).size < self._size:  # another writer may be further
            self._files.write(PENDING, note.to_bytes())
        return note

    def _open(self) -> None:
        """Finds what is published, and what is kept beyond it."""
        note = self._read_pending()
        if note is not None:
            self._published = Checkpoint.parse(note.text).size
            self._take_hashes()
            self._check_published(Checkpoint.parse(note.text))
        self._catch_up()
        signed = max(map(int, self._store.children(CHECKPOINTS)), default=0)
        if signed > self._size:
            text = f"it once signed {signed} entries, and {self._size} are there; {PUT_BACK}"
            raise LedgerError("log_pending", f"{PENDING} of the log {self.origin}: {text}")

    def _read_pending(self) -> Note | None:
        data = self._files.read(PENDING)
        if data is None:
            return None
        try:
            note = Note.parse(data)
            if not note.verified([self.verifier]) or Checkpoint.parse(note.text).origin != self.origin:
                raise ValueError("not signed by this log")
        except ValueError as error:
            raise LedgerError(
                "log_pending", f"{PENDING} of the log {self.origin}: {error}; put it back from a backup"
            ) from None
        return note

    def _take_hashes(self) -> None:
        """The index of what is published, from the tiles of level 0."""
        for number in range(-(-self._published // WIDTH)):
            self._take(read_tile(self._files, Tile(0, number, min(WIDTH, self._published - number * WIDTH))))

    def _check_published(self, last: Checkpoint) -> None:
        """What further entries are written beside is what was signed: else the log would sign damaged tiles anew."""
        edge = [
            leaf_hash(entry) for tile in bundles(last.size, max(0, last.size - 1)) for entry in read_bundle(self._files, tile)
        ]
        leaves = list(self._index)
        if len(leaves) != last.size or root_of(leaves) != last.root or edge != leaves[len(leaves) - len(edge) :]:
            text = f"its tiles or entries are not those that it signed, {last.size} of them; {PUT_BACK}"
            raise LedgerError("log_root", f"the log {self.origin}: {text}")

    def _catch_up(self) -> None:
        """Takes the batches that others kept meanwhile."""
        while self._store.exists(_batch(self._size)):
            self._take([leaf_hash(entry) for entry in entries_of(self._store.read_bytes(_batch(self._size)))])

    def _take(self, hashes: Sequence[bytes]) -> None:
        for one in hashes:
            self._index.setdefault(one, self._size)
            self._size += 1

    def _fresh(self, entries: Sequence[bytes], hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is not in the log yet, once each, by its hash."""
        return {one: entry for one, entry in zip(hashes, entries, strict=True) if one not in self._index}

    def _kept(self, begin: int) -> Iterator[bytes]:
        """The entries of all batches from ``begin`` on."""
        while begin < self._size:
            entries = entries_of(self._store.read_bytes(_batch(begin)))
            begin += len(entries)
            yield from entries


def _batch(size: int) -> str:
    digits = f"{size:012}"
    return "/".join([BATCHES, *(digits[at : at + 3] for at in (0, 3, 6, 9))])


def _checkpoint(size: int) -> str:
    return f"{CHECKPOINTS}/{size:012}"
