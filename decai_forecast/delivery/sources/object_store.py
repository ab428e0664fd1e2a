"""Any store that fsspec knows: S3, GCS, Azure, SFTP, ... Streamed to a local file, size-checked, retried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from decai_forecast.delivery.errors import SourceAbsent, SourceCut, SourceRefused, SourceUnreachable, SourceUnsafe
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched

__all__ = ["from_object_store"]

CHUNK = 8 * 1024 * 1024  # bytes per read
ATTEMPTS = 4


def from_object_store(request: Request) -> Fetched:
    """One object, or all that a pattern matches, as local files."""
    fs, path = _opened(request)
    names = sorted(fs.glob(path)) if any(mark in path for mark in "*?[") else [path]
    if not names:
        raise SourceAbsent(f"{request.name}: nothing matches {request.location}")
    files = tuple(_copied(request, fs, name, k) for k, name in enumerate(names))
    return Fetched(files, request.contract.source.format)


def _opened(request: Request) -> tuple[Any, str]:
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(request.location, **_options(request))
    except ImportError as error:
        raise SourceRefused(f"{request.name}: {request.location.partition(':')[0]} needs one more package: {error}") from None
    except (ValueError, OSError) as error:
        raise SourceUnreachable(f"{request.name}: {request.location} cannot be opened ({type(error).__name__})") from None
    return found


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
    try:
        size = fs.size(name)
        if size is not None and size > request.max_bytes:
            raise SourceUnsafe(f"{request.name}: {name} has {size:,} bytes, more than maxBytes ({request.max_bytes:,})")
        got = _stream(fs, name, target, request.max_bytes)
    except FileNotFoundError:
        raise SourceAbsent(f"{request.name}: {name} is not there; see servers[0] in {request.contract.path}") from None
    except PermissionError:
        raise SourceRefused(f"{request.name}: no right to read {name}") from None
    except OSError as error:
        raise SourceUnreachable(f"{request.name}: reading {name} failed ({type(error).__name__})") from None
    if size is not None and got != size:
        raise SourceCut(f"{request.name}: {name} was cut off after {got:,} of {size:,} bytes")
    return target


def _stream(fs: Any, name: str, target: Path, limit: int) -> int:
    got = 0
    with fs.open(name, "rb") as source, target.open("wb") as out:
        while (block := source.read(CHUNK)) and got <= limit:
            got += out.write(block)
    return got
