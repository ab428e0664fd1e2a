"""Object stores: what a contract may name, what the store is told of the connection, and what is said when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from deliveries import demand
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry
from servers import Behind, behind

from decai_forecast.contracts import Source
from decai_forecast.delivery import Connection
from decai_forecast.delivery.errors import (
    SourceAbsent,
    SourceCut,
    SourceMisdescribed,
    SourceRefused,
    SourceUnreachable,
    SourceUnreadable,
    SourceUnsafe,
)
from decai_forecast.delivery.sources import object_store
from decai_forecast.errors import DeliveryError


class Shelf(MemoryFileSystem):
    """A store of our own that remembers what it was opened with, and fails on demand."""

    protocol = "shelf"
    store: dict[str, Any] = {}  # noqa: RUF012  the base class's attribute
    pseudo_dirs = [""]  # noqa: RUF012  likewise
    cachable = False
    opened: list[dict[str, Any]] = []  # noqa: RUF012  shared by all instances, for the tests to read
    missing = 0  # bytes that a transfer loses
    error: OSError | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.opened.append(options)

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.rpartition("://")[2].strip("/")

    def size(self, path: str) -> int:
        return int(super().size(path)) + self.missing

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if self.error is not None:
            raise self.error
        return super()._open(path, mode, **options)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Shelf]]:
    """The store behind s3://, az:// and shelf://, empty; retries do not wait."""
    for scheme in ("s3", "az", "shelf"):
        monkeypatch.setitem(_registry, scheme, Shelf)
    monkeypatch.setattr("decai_forecast.delivery.sources.object_store._copied.retry.wait", lambda state: 0.0)
    Shelf.store.clear()
    Shelf.opened.clear()
    yield Shelf
    Shelf.missing, Shelf.error = 0, None


def stored(folder: Path, kind: str = "custom", location: str = "shelf://acme/rows.csv", **server: Any) -> Behind:
    """A delivery on the shelf."""
    there = behind(folder, Source(kind, location, "csv", server, {"connection": "c"}), lambda frame: None, c=Connection())
    Shelf.store.clear()
    Shelf().pipe("/acme/rows.csv", demand().to_csv(index=False).encode())
    Shelf.opened.clear()
    return there


@pytest.mark.parametrize(
    ("kind", "location", "connection", "server", "options"),
    [
        ("s3", "s3://acme/rows.csv", Connection("AK", "sk"), {}, {"key": "AK", "secret": "sk"}),
        ("s3", "s3://acme/rows.csv", Connection("AK", "sk"), {"endpointUrl": "https://s3.acme.example"},
         {"key": "AK", "secret": "sk", "client_kwargs": {"endpoint_url": "https://s3.acme.example"}}),
        ("s3", "s3://acme/rows.csv", Connection(extra={"anon": True}), {}, {"anon": True}),
        ("azure", "az://acme/rows.csv", Connection("amy", "pw", extra={"account_name": "acme"}), {},
         {"account_name": "acme", "username": "amy", "password": "pw"}),
    ],
)  # fmt: skip
def test_the_store_is_opened_with_the_connection(
    tmp_path: Path, shelf: type[Shelf], kind: str, location: str, connection: Connection, server: dict, options: dict
) -> None:
    """Key and secret, endpoint, extra: as the store names them."""
    there = stored(tmp_path, kind, location, **server)
    there.credentials.connections["c"] = connection
    assert there.pull()[1].rows == 200
    assert shelf.opened[-1] == options


FILES = "may lead to files of this machine; a file needs type: local"


@pytest.mark.parametrize(
    ("kind", "location", "error", "said"),
    [
        ("custom", "file:///etc/hostname", SourceUnsafe, f"file:///etc/hostname {FILES}"),
        ("custom", "local:///etc/hostname", SourceUnsafe, f"local:///etc/hostname {FILES}"),
        ("custom", "file://x/../etc/hostname", SourceUnsafe, f"file://x/../etc/hostname {FILES}"),
        ("s3", "file:///etc/hostname", SourceUnsafe, f"file:///etc/hostname {FILES}"),
        ("azure", "simplecache::file:///etc/hostname", SourceUnsafe, f"simplecache::file:///etc/hostname {FILES}"),
        ("custom", "zip://a.csv::shelf://a.zip", SourceUnsafe, f"zip://a.csv::shelf://a.zip {FILES}"),
        ("custom", "generic://file:///etc/hostname", SourceUnsafe, f"generic://file:///etc/hostname {FILES}"),
        ("s3", "/etc/hostname", SourceMisdescribed,
         "/etc/hostname is no address of type s3, which begins with s3:// or s3a://"),
        ("sftp", "/etc/hostname", SourceMisdescribed,
         "/etc/hostname is no address of type sftp, which begins with sftp:// or ssh://"),
        ("azure", "s3://acme/rows.csv", SourceMisdescribed,
         "s3://acme/rows.csv is no address of type azure, which begins with az:// or abfs:// or abfss://"),
        ("custom", "https://h.example/x.csv?sig=TOPSECRET", SourceMisdescribed,
         "https://h.example/x.csv is an HTTP address; use type: api"),
        ("custom", "nosuch://x/y.csv", SourceUnreachable, "nosuch://x/y.csv cannot be opened (ValueError)"),
        ("custom", "shelf://acme/gone.csv", SourceAbsent, "/acme/gone.csv is not there; see servers[0] in {contract}"),
        ("custom", "shelf://acme/gone-*.csv", SourceAbsent, "nothing matches shelf://acme/gone-*.csv"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_explained(
    tmp_path: Path, shelf: type[Shelf], kind: str, location: str, error: type[DeliveryError], said: str
) -> None:
    """The whole message; files of this machine are never behind a store's address."""
    there = stored(tmp_path, kind, location)
    with pytest.raises(error) as raised:
        there.pull()
    assert str(raised.value) == "acme: demand: " + said.format(contract=there.contract.path)


@pytest.mark.parametrize(("scheme", "kind", "package"), [("s3", "s3", "s3fs"), ("gs", "custom", "gcsfs")])
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, kind: str, package: str
) -> None:
    """With the command that brings it."""

    def missing(*args: object, **options: object) -> None:
        raise ImportError(f"Install {package} to access {scheme}")

    there = stored(tmp_path, kind, f"{scheme}://acme/rows.csv")
    monkeypatch.setattr(object_store.fsspec.core, "url_to_fs", missing)
    with pytest.raises(SourceRefused) as raised:
        there.pull()
    assert str(raised.value) == f"acme: demand: {scheme}:// needs one more package; pip install {package}"


@pytest.mark.parametrize(
    ("missing", "fault", "error", "said"),
    [
        (7, None, SourceCut, "/acme/rows.csv was cut off after {n:,} of {more:,} bytes"),
        (0, PermissionError("key AK"), SourceRefused, "no right to read /acme/rows.csv"),
        (0, TimeoutError("https://s?key=AK"), SourceUnreachable, "reading /acme/rows.csv failed (TimeoutError)"),
    ],
)
def test_a_transfer_that_fails_lands_nothing(
    tmp_path: Path, shelf: type[Shelf], missing: int, fault: OSError | None, error: type[DeliveryError], said: str
) -> None:
    """Cut half-way, forbidden, silent: after its tries, and without the store's own words."""
    there = stored(tmp_path)
    size = len(demand().to_csv(index=False).encode())
    shelf.missing, shelf.error = missing, fault
    with pytest.raises(error) as raised:
        there.pull()
    assert str(raised.value) == "acme: demand: " + said.format(n=size, more=size + missing)
    assert not (tmp_path / "out.parquet").exists()


def test_an_object_that_is_too_large_is_not_fetched(tmp_path: Path, shelf: type[Shelf]) -> None:
    """By the size that the store tells."""
    there = stored(tmp_path).own(maxBytes=100)
    size = len(demand().to_csv(index=False).encode())
    with pytest.raises(SourceUnsafe) as raised:
        there.pull()
    assert str(raised.value) == f"acme: demand: /acme/rows.csv has {size:,} bytes, more than maxBytes (100)"


def test_a_damaged_object_is_told_by_its_name(tmp_path: Path, shelf: type[Shelf]) -> None:
    """Not by that of our copy."""
    there = stored(tmp_path)
    Shelf().pipe("/acme/rows.csv", b"a,a\n1,2\n")
    with pytest.raises(SourceUnreadable) as raised:
        there.pull()
    assert str(raised.value) == "acme: demand: /acme/rows.csv: column 'a' stands twice in the header"


def test_several_objects_are_one_delivery(tmp_path: Path, shelf: type[Shelf]) -> None:
    """By a pattern."""
    there = stored(tmp_path, location="shelf://acme/part-*.csv")
    for number, rows in enumerate((demand().iloc[:150], demand().iloc[150:])):
        Shelf().pipe(f"/acme/part-{number}.csv", rows.to_csv(index=False).encode())
    assert there.pull()[1].rows == 200


def test_an_empty_custom_server_asks_for_an_address(tmp_path: Path) -> None:
    """It is neither a store nor a database."""
    there = stored(tmp_path, location="")
    wrong = replace(there, contract=replace(there.contract, source=Source("custom", "", "csv")))
    with pytest.raises(SourceMisdescribed) as raised:
        wrong.pull()
    assert str(raised.value) == "acme: demand: a custom server needs a location (URL) or a connection"
