"""Where the files of a log come from: a participant's store, a folder, or any static web server."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from decai_forecast.errors import LedgerError, StoreError
from decai_forecast.store import Store

if TYPE_CHECKING:
    import httpx

__all__ = ["LOG", "LogOf", "PublicFiles", "PublicSource", "StoreFiles", "public_files"]

LOG = "log"  # the folder of the log in the public part
LARGEST_FILE = 200_000_000  # bytes: a bundle has at most 17 million, the models of a cut-off more
SECONDS = 30.0  # until a web server that does not answer is given up


class StoreFiles:
    """The files of a log below ``prefix`` of a store, to read and to write."""

    def __init__(self, store: Store, prefix: str = LOG) -> None:
        self._store, self._prefix = store, prefix

    def read(self, name: str) -> bytes | None:
        key = f"{self._prefix}/{name}"
        try:
            return self._store.read_bytes(key)
        except StoreError:
            return None
        except (IsADirectoryError, NotADirectoryError):
            return None

    def write(self, name: str, data: bytes) -> None:
        self._store.write_bytes(f"{self._prefix}/{name}", data)


class PublicSource(Protocol):
    """The public part of a network, by the keys of its files, for whoever audits it."""

    def read(self, name: str) -> bytes | None:
        """None where nothing is; :class:`LedgerError` (``log_unreachable``) where nothing answers."""

    def names(self, folder: str) -> list[str]:
        """The names of files below a folder; none where they cannot be listed."""


class PublicFiles:
    """The public part of a network, for whoever audits it: in a folder, a bucket, or behind a web server."""

    def __init__(self, address: str, largest: int = LARGEST_FILE) -> None:
        self.address, self._largest = address.rstrip("/"), largest
        self._web = self.address.startswith(("http://", "https://"))
        self._client: httpx.Client | None = None

    def read(self, name: str) -> bytes | None:
        """None where nothing is; :class:`LedgerError` (``log_unreachable``) where nothing answers."""
        return self._fetched(name) if self._web else self._opened(name)

    def names(self, folder: str) -> list[str]:
        """The names of files below a folder; a web server tells none."""
        if self._web:
            return []
        return [key.removeprefix(f"{folder}/") for key in Store(self.address, "audit").keys(folder)]

    def _opened(self, name: str) -> bytes | None:
        try:
            return Store(self.address, "audit").read_bytes(name)
        except (StoreError, IsADirectoryError, NotADirectoryError):
            return None

    def _fetched(self, name: str) -> bytes | None:
        import httpx

        self._client = self._client or httpx.Client(timeout=SECONDS, follow_redirects=True)
        try:
            with self._client.stream("GET", f"{self.address}/{quote(name)}") as answer:
                return self._content(name, answer)
        except httpx.RequestError as error:
            why = f"{self.address} does not answer ({type(error).__name__})"
            raise LedgerError("log_unreachable", f"{why}; audit a copied folder, or try again") from None

    def _content(self, name: str, answer: httpx.Response) -> bytes | None:
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if answer.status_code != HTTPStatus.OK:
            raise LedgerError("log_unreachable", f"{self.address}/{name}: the server answers {answer.status_code}")
        data = bytearray()
        for part in answer.iter_bytes():
            data += part
            if len(data) > self._largest:  # a server could send for ever
                raise LedgerError("log_unreachable", f"{self.address}/{name}: more than {self._largest:,} bytes")
        return bytes(data)


class LogOf:
    """The log in a public part."""

    def __init__(self, public: PublicSource) -> None:
        self._public = public

    def read(self, name: str) -> bytes | None:
        return self._public.read(f"{LOG}/{name}")


def public_files(address: str | Path) -> PublicFiles:
    """:class:`LedgerError` (``log_missing``) if it is a folder that is not there."""
    text = str(address)
    if "://" not in text and not Path(text).is_dir():
        raise LedgerError("log_missing", f"{text}: no such folder; name a copy of the public part, or its web address")
    return PublicFiles(text)
