"""Pulling one contracted data set: the rows before the data cut-off, in the contract's column names, as Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from decai_forecast.contracts import Column, Contract
from decai_forecast.errors import DeliveryError
from decai_forecast.store import digest_bytes

__all__ = ["Pulled", "pull"]

MEMORY = "1GB"  # DuckDB spills to disk beyond it
CSV_TYPES = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
    "boolean": "BOOLEAN",
    "string": "VARCHAR",
}


@dataclass(frozen=True)
class Pulled:
    """What came: number of rows, newest date (None without a date column) and the SHA-256 of the file."""

    rows: int
    newest: date | None
    digest: str


def pull(contract: Contract, base: Path, as_of: date, target: Path) -> Pulled:
    """Writes the delivery to ``target``; a relative source path starts at ``base``.

    Only contracted columns are taken. Rows come sorted by the contract's key, so that equal content gives equal bytes.
    Types are left as the source has them (a CSV file's as the contract says): judging them is the check's part.
    :class:`DeliveryError` if the source is not there or cannot be read.
    """
    import duckdb

    source = base / contract.source.location
    if not source.is_file():
        raise DeliveryError(
            f"{contract.partner}: {contract.data_set}: {source} is not there; see servers[0].path in {contract.path}"
        )
    try:
        with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(target.parent / "spill")}) as con:
            con.execute("SET TimeZone='UTC'")
            con.execute("SET preserve_insertion_order=true")
            con.execute(f"CREATE VIEW source AS SELECT * FROM {_reader(contract, source)}")
            have = {row[0]: row[1] for row in con.execute("DESCRIBE source").fetchall()}
            _write(con, contract, have, as_of, target)
            return _pulled(con, contract, target)
    except duckdb.Error as error:
        said = "; ".join(line for line in str(error).splitlines()[:3] if not line.startswith("Original Line"))
        raise DeliveryError(
            f"{contract.partner}: {contract.data_set}: {source} cannot be read as {contract.source.format}: {said}"
        ) from None


def _reader(contract: Contract, source: Path) -> str:
    path = "'" + str(source).replace("'", "''") + "'"
    if contract.source.format == "parquet":
        return f"read_parquet({path})"
    types = ", ".join(
        f"{_text(c.source_name)}: {_text(CSV_TYPES.get(c.logical_type, 'VARCHAR'))}" for c in _present(contract, source)
    )
    return f"read_csv({path}, header=true, types={{{types}}})" if types else f"read_csv({path}, header=true)"


def _present(contract: Contract, source: Path) -> list[Column]:
    """Contracted columns that the CSV header has: a missing one is for the check to refuse."""
    import csv
    import gzip
    import zlib

    opener: Any = gzip.open if source.suffix == ".gz" else open
    try:
        with opener(source, "rt", encoding="utf-8-sig", newline="") as file:
            first = file.readline()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        name = type(error).__name__
        raise DeliveryError(f"{contract.partner}: {contract.data_set}: {source} is not UTF-8 text ({name})") from None
    header = next(csv.reader([first], delimiter=max(",;\t|", key=first.count)), [])
    return [column for column in contract.columns if column.source_name in header]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _write(con: Any, contract: Contract, have: dict[str, str], as_of: date, target: Path) -> None:
    columns = [column for column in contract.columns if column.source_name in have]
    if not columns:
        raise DeliveryError(
            f"{contract.partner}: {contract.data_set}: none of the contracted columns is there; found {', '.join(have)}"
        )
    chosen = ", ".join(f"{_value(column, have[column.source_name])} AS {_quoted(column.name)}" for column in columns)
    delivered = {column.name for column in columns}
    day = _quoted(contract.date_column)  # a row without a date cannot be placed: the check quarantines it
    where = f"WHERE {day} IS NULL OR {day} < DATE '{as_of.isoformat()}'" if contract.date_column in delivered else ""
    order = ", ".join([_quoted(name) for name in contract.key if name in delivered] + [_quoted(c.name) for c in columns])
    query = f"SELECT * FROM (SELECT {chosen} FROM source) {where} ORDER BY {order}"
    con.execute(f"COPY ({query}) TO {_text(str(target))} (FORMAT parquet, COMPRESSION zstd)")


def _value(column: Column, kind: str) -> str:
    """Midnight timestamps, dictionary-encoded texts and NaN, as tools write them, become what the contract means."""
    quoted = _quoted(column.source_name)
    if column.logical_type == "date" and kind.startswith("TIMESTAMP"):
        return f"CAST({quoted} AS DATE)"
    if kind in ("DOUBLE", "FLOAT"):
        return f"nullif({quoted}, 'NaN'::{kind})"
    return f"CAST({quoted} AS VARCHAR)" if kind.startswith("ENUM") else quoted


def _pulled(con: Any, contract: Contract, target: Path) -> Pulled:
    path, day = _text(str(target)), contract.date_column
    has_day = day and day in {row[0] for row in con.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()}
    newest = f"max({_quoted(day)})" if has_day else "NULL"
    rows, last = con.execute(f"SELECT count(*), {newest} FROM read_parquet({path})").fetchone()
    newest_day = last.date() if isinstance(last, datetime) else last if isinstance(last, date) else None
    return Pulled(int(rows), newest_day, digest_bytes(target.read_bytes()))
