"""Values that come as text (CSV, JSON, databases): cast as the contract says; what cannot be read is kept, not guessed.

A relation of texts has one VARCHAR column per source column. Casting adds, where anything was unreadable, two columns:
``_unreadable`` (MAP of the contract's column name to the raw text; ``_row`` for a whole row with the wrong number of
fields) and ``_line`` (the line of the file, the header is line 1; a line break inside quotes does not count).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from decai_forecast.contracts import Column
from decai_forecast.delivery.errors import SourceUnreadable
from decai_forecast.delivery.request import Request
from decai_forecast.sql import name, text

__all__ = ["cast_texts", "header_of", "none_there"]

TYPES = {"integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMPTZ", "boolean": "BOOLEAN"}
CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?"
SHAPES = {  # what a text must look like; casts alone would round 1.5 to 2 and guess at 01/02/03
    "integer": r"[+-]?\d+(\.0*)?",
    "number": r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?",
    "date": r"\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?Z?)?",
    "timestamp": rf"\d{{4}}-\d{{2}}-\d{{2}}[T ]{CLOCK}(Z|[+-]\d{{2}}(:?\d{{2}})?)",
    "boolean": r"(?i)true|false|t|f|yes|no|y|n|1|0",
}


def cast_texts(con: Any, request: Request, files: Sequence[Path], form: str) -> str:
    """Creates what is needed in ``con``; returns a query for the rows in the contract's columns."""
    source = {"csv": _csv, "json": _json, "texts": _parquet}[form](con, request, files)
    have = {row[0] for row in con.execute(f"DESCRIBE {source}").fetchall()}
    columns = [column for column in request.contract.columns if column.source_name in have]
    if not columns:
        raise SourceUnreadable(none_there(request, sorted(have - {"_line", "_row"})))
    con.execute(f"CREATE TEMP TABLE casted AS {_cast(source, columns, have)}")
    if not con.execute("SELECT count(*) FROM casted WHERE cardinality(_unreadable) > 0").fetchone()[0]:
        return "SELECT * EXCLUDE (_unreadable, _line) FROM casted"
    return "SELECT * FROM casted"


def none_there(request: Request, have: Sequence[str]) -> str:
    return f"{request.name}: none of the contracted columns is there; found {', '.join(have) or 'nothing'}"


def _cast(source: str, columns: Sequence[Column], have: set[str]) -> str:
    values = ", ".join(f"{_value(column)} AS {name(column.name)}" for column in columns)
    tests = [f"CASE WHEN {_is_bad(c)} THEN {{'k': {text(c.name)}, 'v': {name(c.source_name)}}} END" for c in columns]
    if "_row" in have:
        tests.append("CASE WHEN _row IS NOT NULL THEN {'k': '_row', 'v': _row} END")
    unreadable = f"map_from_entries(list_filter([{', '.join(tests)}], lambda x: x IS NOT NULL))"
    return f"SELECT {values}, {unreadable} AS _unreadable, _line FROM ({source})"


def _value(column: Column) -> str:
    raw, kind = name(column.source_name), TYPES.get(column.logical_type)
    if kind is None:
        return raw
    shaped = f"CASE WHEN {_shaped(column)} THEN TRY_CAST({_trimmed(column)} AS {kind}) END"
    return f"CASE WHEN isfinite({shaped}) THEN {shaped} END" if kind == "DOUBLE" else shaped


def _trimmed(column: Column) -> str:
    raw = f"trim({name(column.source_name)})"
    if column.logical_type == "date":
        return f"left({raw}, 10)"
    return f"regexp_replace({raw}, '\\.0*$', '')" if column.logical_type == "integer" else raw


def _shaped(column: Column) -> str:
    return f"regexp_full_match(trim({name(column.source_name)}), {text(SHAPES[column.logical_type])})"


def _is_bad(column: Column) -> str:
    """There is a text, and it is no value."""
    if column.logical_type not in TYPES:
        return "FALSE"
    return f"trim({name(column.source_name)}) <> '' AND ({_value(column)}) IS NULL"


def _csv(con: Any, request: Request, files: Sequence[Path]) -> str:
    """Every line: those with the wrong number of fields come as ``_row``, the raw line, and no value."""
    parts = [_one_csv(con, request, path, number) for number, path in enumerate(files)]
    return " UNION ALL BY NAME ".join(f"({part})" for part in parts)


def _one_csv(con: Any, request: Request, path: Path, number: int) -> str:
    header, delimiter = header_of(request, path)
    wanted = {column.source_name for column in request.contract.columns}
    if not wanted & set(header):
        raise SourceUnreadable(none_there(request, header))
    types = ", ".join(f"{text(column)}: 'VARCHAR'" for column in header)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE csv{number} AS SELECT *, row_number() OVER () AS _n FROM read_csv({text(str(path))},
        header=true, delim={text(delimiter)}, quote='"', escape='"', columns={{{types}}}, auto_detect=false, null_padding=false,
        store_rejects=true, rejects_table='rejected{number}', rejects_scan='scanned{number}', strict_mode=true)""")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE torn{number} AS SELECT line, any_value(csv_line) AS _row,
        line - 1 - row_number() OVER (ORDER BY line) AS before FROM rejected{number} GROUP BY line""")
    good = f"""
        SELECT c.* EXCLUDE (_n), (c._n + 1 + (SELECT count(*) FROM torn{number} t WHERE t.before < c._n))::BIGINT AS _line,
        NULL::VARCHAR AS _row FROM csv{number} c"""
    if not con.execute(f"SELECT count(*) FROM torn{number}").fetchone()[0]:
        return f"SELECT * EXCLUDE (_n), _n + 1 AS _line FROM csv{number}"
    return f"({good}) UNION ALL BY NAME (SELECT line::BIGINT AS _line, _row FROM torn{number})"


def header_of(request: Request, path: Path) -> tuple[list[str], str]:
    """The names in the first line of a UTF-8 file, and what separates them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
    given = str(request.own.get("delimiter") or "")
    delimiter = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|"}.get(given, given) or max(",;\t|", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter), [])
    if twice := {column for column in header if header.count(column) > 1}:
        raise SourceUnreadable(f"{request.name}: {path}: column {min(twice)!r} stands twice in the header")
    return header, delimiter


def _json(con: Any, request: Request, files: Sequence[Path]) -> str:  # noqa: ARG001  one signature for all formats
    """An array of records, or one record per line; all values as text."""
    types = ", ".join(f"{text(column.source_name)}: 'VARCHAR'" for column in request.contract.columns)
    listed = ", ".join(text(str(path)) for path in files)
    if not files:
        empty = ", ".join(f"NULL::VARCHAR AS {name(column.source_name)}" for column in request.contract.columns)
        return f"SELECT {empty}, NULL::BIGINT AS _line WHERE FALSE"
    return f"SELECT *, row_number() OVER () AS _line FROM read_json([{listed}], format='auto', columns={{{types}}})"


def _parquet(con: Any, request: Request, files: Sequence[Path]) -> str:  # noqa: ARG001
    listed = ", ".join(text(str(path)) for path in files)
    return f"SELECT *, row_number() OVER () AS _line FROM read_parquet([{listed}])"
