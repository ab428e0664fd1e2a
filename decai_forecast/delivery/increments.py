"""Deliveries that come in pieces: what has been fetched stays in the partner's own store, and only news are asked for.

``landing/<data set>/parts/<digest>.parquet`` are the pieces, ``landing/<data set>/state.json`` (written last) lists them.
The delivery is their union; of rows with one key the newest piece wins. A key that repeats inside one piece stays
repeated, and rows without a whole key all stay, each once: judging them is the check's part.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from decai_forecast.contracts import Column
from decai_forecast.contracts.reserved import LINE, UNREADABLE
from decai_forecast.delivery.errors import SourceMisdescribed, SourceUnreadable
from decai_forecast.delivery.landing import land, readable, write_sorted
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources import Fetched, fetch
from decai_forecast.sql import literal, name, text
from decai_forecast.store import digest_bytes, digest_json

__all__ = ["grow"]

UNITS = {"h": "hours", "d": "days", "w": "weeks"}
LOOKBACK = re.compile(r"(\d+) ?([hdw])")


class _Pieces:
    """The pieces that are there; a changed source or list of columns starts anew."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.folder = f"landing/{request.contract.data_set}"
        source = request.contract.source
        columns = [[c.name, c.source_name, c.logical_type] for c in request.contract.columns]
        self.digest = digest_json([source.type, source.location, dict(source.own), columns])
        self.state: dict[str, Any] = {"source": self.digest, "watermark": None, "parts": []}
        if request.state.exists(f"{self.folder}/state.json"):
            found = request.state.read_json(f"{self.folder}/state.json")
            self.state = found if found["source"] == self.digest else self.state

    def since(self, lookback: timedelta) -> str | None:
        """The watermark to ask from: what was reached, less the lookback for late corrections."""
        reached: str | None = self.state["watermark"]
        if reached is None or not lookback:
            return reached
        moment = datetime.fromisoformat(reached) - lookback
        return moment.date().isoformat() if len(reached) == 10 else moment.isoformat()

    def add(self, part: Path, watermark: str | None) -> None:
        """Keeps a piece; the same piece again changes nothing."""
        data = part.read_bytes()
        key = f"{self.folder}/parts/{digest_bytes(data)[:24]}.parquet"
        if key in self.state["parts"]:
            return
        self.request.state.write_bytes(key, data)
        self.state = self.state | {"parts": [*self.state["parts"], key], "watermark": watermark or self.state["watermark"]}
        self.request.state.write_json(f"{self.folder}/state.json", self.state)

    def files(self, scratch: Path) -> list[Path]:
        found = []
        for number, key in enumerate(self.state["parts"]):
            path = scratch / f"part-{number:05d}.parquet"
            path.write_bytes(self.request.state.read_bytes(key))
            found.append(path)
        return found


def grow(con: Any, request: Request) -> tuple[str, Fetched]:
    """Fetches what is new, keeps it, and gives a query for the whole in ``con``."""
    mark = _watermark(request)
    pieces = _Pieces(request)
    asked = replace(request, since=pieces.since(_lookback(request, mark)))
    fetched = fetch(asked)
    part = request.scratch / "new.parquet"
    with fetched.reading():
        query = land(con, asked, fetched)
        _whole_key(con, request, query)
        with readable(asked, fetched):
            write_sorted(con, asked, query, "", part)
    if _has_news(con, request, part, pieces.files(request.scratch)):
        pieces.add(part, _reached(con, request, part, mark))
    files = pieces.files(request.scratch)
    return _union(con, request, files) if files else query, fetched


def _watermark(request: Request) -> Column:
    found = next((c for c in request.contract.columns if c.source_name == request.watermark), None)
    if found is None:
        raise SourceMisdescribed(f"{request.name}: the watermark {request.watermark!r} is not a contracted column")
    return found


def _lookback(request: Request, mark: Column) -> timedelta:
    """How far back to ask for late corrections; nothing unless said."""
    given = request.incremental.get("lookback")
    if not given:
        return timedelta()
    if (found := LOOKBACK.fullmatch(str(given))) is None:
        raise SourceMisdescribed(f"{request.name}: lookback {given!r} is not a number and h, d or w, such as 7 d")
    if mark.logical_type not in ("date", "timestamp"):
        raise SourceMisdescribed(
            f"{request.name}: a lookback needs a watermark that is a date or a timestamp; {request.watermark!r} is of type "
            f"{mark.logical_type}"
        )
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _whole_key(con: Any, request: Request, query: str) -> None:
    """Pieces are put together by key: one that lacks a part of it is not kept, or it would spoil every later night."""
    have = _columns(con, f"({query})")
    if missing := [key for key in request.contract.key if key not in have]:
        theirs = next(c.source_name for c in request.contract.columns if c.name == missing[0])
        raise SourceUnreadable(
            f"{request.name}: the source has no column {theirs!r}, a part of the key; pieces cannot be put together without it"
        )


def _columns(con: Any, source: str) -> list[str]:
    return [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]


def _has_news(con: Any, request: Request, part: Path, files: list[Path]) -> bool:
    """Whether the piece holds a row that is not there yet: the last period is always asked for once more.

    The line it stood in is no news.
    """
    source = f"read_parquet({text(str(part))})"
    listed = ", ".join(name(column) for column in _columns(con, source) if column != LINE)
    new = f"SELECT {listed} FROM {source}"
    known = f" EXCEPT SELECT {listed} FROM ({_union(con, request, files)})" if files and _same_columns(con, part, files) else ""
    return bool(con.execute(f"SELECT count(*) FROM ({new}{known})").fetchone()[0])


def _same_columns(con: Any, part: Path, files: list[Path]) -> bool:
    """A piece with unreadable values has a column more."""
    described = [con.execute(f"DESCRIBE SELECT * FROM read_parquet({text(str(path))})").fetchall() for path in (part, *files)]
    return all([row[:2] for row in found] == [row[:2] for row in described[0]] for found in described)


def _reached(con: Any, request: Request, part: Path, mark: Column) -> str | None:
    """The greatest watermark of the piece. One at or after the data cut-off does not count: a date from a far future
    would otherwise be the last thing that is ever asked for.

    A timestamp without its zone is no value for the check, but it is what the source compares with.
    """
    source = f"read_parquet({text(str(part))})"
    past = f" FILTER ({name(mark.name)} < {literal(request.as_of)})" if mark.logical_type in ("date", "timestamp") else ""
    found = con.execute(f"SELECT max({name(mark.name)}){past} FROM {source}").fetchone()[0]
    if found is None and UNREADABLE in _columns(con, source):
        raw = f"TRY_CAST({UNREADABLE}[{text(mark.name)}] AS TIMESTAMP)"
        found = con.execute(f"SELECT max({raw}) FILTER ({raw} < {literal(request.as_of)}) FROM {source}").fetchone()[0]
    return found.isoformat() if hasattr(found, "isoformat") else None if found is None else str(found)


def _union(con: Any, request: Request, files: list[Path]) -> str:
    """All pieces as one: by key the newest; rows without a whole key all, but one that was asked for again only once."""
    listed = ", ".join(text(str(path)) for path in files)
    rows = f"read_parquet([{listed}], union_by_name=true, filename=true)"
    key = [name(column) for column in request.contract.key]
    content = [name(column) for column in _columns(con, rows) if column not in ("filename", LINE)]
    torn = " OR ".join(f"{column} IS NULL" for column in key)

    def newest(where: str, by: list[str]) -> str:
        chosen = f"QUALIFY filename = max(filename) OVER (PARTITION BY {', '.join(by)})"
        return f"(SELECT * EXCLUDE (filename) FROM {rows} WHERE {where} {chosen})"

    return f"SELECT * FROM ({newest(f'NOT ({torn})', key)} UNION ALL {newest(torn, content)})"
