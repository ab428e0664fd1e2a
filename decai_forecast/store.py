"""A participant's files, on a local disk or an object store that keeps conditional puts (``conditional_put.py``).

A step receives the store of its own participant and nothing else. A key is a relative path with forward slashes; a key
that would leave the store raises :class:`StoreError`, whoever wrote it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from fsspec.implementations.local import LocalFileSystem

from decai_forecast.conditional_put import PART, create, open_filesystem, prove, whole_file
from decai_forecast.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Store", "digest_bytes", "digest_json"]


def digest_bytes(data: bytes) -> str:
    """SHA-256 of ``data``, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """SHA-256 of ``value`` as JSON with sorted keys and no spaces: equal values have equal digests."""
    return digest_bytes(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def _whole(keys: Iterable[str]) -> Iterator[str]:
    """Without what is still being written, or was when its process died."""
    return (key for key in keys if not key.rsplit("/", 1)[-1].startswith(PART))


class Store:
    """The files of one participant under ``url`` (``file:///...``, ``s3://...``, or a plain local path)."""

    def __init__(self, url: str | Path, owner: str) -> None:
        self.owner, self.url = owner, str(url)
        self.fs, self.root = open_filesystem(str(url))
        self.is_local = isinstance(self.fs, LocalFileSystem)

    def __repr__(self) -> str:
        return f"Store(owner={self.owner!r})"

    @cached_property
    def _real_root(self) -> str:
        """Once: every read and write asks, and a store whose folder becomes a link to another is refused from then on."""
        return os.path.join(os.path.realpath(self.root), "")

    def path(self, key: str) -> str:
        """The full path of ``key``; raises :class:`StoreError` if it lies outside this store."""
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or "://" in key or ".." in parts:
            raise StoreError(f"{self.owner}: {key!r} is outside this participant's store; use a relative key")
        path = "/".join((self.root, *parts))
        if self.is_local and not f"{os.path.realpath(path)}/".startswith(self._real_root):
            raise StoreError(f"{self.owner}: {key!r} leads out of this participant's store through a link")
        return path

    def exists(self, key: str) -> bool:
        """Whether a file lies under ``key``."""
        return bool(self.fs.exists(self.path(key)))

    def keys(self, prefix: str) -> list[str]:
        """All keys below ``prefix``, sorted; empty if there are none."""
        root = self.path(prefix)
        if not self.fs.exists(root):
            return []
        return sorted(_whole(str(PurePosixPath(p).relative_to(self.root)) for p in self.fs.find(root)))

    def read_bytes(self, key: str) -> bytes:
        path = self.path(key)
        try:
            return cast("bytes", self.fs.cat_file(path))
        except FileNotFoundError:
            raise StoreError(f"{self.owner}: {key!r} is not in the store") from None

    def size(self, key: str) -> int:
        """Bytes of ``key``; :class:`StoreError` if it is not there."""
        path = self.path(key)
        try:
            return int(self.fs.size(path))
        except FileNotFoundError:
            raise StoreError(f"{self.owner}: {key!r} is not in the store") from None

    def write_bytes(self, key: str, data: bytes) -> None:
        """Writes in one put: a reader sees the old bytes or the new ones, never a part."""
        path = self.path(key)
        if not self.is_local:
            self.fs.pipe_file(path, data)
            return
        with whole_file(Path(path), data) as part:
            os.replace(part, path)

    def create_bytes(self, key: str, data: bytes) -> bool:
        """Writes only if ``key`` is absent; False (and nothing written) if another writer was first.

        Raises :class:`StoreError` on a store where two writers could both win. An object store is proven before the first
        such put of a process (:meth:`prove`).
        """
        path = self.path(key)
        if not self.is_local:
            self.prove()
        return create(self.fs, path, data)

    def prove(self) -> None:
        """Proves by two puts that :meth:`create_bytes` keeps its promise here; raises :class:`StoreError` if it does not."""
        prove(self.fs, self.root)

    def children(self, key: str = "") -> list[str]:
        """The names directly below ``key`` (without it, of the whole store), sorted; none if it is not there."""
        path = self.path(key) if key else self.root
        if not self.fs.exists(path):
            return []
        return sorted(_whole(str(p).rstrip("/").rsplit("/", 1)[-1] for p in self.fs.ls(path, detail=False)))

    def remove(self, key: str) -> None:
        """Removes ``key`` and everything below it; nothing happens if it is not there."""
        if self.exists(key):
            self.fs.rm(self.path(key), recursive=True)

    def read_json(self, key: str) -> Any:
        """The value of a JSON file; ``ValueError`` if it is none."""
        return json.loads(self.read_bytes(key))

    def write_json(self, key: str, value: Any) -> None:
        """Writes a JSON file; the same bytes for the same value."""
        self.write_bytes(key, json.dumps(value, indent=1, sort_keys=True).encode())

    def read_frame(self, key: str) -> pd.DataFrame:
        """The rows of a Parquet file."""
        import pandas as pd

        return pd.read_parquet(io.BytesIO(self.read_bytes(key)))

    @contextmanager
    def local_file(self, key: str) -> Iterator[Path]:
        """A local path with the bytes of ``key``, for engines that read files; a copy if the store is remote."""
        path = self.path(key)
        if self.is_local:
            yield Path(path)
            return
        with tempfile.TemporaryDirectory(prefix="decai-") as folder:
            copy = Path(folder) / PurePosixPath(key).name
            copy.write_bytes(self.read_bytes(key))
            yield copy
