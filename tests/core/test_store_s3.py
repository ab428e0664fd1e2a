"""Stores on a real S3 server: one winner, what another process wrote is seen, and servers that cannot are refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import fsspec
import pytest
from s3_server import s3_server

from decai_forecast.errors import StoreError
from decai_forecast.store import Store

WRITERS = 8
WRITER = """
import sys
from decai_forecast.store import Store
store = Store(sys.argv[1], "acme")
store.prove()
print("ready", flush=True)
sys.stdin.readline()
print(int(store.create_bytes("once", sys.argv[2].encode())))
"""
Opened = Callable[[str], Store]


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens an empty store at the server of an address, for this process and those that it starts."""

    def opened(address: str) -> Store:
        settings = {"endpoint_url": address, "key": "k", "secret": "s"}
        monkeypatch.setitem(fsspec.config.conf, "s3", settings)
        for name, value in settings.items():
            monkeypatch.setenv(f"FSSPEC_S3_{name.upper()}", value)
        store = Store(f"s3://{tmp_path.name.replace('_', '-')}/acme", "acme")
        store.fs.mkdir(store.root.partition("/")[0])
        return store

    return opened


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server("keeps") as address:
        yield address


@pytest.fixture
def store(server: str, at: Opened) -> Store:
    return at(server)


def test_one_of_eight_threads_wins(store: Store) -> None:
    """Eight threads create one key at once: one of them wins, and its bytes stay."""
    together = Barrier(WRITERS)

    def write(k: int) -> bool:
        together.wait()
        return store.create_bytes("once", b"%d" % k)

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(write, range(WRITERS)))
    assert sum(won) == 1
    assert store.read_bytes("once") == b"%d" % won.index(True)


def test_one_of_eight_processes_wins(store: Store) -> None:
    """Eight processes, each with a client of its own, create one key at once: one of them wins, and its bytes stay."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, f"s3://{store.root}", str(k)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for k in range(WRITERS)
    ]
    assert [one.stdout.readline() for one in started if one.stdout] == ["ready\n"] * WRITERS
    for one in started:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    won = [one.communicate()[0] for one in started]
    assert sorted(won) == ["0\n"] * (WRITERS - 1) + ["1\n"]
    assert store.read_bytes("once") == b"%d" % won.index("1\n")


def test_what_another_wrote_is_seen(server: str, store: Store) -> None:
    """A listing is asked for anew each time: what another client has written since is in it."""
    store.write_bytes("a/1", b"")
    assert store.keys("a") == ["a/1"]
    other = fsspec.filesystem("s3", skip_instance_cache=True)
    other.pipe_file(f"{store.root}/a/2", b"2")
    assert (store.keys("a"), store.children("a"), store.exists("a/2")) == (["a/1", "a/2"], ["1", "2"], True)


def test_the_probe_is_in_no_listing(store: Store) -> None:
    """A store that was proven shows nothing of it."""
    below = Store(f"s3://{store.root}/below", "acme")
    below.prove()
    assert store.fs.exists(f"{below.root}/.put-probe")
    assert (store.keys("below"), store.children("below")) == ([], [])


def test_a_server_that_ignores_the_condition_is_refused(at: Opened) -> None:
    """The second put of the probe succeeds there, so nothing is ever created on it, and the error names the store."""
    with s3_server("ignores") as address:
        store = at(address)
        for _ in range(2):  # a refusal is not remembered as a proof
            with pytest.raises(StoreError, match=rf"^s3://{store.root} ignores the condition of a put: .*If-None-Match"):
                store.create_bytes("once", b"1")
        assert not store.exists("once")
        with pytest.raises(StoreError, match="ignores the condition"):
            store.prove()


def test_a_server_without_conditional_puts_is_refused(at: Opened) -> None:
    """A server that answers 501 to the condition is told so, with the stores that can."""
    with (
        s3_server("offers_none") as address,
        pytest.raises(StoreError, match=r"offers no conditional puts .*use a local folder"),
    ):
        at(address).create_bytes("once", b"1")


def test_a_refusal_without_the_name_of_the_condition_is_one(at: Opened) -> None:
    """Some clones answer 412 without saying which condition failed: the second writer has lost all the same."""
    with s3_server("terse") as address:
        store = at(address)
        assert [store.create_bytes("once", b"1"), store.create_bytes("once", b"2")] == [True, False]
        assert store.read_bytes("once") == b"1"


def test_a_put_that_meets_another_one_is_made_again(at: Opened) -> None:
    """S3 answers 409 to a conditional put while another one is under way: the put is tried again and wins or loses."""
    with s3_server("conflicts") as address:
        store = at(address)
        assert [store.create_bytes("once", b"1"), store.create_bytes("once", b"2")] == [True, False]


def test_any_other_failure_is_no_lost_race(server: str, at: Opened) -> None:
    """A bucket that is not there raises: it must not look like a key that another writer took."""
    store = at(server)
    with pytest.raises(FileNotFoundError):
        Store("s3://no-such-bucket/acme", "acme").create_bytes("once", b"1")
    assert not store.exists("once")
