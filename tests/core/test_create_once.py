"""Of several writers of one key one wins: on a disk, in memory; and a file system that cannot promise it is refused."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import sleep

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from decai_forecast.conditional_put import CONDITIONAL
from decai_forecast.errors import StoreError
from decai_forecast.store import Store

WRITERS = 8
WRITER = """
import sys
from decai_forecast.store import Store
store = Store(sys.argv[1], "acme")
print("ready", flush=True)
sys.stdin.readline()
print(sum(store.create_bytes(f"once/{k}", sys.argv[2].encode()) for k in range(200)))
"""
PROVE = 'import sys; from decai_forecast.store import Store; Store(sys.argv[1], "acme").prove()'


class Slow(bytes):
    """Bytes that let the other threads run when the put looks at them: between a question and its answer, if it asks."""

    def __bool__(self) -> bool:
        sleep(0.002)
        return True


class AskingFileSystem(MemoryFileSystem):
    """As fsspec's base class: asks whether the key is there, then writes."""

    protocol = "asking"


def test_one_of_eight_processes_wins_on_a_disk(tmp_path: Path) -> None:
    """Eight processes race for two hundred keys: each key has one winner."""
    writer = [sys.executable, "-c", WRITER, str(tmp_path)]
    started = [
        subprocess.Popen([*writer, str(k)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for k in range(WRITERS)
    ]
    assert [one.stdout.readline() for one in started if one.stdout] == ["ready\n"] * WRITERS
    for one in started:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    assert sum(int(one.communicate()[0]) for one in started) == 200
    assert len(list((tmp_path / "once").iterdir())) == 200


@pytest.mark.parametrize("kind", ["disk", "memory"])
def test_one_of_eight_threads_wins(kind: str, tmp_path: Path) -> None:
    """Eight threads race for twenty keys: each key has one winner, whose bytes stay."""
    store = Store(tmp_path / "acme" if kind == "disk" else f"memory://{tmp_path.name}/acme", "acme")
    together = Barrier(WRITERS)

    def write(k: int) -> list[bool]:
        together.wait()
        return [store.create_bytes(f"once/{n}", Slow(b"%d" % k)) for n in range(20)]

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(write, range(WRITERS)))
    for n, winners in enumerate(zip(*won, strict=True)):
        assert sum(winners) == 1
        assert store.read_bytes(f"once/{n}") == b"%d" % winners.index(True)


def test_a_file_system_that_asks_and_then_writes_is_refused(tmp_path: Path) -> None:
    """The error says what was refused and what can be used."""
    fsspec.register_implementation("asking", AskingFileSystem, clobber=True)
    store = Store("asking://night/acme", "acme")
    expected = r"^asking:///?night/acme/.*AskingFileSystem has no put that fails where the key is taken; use a local folder, S3"
    for call in (store.prove, lambda: store.create_bytes("once", b"1")):
        with pytest.raises(StoreError, match=expected):
            call()
    assert not store.exists("once")
    store.write_bytes("often", b"1")  # a plain put needs no condition
    assert store.read_bytes("often") == b"1"


def test_every_class_that_may_create_is_named() -> None:
    """The list is a decision: a class stands on it once its source was read and its server was seen to keep the condition."""
    assert [name.rsplit(".", 1)[-1] for name in CONDITIONAL] == [
        "LocalFileSystem", "MemoryFileSystem", "S3FileSystem", "GCSFileSystem", "ExtendedGcsFileSystem", "AzureBlobFileSystem",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "az://night/acme",
            r"a store at az:// needs a package that is not installed: pip install 'decai-forecast\[azure\]' \(",
        ),
        ("smb://night/acme", r"a store at smb:// needs a package that is not installed: use a local folder, S3"),
        ("s4://night/acme", r"s4:// is no kind of store that is known here; use a local folder, S3"),
    ],
)
def test_a_store_that_cannot_be_opened_says_what_to_do(url: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing package is named by what installs it; an unknown kind is answered with the known ones."""
    for package in ("adlfs", "smbprotocol", "smbclient"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(StoreError, match=f"^{expected}"):
        Store(url, "acme")


def test_a_store_may_be_proven_again(tmp_path: Path) -> None:
    """The probe of an earlier process is no obstacle, and stands in no listing."""
    store = Store(tmp_path / "acme", "acme")
    store.prove()
    assert subprocess.run([sys.executable, "-c", PROVE, str(tmp_path / "acme")], check=False).returncode == 0
    assert [p.name for p in (tmp_path / "acme").iterdir()] == [".put-probe"]
    assert (Store(tmp_path, "all").keys("acme"), Store(tmp_path, "all").children("acme")) == ([], [])
