"""Any store that fsspec knows: S3, GCS, Azure, SFTP, ... Streamed to a local file, size-checked, retried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from decai_forecast.contracts.vocabulary import SERVERS
from decai_forecast.delivery.errors import (
    SourceAbsent,
    SourceCut,
    SourceMisdescribed,
    SourceRefused,
    SourceUnreachable,
    SourceUnsafe,
)
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched

__all__ = ["from_object_store"]

CHUNK = 8 * 1024 * 1024  # bytes per read
ATTEMPTS = 4
WEB = ("http", "https")
HERE = frozenset({  # addresses that lead to this machine's files, or through another address to anything
    "file", "local", "asynclocal", "async_wrapper", "asyncwrapper", "generic", "reference", "dir", "zip", "tar", "libarchive",
    "cached", "blockcache", "filecache", "simplecache", "git", "dvc", "data",
})  # fmt: skip
PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs",
    "sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol",
}  # fmt: skip


def from_object_store(request: Request) -> Fetched:
    """One object, or all that a pattern matches, as local files."""
    fs, path = _opened(request, _scheme(request))
    names = _matching(request, fs, path)
    files = {_copied(request, fs, name, k): str(name) for k, name in enumerate(names)}
    return Fetched(tuple(files), request.contract.source.format, names=files)


def _scheme(request: Request) -> str:
    """What the address begins with, if a contract may name it; this machine's files it may not."""
    kind, location = request.contract.source.type, request.location
    scheme, mark, _ = location.partition("://")
    wanted = SERVERS[kind].schemes
    if "::" in location or scheme in HERE or (mark and not scheme):
        raise SourceUnsafe(f"{request.name}: {location} may lead to files of this machine; a file needs type: local")
    if scheme in WEB:
        raise SourceMisdescribed(f"{request.name}: {_public(location)} is an HTTP address; use type: api")
    if not mark or (wanted and scheme not in wanted):
        expected = " or ".join(f"{one}://" for one in wanted)
        raise SourceMisdescribed(f"{request.name}: {location} is no address of type {kind}, which begins with {expected}")
    return scheme


def _public(location: str) -> str:
    """Without the query, where a signature may stand."""
    return location.partition("?")[0]


def _opened(request: Request, scheme: str) -> tuple[Any, str]:
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(request.location, **_options(request))
    except ImportError:
        package = PACKAGES.get(scheme, f"the fsspec package for {scheme}")
        raise SourceRefused(f"{request.name}: {scheme}:// needs one more package; pip install {package}") from None
    except (ValueError, TypeError, OSError) as error:
        raise SourceUnreachable(
            f"{request.name}: {_public(request.location)} cannot be opened ({type(error).__name__})"
        ) from None
    return found


def _matching(request: Request, fs: Any, path: str) -> list[str]:
    if not any(mark in path for mark in "*?["):
        return [path]
    with _faults(request, path):
        names = sorted(fs.glob(path))
    if not names:
        raise SourceAbsent(f"{request.name}: nothing matches {request.location}")
    return names


def _options(request: Request) -> dict[str, Any]:
    """fsspec's storage options from the connection: its extra as it is, login and password as the store names them."""
    connection, kind = request.connection(), request.contract.source.type
    options = dict(connection.extra)
    if connection.login and kind == "s3":
        options |= {"key": connection.login, "secret": connection.password}
    elif connection.login:
        options |= {"username": connection.login, "password": connection.password}
    if endpoint := request.contract.source.server.get("endpointUrl"):
        options.setdefault("client_kwargs", {"endpoint_url": endpoint})
    return options


@retry(
    retry=retry_if_exception_type((SourceCut, SourceUnreachable)), stop=stop_after_attempt(ATTEMPTS),
    wait=wait_exponential(0.2, max=20), reraise=True,
)  # fmt: skip
def _copied(request: Request, fs: Any, name: str, number: int) -> Path:
    """The object in a local file, complete or not at all."""
    target = request.scratch / f"{number:04d}-{name.rsplit('/', 1)[-1]}"
    with _faults(request, name):
        size = fs.size(name)
        if size is not None and size > request.max_bytes:
            raise SourceUnsafe(f"{request.name}: {name} has {size:,} bytes, more than maxBytes ({request.max_bytes:,})")
        got = _stream(fs, name, target, request.max_bytes)
    if got > request.max_bytes:
        raise SourceUnsafe(f"{request.name}: {name} has more bytes than maxBytes ({request.max_bytes:,})")
    if size is not None and got != size:
        raise SourceCut(f"{request.name}: {name} was cut off after {got:,} of {size:,} bytes")
    return target


@contextmanager
def _faults(request: Request, name: str) -> Iterator[None]:
    """What a store raises, as what it means; its own text may hold an address with a key."""
    try:
        yield
    except FileNotFoundError:
        raise SourceAbsent(f"{request.name}: {name} is not there; see servers[0] in {request.contract.path}") from None
    except PermissionError:
        raise SourceRefused(f"{request.name}: no right to read {name}") from None
    except OSError as error:
        raise SourceUnreachable(f"{request.name}: reading {name} failed ({type(error).__name__})") from None


def _stream(fs: Any, name: str, target: Path, limit: int) -> int:
    got = 0
    with fs.open(name, "rb") as source, target.open("wb") as out:
        while (block := source.read(CHUNK)) and got <= limit:
            got += out.write(block)
    return got
