"""The log grows and never changes: batches, single entries, two writers, what was there before, kills."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.files import StoreFiles
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.merkle import is_consistent, is_included, leaf_hash, root_of
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.log import Log
from decai_forecast.ledger.tile_hashes import PENDING, TileHashes, bundles, read_bundle
from decai_forecast.store import Store

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
ENTRIES = [b"entry %d" % number for number in range(1_000)]


def log_in(folder: Path) -> Log:
    return Log("o/log", KEY, Store(folder / "own", "own"), files_in(folder))


def files_in(folder: Path) -> StoreFiles:
    return StoreFiles(Store(folder / "public", "public"))


def published(folder: Path) -> tuple[Checkpoint, list[bytes]]:
    """The newest checkpoint, and all entries that it has: they lead to its root, over tiles and by themselves."""
    data = files_in(folder).read(PENDING)
    assert data is not None
    note = Note.parse(data)
    assert note.verified([log_in(folder).verifier])
    checkpoint = Checkpoint.parse(note.text)
    entries = [entry for tile in bundles(checkpoint.size) for entry in read_bundle(files_in(folder), tile)]
    assert root_of([leaf_hash(entry) for entry in entries]) == checkpoint.root
    assert TileHashes(files_in(folder), checkpoint.size).root() == checkpoint.root
    return checkpoint, entries


def test_what_is_appended_is_there_in_its_order(tmp_path: Path) -> None:
    """In batches of all kinds of sizes, over the ends of tiles, with a checkpoint after each."""
    at = 0
    for count in (1, 2, 252, 1, 1, 255, 3, 400):
        assert log_in(tmp_path).append(ENTRIES[at : at + count]) == list(range(at, at + count))
        at += count
        log_in(tmp_path).publish()
        checkpoint, entries = published(tmp_path)
        assert (checkpoint.size, entries) == (at, ENTRIES[:at])


def test_every_proof_of_a_published_log_holds(tmp_path: Path) -> None:
    """From its tiles alone."""
    log = log_in(tmp_path)
    log.append(ENTRIES)
    log.publish()
    hashes, leaves = TileHashes(files_in(tmp_path), 1_000), [leaf_hash(entry) for entry in ENTRIES]
    for index in (0, 255, 256, 700, 999):
        assert is_included(leaves[index], index, 1_000, hashes.inclusion(index), hashes.root())
    for old in (0, 1, 255, 256, 257, 768, 1_000):
        assert is_consistent(old, 1_000, hashes.consistency(old), root_of(leaves[:old]), hashes.root())


def test_an_entry_is_never_there_twice(tmp_path: Path) -> None:
    """Not in one batch, not in a later one, not by another writer or after a restart; it keeps its index."""
    assert log_in(tmp_path).append([b"a", b"b", b"a"]) == [0, 1, 0]
    log = log_in(tmp_path)
    assert log.append([b"b", b"c"]) == [1, 2]
    log.publish()
    assert log_in(tmp_path).append([b"c", b"d", b"a"]) == [2, 3, 0]
    log_in(tmp_path).publish()
    assert published(tmp_path)[1] == [b"a", b"b", b"c", b"d"]


def test_a_repetition_writes_the_same_bytes(tmp_path: Path) -> None:
    """Nothing to append, nothing to publish: the checkpoint stays as it is."""
    log = log_in(tmp_path)
    log.append([b"a"])
    first = log.publish()
    assert log.publish() == first == log_in(tmp_path).publish()
    assert log.append([]) == []


def test_an_oversized_entry_keeps_nothing(tmp_path: Path) -> None:
    """Nor do its neighbours of the same batch go in half."""
    log = log_in(tmp_path)
    with pytest.raises(ValueError, match="a log takes 65,535"):
        log.append([b"a", b"x" * 65_536])
    assert log.size == 0


def test_writers_at_the_same_time_lose_and_double_nothing(tmp_path: Path) -> None:
    """Four threads, each with a log of its own on the same files, appending some of the same entries and publishing."""

    def write(begin: int) -> None:
        log = log_in(tmp_path)
        for at in range(begin, begin + 30):
            log.append([b"%d" % at])
            log.publish()

    threads = [threading.Thread(target=write, args=(begin,)) for begin in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log_in(tmp_path).publish()
    entries = published(tmp_path)[1]
    assert sorted(entries, key=int) == [b"%d" % at for at in range(60)]


def test_a_late_writer_does_not_take_the_checkpoint_back(tmp_path: Path) -> None:
    """One that knew less entries when it began to publish."""
    slow = log_in(tmp_path)
    slow.append([b"a"])
    slow.publish()
    fast = log_in(tmp_path)
    fast.append([b"b"])
    fast.publish()
    slow._sign()
    assert published(tmp_path)[0].size == 2


def test_a_checkpoint_of_somebody_else_is_not_gone_on_from(tmp_path: Path) -> None:
    """It says what to do."""
    log = log_in(tmp_path)
    log.append([b"a"])
    note = log.publish()
    files_in(tmp_path).write(PENDING, note.to_bytes().replace(b"\n1\n", b"\n2\n"))
    with pytest.raises(LedgerError, match="put it back from a backup"):
        log_in(tmp_path)


def test_a_tile_that_is_gone_is_named(tmp_path: Path) -> None:
    """And one that is too short."""
    log = log_in(tmp_path)
    log.append(ENTRIES[:300])
    log.publish()
    (tmp_path / "public/log/tile/0/000").write_bytes(b"short")
    with pytest.raises(LedgerError, match="tile/0/000: 5 bytes"):
        TileHashes(files_in(tmp_path), 300).inclusion(3)
    (tmp_path / "public/log/tile/0/000").unlink()
    with pytest.raises(LedgerError, match="tile/0/000: not there"):
        TileHashes(files_in(tmp_path), 300).inclusion(3)


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
from test_log import log_in
log, at = log_in(Path(sys.argv[1])), int(sys.argv[2])
while True:
    batch = [b"%d" % number for number in range(at, at + 1 + at % 7)]
    log.append(batch)
    at += len(batch)
    print(at, flush=True)
    if at % 3 == 0:
        log.publish()
"""


def killed(folder: Path, begin: int, after: float) -> int:
    """A writer that is killed some time after its first line; up to which entry it had been told that all are kept."""
    code = WRITER.format(tests=str(Path(__file__).parent))
    with subprocess.Popen([sys.executable, "-c", code, str(folder), str(begin)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        time.sleep(after)
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.stdout.readlines()
    whole = [line for line in lines if line.endswith("\n")]
    return int(whole[-1]) if whole else begin


def check_after_kill(folder: Path, told: int) -> None:
    """The checkpoint that is there holds, all that was told is kept, in its order, once."""
    if files_in(folder).read(PENDING) is not None:
        published(folder)
    log_in(folder).publish()
    entries = published(folder)[1]
    assert entries == [b"%d" % number for number in range(len(entries))]
    assert len(entries) >= told


def test_a_killed_writer_loses_nothing_it_had_kept(tmp_path: Path) -> None:
    """Twice, at some moment."""
    for after in (0.02, 0.11):
        begin = log_in(tmp_path).size
        check_after_kill(tmp_path, killed(tmp_path, begin, after))


def test_damaged_tiles_are_never_signed(tmp_path: Path) -> None:
    """A bit of a tile or an entry at the edge is not what was signed: nothing goes on from it, and it is said what to do."""
    log = log_in(tmp_path)
    log.append(ENTRIES[:300])
    log.publish()
    for name in ("tile/0/000", "tile/0/001.p/44", "tile/entries/001.p/44"):
        path = tmp_path / "public/log" / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(LedgerError, match="ledger/mirror/log"):
            log_in(tmp_path)
        path.write_bytes(whole)
    log_in(tmp_path).append([b"more"])


def test_a_log_that_lost_its_files_does_not_begin_anew(tmp_path: Path) -> None:
    """From its batches it comes back whole; without them it says what it once signed."""
    log = log_in(tmp_path)
    log.append(ENTRIES[:300])
    before = log.publish()
    shutil.rmtree(tmp_path / "public")
    assert log_in(tmp_path).publish() == before
    shutil.rmtree(tmp_path / "public")
    shutil.rmtree(tmp_path / "own/ledger/batches")
    with pytest.raises(LedgerError, match="once signed 300 entries, and 0 are there"):
        log_in(tmp_path)
