"""From files to one Parquet file in the contract's columns, in an order that depends on nothing but the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from decai_forecast.contracts import Column
from decai_forecast.contracts.files import RATIO, SUSPICIOUS
from decai_forecast.contracts.reserved import LINE, PREFIX
from decai_forecast.delivery.errors import SourceUnreadable, SourceUnsafe
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources import Fetched
from decai_forecast.delivery.texts import cast_texts, header_of_delivery, none_there, note_timed
from decai_forecast.delivery.utf8_text import utf8_text
from decai_forecast.sql import name, text

__all__ = ["columns_of", "connect", "land", "readable", "write_sorted"]

MEMORY = "1GB"  # DuckDB spills to disk beyond it
VALUE = 8  # bytes of a value once it is read


def connect(scratch: Path) -> Any:
    """A DuckDB connection of our own, in UTC."""
    import duckdb

    con = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(scratch / "spill")})
    con.execute("SET TimeZone='UTC'")
    return con


def land(con: Any, request: Request, fetched: Fetched) -> str:
    """A query over ``fetched`` that gives the contract's columns, in ``con``."""
    with readable(request, fetched):
        if fetched.format == "parquet":
            return _typed(con, request, fetched.files)
        files = fetched.files if fetched.format == "texts" else [utf8_text(request, path) for path in fetched.files]
        return cast_texts(con, request, files, fetched.format)


@contextmanager
def readable(request: Request, fetched: Fetched) -> Iterator[None]:
    """What DuckDB cannot read is told as a fault of the file; it reads when the rows are asked for, not before."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        where = ", ".join(str(path) for path in fetched.files[:2])
        raise SourceUnreadable(f"{request.name}: {where} cannot be read as {fetched.format}: {reason}") from None


def _fits(con: Any, request: Request, path: Path) -> None:
    """Refuses a file that would fill the disk: its footer tells how much it becomes, before anything is read."""
    listed = f"parquet_file_metadata({text(str(path))})"
    rows, columns = con.execute(
        f"SELECT num_rows, (SELECT count(*) FROM parquet_schema({text(str(path))})) FROM {listed}"
    ).fetchone()
    packed = con.execute(f"SELECT sum(total_uncompressed_size) FROM parquet_metadata({text(str(path))})").fetchone()[0] or 0
    size = max(int(packed), rows * columns * VALUE)
    if size > request.max_bytes or (size > SUSPICIOUS and size / path.stat().st_size > RATIO):
        limit = min(request.max_bytes, max(SUSPICIOUS, RATIO * path.stat().st_size))
        raise SourceUnsafe(f"{request.name}: {path} expands to {rows:,} rows, more than {limit:,} bytes; refused")


def _typed(con: Any, request: Request, files: Sequence[Path]) -> str:
    """Parquet keeps its types: judging them is the check's part."""
    for path in files:
        _fits(con, request, path)
    source = f"read_parquet([{', '.join(text(str(path)) for path in files)}])"
    have = {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    columns = [column for column in request.contract.columns if column.source_name in have]
    if not columns:
        raise SourceUnreadable(none_there(request, list(have)))
    zone = request.contract.time_zone or "UTC"
    chosen = ", ".join(f"{_value(column, have[column.source_name], zone)} AS {name(column.name)}" for column in columns)
    moments = [_local(c, have[c.source_name], zone) for c in columns if _is_moment(c, have[c.source_name])]
    if moments:
        timed = " OR ".join(f"coalesce({moment} <> date_trunc('day', {moment}), FALSE)" for moment in moments)
        note_timed(con, con.execute(f"SELECT count(*) FROM {source} WHERE {timed}").fetchone()[0])
    return f"SELECT {chosen} FROM {source}"


def _is_moment(column: Column, kind: str) -> bool:
    """A point in time where the contract has a date."""
    return column.logical_type == "date" and kind.startswith("TIMESTAMP")


def _local(column: Column, kind: str, zone: str) -> str:
    """Its time in the contract's zone: midnight in Berlin is the day before in UTC. What has no zone is local already."""
    quoted = name(column.source_name)
    return f"timezone({text(zone)}, {quoted})" if "TIME ZONE" in kind else quoted


def _value(column: Column, kind: str, zone: str) -> str:
    """Timestamps for a date, dictionary-encoded texts and NaN, as tools write them, become what the contract means."""
    quoted = name(column.source_name)
    if _is_moment(column, kind):
        return f"CAST({_local(column, kind, zone)} AS DATE)"
    if kind in ("DOUBLE", "FLOAT"):
        return f"nullif({quoted}, 'NaN'::{kind})"
    return f"CAST({quoted} AS VARCHAR)" if kind.startswith("ENUM") else quoted


def columns_of(con: Any, request: Request, fetched: Fetched) -> list[str]:
    """The columns that the source itself has, as far as it told: a database and an interface are asked for ours only."""
    if fetched.format == "csv":
        return header_of_delivery(request, utf8_text(request, fetched.files[0])).named
    if fetched.format == "parquet":
        source = f"read_parquet({text(str(fetched.files[0]))})"
        return [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    return []


def write_sorted(con: Any, request: Request, query: str, where: str, target: Path) -> None:
    """Sorted by the contract's key, then by everything: equal rows give equal bytes."""
    have = [row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()]
    key = [column for column in request.contract.key if column in have]
    order = ", ".join(name(column) for column in [*key, *(c for c in have if c not in key and not c.startswith(PREFIX))])
    order += f", {LINE}" if LINE in have else ""
    con.execute(
        f"COPY (SELECT * FROM ({query}) {where} ORDER BY {order}) TO {text(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
