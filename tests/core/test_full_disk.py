"""What a put leaves behind when it ends in the middle: nothing that anybody sees."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from decai_forecast.store import Store

LARGE = bytes(1 << 20)
DIES = """
import os, sys
from pathlib import Path
from decai_forecast.conditional_put import whole_file
with whole_file(Path(sys.argv[1]), b"half"):
    os._exit(9)
"""
Put = Callable[[Store, bytes], object]
PUTS = [lambda store, data: store.write_bytes("a/b", data), lambda store, data: store.create_bytes("a/b", data)]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, mounted for the test."""
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting a small disk needs root")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 64 KiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _is_whole(folder: Path, put: Put, code: int) -> None:
    """The put fails, and the store holds what it held before: in its listings and on the disk."""
    store = Store(folder, "acme")
    store.write_bytes("a/old", b"1")
    with pytest.raises(OSError) as failed:
        put(store, LARGE)
    assert failed.value.errno == code
    assert [str(p.relative_to(folder)) for p in sorted(folder.rglob("*"))] == ["a", "a/old"]
    assert (store.keys("a"), store.children("a")) == (["a/old"], ["old"])
    put(store, b"2")  # room again
    assert store.read_bytes("a/b") == b"2"


@pytest.mark.parametrize("put", PUTS, ids=["write", "create"])
def test_a_full_disk_keeps_no_part(full_disk: Path, put: Put) -> None:
    """A put that does not fit leaves the store as it was."""
    _is_whole(full_disk, put, errno.ENOSPC)


@pytest.mark.parametrize("put", PUTS, ids=["write", "create"])
def test_a_limit_keeps_no_part(tmp_path: Path, small_files: None, put: Put) -> None:
    """The same where the system refuses a file that grows too large."""
    _is_whole(tmp_path, put, errno.EFBIG)


def test_what_a_dead_process_left_is_not_seen(tmp_path: Path) -> None:
    """A process that ended in the middle of a put leaves a part on the disk, which no listing shows."""
    assert subprocess.run([sys.executable, "-c", DIES, str(tmp_path / "a/b")], check=False).returncode == 9
    assert [name[:5] for name in os.listdir(tmp_path / "a")] == [".put-"]
    store = Store(tmp_path, "acme")
    assert (store.keys("a"), store.children("a"), store.exists("a/b")) == ([], [], False)
    assert store.create_bytes("a/b", b"1")
