"""From files to one Parquet file in the contract's columns, in an order that depends on nothing but the rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from decai_forecast.contracts import Column
from decai_forecast.delivery.errors import SourceUnreadable
from decai_forecast.delivery.plain import plain_text
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources import Fetched
from decai_forecast.delivery.texts import cast_texts, header_of, none_there
from decai_forecast.sql import name, text

__all__ = ["columns_of", "connect", "land", "write_sorted"]

MEMORY = "1GB"  # DuckDB spills to disk beyond it


def connect(scratch: Path) -> Any:
    """A DuckDB connection of our own, in UTC."""
    import duckdb

    con = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(scratch / "spill")})
    con.execute("SET TimeZone='UTC'")
    return con


def land(con: Any, request: Request, fetched: Fetched) -> str:
    """A query over ``fetched`` that gives the contract's columns, in ``con``."""
    import duckdb

    try:
        if fetched.format == "parquet":
            return _typed(con, request, fetched.files)
        files = fetched.files if fetched.format == "texts" else [plain_text(request, path) for path in fetched.files]
        return cast_texts(con, request, files, fetched.format)
    except duckdb.Error as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        where = ", ".join(str(path) for path in fetched.files[:2])
        raise SourceUnreadable(f"{request.name}: {where} cannot be read as {fetched.format}: {said}") from None


def _typed(con: Any, request: Request, files: Sequence[Path]) -> str:
    """Parquet keeps its types: judging them is the check's part."""
    source = f"read_parquet([{', '.join(text(str(path)) for path in files)}])"
    have = {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    columns = [column for column in request.contract.columns if column.source_name in have]
    if not columns:
        raise SourceUnreadable(none_there(request, list(have)))
    chosen = ", ".join(f"{_value(column, have[column.source_name])} AS {name(column.name)}" for column in columns)
    return f"SELECT {chosen} FROM {source}"


def _value(column: Column, kind: str) -> str:
    """Midnight timestamps, dictionary-encoded texts and NaN, as tools write them, become what the contract means."""
    quoted = name(column.source_name)
    if column.logical_type == "date" and kind.startswith("TIMESTAMP"):
        return f"CAST({quoted} AS DATE)"
    if kind in ("DOUBLE", "FLOAT"):
        return f"nullif({quoted}, 'NaN'::{kind})"
    return f"CAST({quoted} AS VARCHAR)" if kind.startswith("ENUM") else quoted


def columns_of(con: Any, request: Request, fetched: Fetched) -> list[str]:
    """The columns that the source itself has, as far as it told: a database and an interface are asked for ours only."""
    if fetched.format == "csv":
        return header_of(request, plain_text(request, fetched.files[0]))[0]
    if fetched.format == "parquet":
        source = f"read_parquet({text(str(fetched.files[0]))})"
        return [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    return []


def write_sorted(con: Any, request: Request, query: str, where: str, target: Path) -> None:
    """Sorted by the contract's key, then by everything: equal rows give equal bytes."""
    have = [row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()]
    key = [column for column in request.contract.key if column in have]
    order = ", ".join(name(column) for column in [*key, *(c for c in have if c not in key and not c.startswith("_"))])
    order += ", _line" if "_line" in have else ""
    con.execute(
        f"COPY (SELECT * FROM ({query}) {where} ORDER BY {order}) TO {text(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
