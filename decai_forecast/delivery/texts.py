"""Values that come as text (CSV, JSON, databases): cast as the contract says; what cannot be read is kept, not guessed.

A relation of texts has one VARCHAR column per source column. Casting adds, where anything was unreadable, two columns:
``UNREADABLE`` (MAP of the contract's column name to the raw text, ``TORN`` for a whole row with the wrong number of fields)
and ``LINE``, which a text file always has; see ``contracts/reserved.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decai_forecast.contracts import Column
from decai_forecast.contracts.files import Header, header_of, read_lines
from decai_forecast.contracts.reserved import LINE, PREFIX, TORN, UNREADABLE
from decai_forecast.delivery.errors import SourceUnreadable
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.utf8_text import named_faults
from decai_forecast.sql import name, text

__all__ = ["cast_texts", "header_of_delivery", "none_there", "note_timed", "timed_rows"]

TIMED = f"{PREFIX}timed"  # whether a row's date had a time of day

LOOK = 1000  # records of a JSON file in which one contracted name at least has to stand
TYPES = {"integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMPTZ", "boolean": "BOOLEAN"}
CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?"
SHAPES = {  # what a text must look like; casts alone would round 1.5 to 2 and guess at 01/02/03
    "integer": r"[+-]?\d+(\.0*)?",
    "number": r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?",
    "date": r"\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?)?",
    "timestamp": rf"\d{{4}}-\d{{2}}-\d{{2}}[T ]{CLOCK}(Z|[+-]\d{{2}}(:?\d{{2}})?)",
    "boolean": r"(?i)true|false|t|f|yes|no|y|n|1|0",
}


def note_timed(con: Any, rows: int) -> None:
    """Remembers in ``con`` that so many rows had a time of day where the contract has a date."""
    con.execute("CREATE TEMP TABLE IF NOT EXISTS timed (rows BIGINT)")
    con.execute("INSERT INTO timed VALUES (?)", [rows])


def timed_rows(con: Any) -> int:
    con.execute("CREATE TEMP TABLE IF NOT EXISTS timed (rows BIGINT)")
    return int(con.execute("SELECT coalesce(sum(rows), 0) FROM timed").fetchone()[0])


def cast_texts(con: Any, request: Request, files: Sequence[Path], form: str) -> str:
    """Creates what is needed in ``con``; returns a query for the rows in the contract's columns."""
    texts = {"csv": _csv, "json": _json, "texts": _parquet}[form](con, request, files)
    zone = request.contract.time_zone or "UTC"
    con.execute(f"CREATE TEMP TABLE casted AS {_cast(texts, zone)}")
    counted = f"SELECT count(*) FILTER (cardinality({UNREADABLE}) > 0), count(*) FILTER ({TIMED}) FROM casted"
    unreadable, timed = con.execute(counted).fetchone()
    note_timed(con, timed)
    # lines stay where they help to find a row; a watermark's pieces are compared with each other, and lines differ
    lines = unreadable or (form == "csv" and not request.watermark)
    hidden = [TIMED, *([] if unreadable else [UNREADABLE]), *([] if lines else [LINE])]
    return f"SELECT * EXCLUDE ({', '.join(hidden)}) FROM casted"


def none_there(request: Request, have: Sequence[str]) -> str:
    return f"{request.name}: none of the contracted columns is there; found {', '.join(have) or 'nothing'}"


def _cast(texts: Texts, zone: str) -> str:
    casts = [_Cast(column, raw, zone) for column, raw in texts.columns]
    values = ", ".join(f"{cast.value} AS {name(cast.column.name)}" for cast in casts)
    tests = [f"CASE WHEN {cast.is_bad} THEN {{'k': {text(cast.column.name)}, 'v': {cast.raw}}} END" for cast in casts]
    tests.append(f"CASE WHEN torn IS NOT NULL THEN {{'k': {text(TORN)}, 'v': torn}} END")
    unreadable = f"map_from_entries(list_filter([{', '.join(tests)}], lambda x: x IS NOT NULL))"
    timed = " OR ".join(f"coalesce({cast.is_timed}, FALSE)" for cast in casts if cast.kind == "DATE") or "FALSE"
    return f"SELECT {values}, {unreadable} AS {UNREADABLE}, line AS {LINE}, {timed} AS {TIMED} FROM ({texts.query})"


@dataclass(frozen=True)
class _Cast:
    """SQL for one contracted column, whose text is ``raw``."""

    column: Column
    raw: str
    zone: str

    @property
    def kind(self) -> str:
        return TYPES.get(self.column.logical_type, "")

    @property
    def value(self) -> str:
        if not self.kind:
            return self.raw
        shaped = f"CASE WHEN {self._looks_like(self.column.logical_type)} THEN TRY_CAST({self._trimmed} AS {self.kind}) END"
        if self.kind == "DATE":  # a day, or else a point in time
            moment = f"WHEN {self._looks_like('timestamp')} THEN CAST({self._moment} AS DATE) END"
            return shaped.removesuffix("END") + moment
        return f"CASE WHEN isfinite({shaped}) THEN {shaped} END" if self.kind == "DOUBLE" else shaped

    @property
    def is_bad(self) -> str:
        """There is a text, and it is no value."""
        return f"trim({self.raw}) <> '' AND ({self.value}) IS NULL" if self.kind else "FALSE"

    @property
    def is_timed(self) -> str:
        """A point in time, of which only the day is taken, is not a midnight."""
        moment = f"CASE WHEN {self._looks_like('timestamp')} THEN {self._moment} END"
        return f"length({self.raw}) > 10 AND {moment} <> date_trunc('day', {moment})"

    @property
    def _moment(self) -> str:
        """Local time in the contract's zone."""
        return f"timezone({text(self.zone)}, TRY_CAST(trim({self.raw}) AS TIMESTAMPTZ))"

    @property
    def _trimmed(self) -> str:
        trimmed = f"trim({self.raw})"
        if self.kind == "DATE":
            return f"left({trimmed}, 10)"
        return f"regexp_replace({trimmed}, '\\.0*$', '')" if self.kind == "BIGINT" else trimmed

    def _looks_like(self, shape: str) -> str:
        return f"regexp_full_match(trim({self.raw}), {text(SHAPES[shape])})"


@dataclass(frozen=True)
class Texts:
    """A query for texts with ``line`` and ``torn``, and each contracted column that is there with its SQL."""

    query: str
    columns: Sequence[tuple[Column, str]]


def _csv(con: Any, request: Request, files: Sequence[Path]) -> Texts:
    """Every line: those with the wrong number of fields come as ``torn``, the raw line, and no value."""
    parts, found = [], dict[str, Column]()
    for number, path in enumerate(files):
        header = header_of_delivery(request, path)
        places = {name: place for place, name in enumerate(header.names) if name}
        columns = [column for column in request.contract.columns if column.source_name in places]
        if not columns:
            raise SourceUnreadable(none_there(request, header.named))
        with named_faults(request):
            lines = read_lines(con, path, header, f"csv{number}", request.scratch)
        chosen = ", ".join(f"c{places[column.source_name]} AS {_own(request, column)}" for column in columns)
        parts.append(f"(SELECT {chosen}, line, torn FROM ({lines}))")
        found |= {column.name: column for column in columns}
    return Texts(" UNION ALL BY NAME ".join(parts), [(c, _own(request, c)) for c in found.values()])


def _own(request: Request, column: Column) -> str:
    """A column of texts by its place in the contract: a partner's name may be anything."""
    return f"r{request.contract.columns.index(column)}"


def header_of_delivery(request: Request, path: Path) -> Header:
    """The names in the header of a UTF-8 file, and what separates them."""
    with named_faults(request):
        return header_of(path, str(request.own.get("delimiter") or ""))


def _json(con: Any, request: Request, files: Sequence[Path]) -> Texts:
    """An array of records, or one record per line; all values as text."""
    types = ", ".join(f"{text(column.source_name)}: 'VARCHAR'" for column in request.contract.columns)
    listed = ", ".join(text(str(path)) for path in files)
    if not files:
        empty = ", ".join(f"NULL::VARCHAR AS {name(column.source_name)}" for column in request.contract.columns)
        return _named(con, request, f"SELECT {empty} WHERE FALSE")
    first = f"SELECT json FROM read_json_objects([{listed}], format='auto') LIMIT {LOOK}"
    keys = [row[0] for row in con.execute(f"SELECT DISTINCT unnest(json_keys(json)) FROM ({first}) ORDER BY 1").fetchall()]
    if keys and not {column.source_name for column in request.contract.columns} & set(keys):
        raise SourceUnreadable(none_there(request, keys))
    return _named(con, request, f"SELECT * FROM read_json([{listed}], format='auto', columns={{{types}}})")


def _parquet(con: Any, request: Request, files: Sequence[Path]) -> Texts:
    listed = ", ".join(text(str(path)) for path in files)
    return _named(con, request, f"SELECT * FROM read_parquet([{listed}])")


def _named(con: Any, request: Request, rows: str) -> Texts:
    """The contracted columns of ``rows``; a record's number stands for its line."""
    have = [row[0] for row in con.execute(f"DESCRIBE {rows}").fetchall()]
    columns = [column for column in request.contract.columns if column.source_name in have]
    if not columns:
        raise SourceUnreadable(none_there(request, sorted(have)))
    chosen = ", ".join(f"{name(column.source_name)} AS {_own(request, column)}" for column in columns)
    query = f"SELECT {chosen}, row_number() OVER () AS line, NULL::VARCHAR AS torn FROM ({rows})"
    return Texts(query, [(column, _own(request, column)) for column in columns])
