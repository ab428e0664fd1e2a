"""Files on this machine or on a mounted share, where the operator lets a contract reach."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from decai_forecast.delivery.errors import SourceAbsent, SourceUnreadable, SourceUnsafe
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched

__all__ = ["from_local"]

MARKS = "*?["


def from_local(request: Request) -> Fetched:
    """One file, or all that a pattern (``*``, ``?``) matches; relative paths start at the base folder."""
    location = request.location
    if "://" in location or "\0" in location:
        raise SourceUnsafe(f"{request.name}: {location!r} is not a path; use one below the network's home")
    where = request.base / location
    _within(request, [request.base / _fixed_part(location)])  # first: whether a file outside is there is nobody's business
    found = _matching(request.base, location)
    _within(request, found)
    if not found or not found[0].exists():
        raise SourceAbsent(f"{request.name}: {where} is not there; see servers[0].path in {request.contract.path}")
    for path in found:
        _usable(request, path)
    return Fetched(tuple(found), request.contract.source.format)


def _matching(base: Path, location: str) -> list[Path]:
    if any(mark in location for mark in MARKS):
        return [base / name for name in sorted(glob.glob(location, root_dir=base))]
    return [base / location]


def _fixed_part(location: str) -> Path:
    """The path up to its first part with a pattern, and whatever climbs after that."""
    parts = Path(location).parts
    first = next((k for k, part in enumerate(parts) if any(mark in part for mark in MARKS)), len(parts))
    return Path(*parts[:first], *(part for part in parts[first:] if part == ".."))


def _within(request: Request, paths: Iterable[Path]) -> None:
    """Links resolved: below the base or an allowed folder, and in no closed one."""
    open_folders = [folder.resolve() for folder in (request.base, *request.allowed)]
    closed = [folder.resolve() for folder in request.closed]
    for path in paths:
        real = path.resolve()
        if any(real.is_relative_to(folder) for folder in closed):
            raise SourceUnsafe(
                f"{request.name}: {request.location} leads into what belongs to the network or to another company; "
                "name a file of your own"
            )
        if not any(real.is_relative_to(folder) for folder in open_folders):
            raise SourceUnsafe(
                f"{request.name}: {request.location} leads out of the network's home; use a path below it, or ask the operator "
                "to add its folder to source_folders in network.yaml"
            )


def _usable(request: Request, path: Path) -> None:
    if path.is_dir():
        raise SourceUnreadable(f"{request.name}: {path} is a folder; name a file, or a pattern such as {path}/*.parquet")
    if not path.is_file():
        raise SourceUnreadable(f"{request.name}: {path} is not a file but a device or a pipe; name a file")
    size = path.stat().st_size
    if size == 0:
        raise SourceUnreadable(f"{request.name}: {path} is empty (0 bytes); was the export finished?")
    if size > request.max_bytes:
        raise SourceUnsafe(
            f"{request.name}: {path} has {size:,} bytes, more than the contract's maxBytes ({request.max_bytes:,})"
        )
