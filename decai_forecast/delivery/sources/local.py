"""Files on this machine or on a mounted share."""

from __future__ import annotations

import glob
from pathlib import Path

from decai_forecast.delivery.errors import SourceAbsent, SourceUnreadable, SourceUnsafe
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched

__all__ = ["from_local"]


def from_local(request: Request) -> Fetched:
    """One file, or all that a pattern (``*``, ``?``) matches; relative paths start at the base folder and stay below it."""
    location = request.location
    pattern = str(request.base / location)
    found = sorted(Path(name) for name in glob.glob(pattern)) if any(mark in location for mark in "*?[") else [Path(pattern)]
    if not found or not found[0].exists():
        raise SourceAbsent(f"{request.name}: {pattern} is not there; see servers[0].path in {request.contract.path}")
    for path in found:
        _usable(request, path, location)
    return Fetched(tuple(found), request.contract.source.format)


def _usable(request: Request, path: Path, location: str) -> None:
    if not Path(location).is_absolute() and not path.resolve().is_relative_to(request.base.resolve()):
        said = "leads out of the base folder; use a path below it, or an absolute one"
        raise SourceUnsafe(f"{request.name}: {location} {said}")
    if path.is_dir():
        raise SourceUnreadable(f"{request.name}: {path} is a folder; name a file, or a pattern such as {path}/*.parquet")
    size = path.stat().st_size
    if size == 0:
        raise SourceUnreadable(f"{request.name}: {path} is empty (0 bytes); was the export finished?")
    if size > request.max_bytes:
        raise SourceUnsafe(
            f"{request.name}: {path} has {size:,} bytes, more than the contract's maxBytes ({request.max_bytes:,})"
        )
