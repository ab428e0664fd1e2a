"""A writer of the log is killed before a random system call; what is there holds at once, and nothing that was kept is lost.

``strace`` kills it, at the n-th call of a kind that changes a disk. The call itself is not made: so the disk is as after each
of the calls before. That is a process that dies, not a host: what the kernel had taken reaches the disk.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from killed_writer import CALLS, files_in, keeper_in

from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.merkle import leaf_hash, root_of
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.tile_hashes import CHECKPOINT, PENDING, TileHashes, bundles, read_bundle

WRITER = Path(__file__).with_name("killed_writer.py")
IN_TURN = 20  # kills at the same place of one log that grows


def cannot_trace() -> str:
    """Why no system call can be watched here: that is the host's to allow (containers often do not); "" where one can."""
    if shutil.which("strace") is None:
        return "strace, which kills at system calls, is not installed"
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return f"this host lets nobody trace a process: {tried.stderr.strip()}" if tried.returncode else ""


# whoever has no strace may go on; CI installs it, and there only a host that forbids tracing is a reason
traced = pytest.mark.skipif(bool(cannot_trace()), reason=cannot_trace())


@contextmanager
def writers(call: str, number: int) -> Iterator[subprocess.Popen[str]]:
    """Forks writers, each of which is killed at its own ``number``-th ``call``."""
    command = ["strace", "-f", "-qqq", "-o", os.devnull, "-e", f"trace={call}"]
    command += ["-e", f"inject={call}:signal=KILL:when={number}", sys.executable, str(WRITER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as running:
        yield running
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait() == 0


def killed(running: subprocess.Popen[str], folder: Path, seed: str) -> int:
    """Up to which entry the next writer told that all are kept, before it was killed."""
    pipe = folder / "told"
    if not pipe.exists():
        folder.mkdir(parents=True, exist_ok=True)
        os.mkfifo(pipe)
    assert running.stdin is not None
    running.stdin.write(f"{folder} {pipe} {seed}\n")
    running.stdin.flush()
    lines = [line for line in pipe.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return int(lines[-1]) if lines else 0


def checkpoint_in(folder: Path, name: str) -> Checkpoint:
    """Its entries and its tiles lead to its root; none is there before anything was published."""
    data = files_in(folder).read(name)
    if data is None:
        return Checkpoint("o/log", 0, root_of([]))
    checkpoint, files = Checkpoint.parse(Note.parse(data).text), files_in(folder)
    entries = [entry for tile in bundles(checkpoint.size) for entry in read_bundle(files, tile)]
    assert entries == [b"%d" % at for at in range(checkpoint.size)]
    assert root_of([leaf_hash(entry) for entry in entries]) == checkpoint.root
    assert TileHashes(files, checkpoint.size).root() == checkpoint.root
    return checkpoint


def check(folder: Path, told: int) -> None:
    """As it was left, and once the next one has gone on."""
    assert checkpoint_in(folder, CHECKPOINT).size <= checkpoint_in(folder, PENDING).size
    keeper = keeper_in(folder)
    assert keeper.log.size >= told
    keeper.log.publish()
    assert checkpoint_in(folder, PENDING).size == keeper.log.size


def killed_often(folder: Path, chance: random.Random, times: int, in_turn: int = IN_TURN) -> dict[str, int]:
    """Kills by kind of call; :func:`writers` sees to it that each writer was really killed."""
    kills = dict.fromkeys(CALLS, 0)
    while sum(kills.values()) < times:
        turn, call = sum(kills.values()), min(CALLS, key=lambda one: (kills[one], one))
        with writers(call, chance.randint(1, 40)) as running:
            for at in range(min(in_turn, times - turn)):
                log = folder / str(turn)
                check(log, killed(running, log, f"{turn}-{at}"))
                kills[call] += 1
        shutil.rmtree(folder / str(turn))
    return kills


@traced
@pytest.mark.soak
def test_a_thousand_kills_at_random_system_calls(tmp_path: Path) -> None:
    """No lost, half or doubled entry, and no checkpoint ahead of its tiles."""
    kills = killed_often(tmp_path, random.Random(19), 1_000)
    assert sum(kills.values()) == 1_000
    assert min(kills.values()) >= 100


@traced
@pytest.mark.long
def test_some_kills_of_every_kind(tmp_path: Path) -> None:
    """As the soak, shorter."""
    assert min(killed_often(tmp_path, random.Random(5), 6 * 5, in_turn=5).values()) == 5
