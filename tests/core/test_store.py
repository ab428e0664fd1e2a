"""A participant's store: its borders, its puts."""

from __future__ import annotations

from pathlib import Path

import pytest

from decai_forecast.errors import StoreError
from decai_forecast.store import Store, digest_json


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Every kind of store keeps the same promises."""
    return Store(tmp_path / "acme" if request.param == "local" else f"memory://{tmp_path.name}/acme", "acme")


@pytest.mark.parametrize("key", ["../bolt/x", "a/../../bolt/x", "/etc/passwd", "file:///x", "", "a/../.."])
def test_a_key_cannot_leave_the_store(store: Store, key: str) -> None:
    """Reading, writing and asking all raise, whoever wrote the key."""
    for call in (store.read_bytes, store.exists, store.keys, lambda k: store.write_bytes(k, b"")):
        with pytest.raises(StoreError, match=r"acme: .* is outside this participant's store"):
            call(key)


def test_a_link_cannot_leave_the_store(tmp_path: Path) -> None:
    """A symbolic link out of the store is no way out."""
    (tmp_path / "bolt").mkdir()
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/link").symlink_to(tmp_path / "bolt")
    with pytest.raises(StoreError, match="through a link"):
        Store(tmp_path / "acme", "acme").write_bytes("link/x", b"")


def test_what_was_put_is_read(store: Store) -> None:
    """Bytes, JSON and the list of keys come back."""
    store.write_bytes("a/b", b"1")
    store.write_json("a/c.json", {"x": [1]})
    assert store.read_bytes("a/b") == b"1"
    assert store.read_json("a/c.json") == {"x": [1]}
    assert store.keys("a") == ["a/b", "a/c.json"]
    assert store.keys("nothing") == []


def test_a_missing_key_is_named(store: Store) -> None:
    """The error names participant and key, no path."""
    with pytest.raises(StoreError, match=r"^acme: 'a/b' is not in the store$"):
        store.read_bytes("a/b")


def test_create_loses_against_an_existing_key(store: Store) -> None:
    """The first writer wins and the second one knows."""
    assert store.create_bytes("once", b"1")
    assert not store.create_bytes("once", b"2")
    assert store.read_bytes("once") == b"1"


def test_a_put_leaves_no_part_behind(tmp_path: Path) -> None:
    """After a put there is the file and nothing else, readable by its owner only."""
    store = Store(tmp_path, "acme")
    store.write_bytes("x", b"1")
    store.write_bytes("x", b"2")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").stat().st_mode & 0o077 == 0


def test_a_local_file_has_the_bytes(store: Store) -> None:
    """Engines that need a path get one, also from a remote store."""
    store.write_bytes("x", b"1")
    with store.local_file("x") as path:
        assert path.read_bytes() == b"1"


def test_equal_values_have_equal_digests() -> None:
    """The order of keys does not matter; a value does."""
    assert digest_json({"a": 1, "b": 2}) == digest_json({"b": 2, "a": 1}) != digest_json({"a": 1, "b": 3})
