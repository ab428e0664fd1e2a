"""A sample file as a typed DuckDB view, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from decai_forecast.contracts.draft.text_types import typed
from decai_forecast.contracts.files import FileFault, Header, as_utf8, ending_of, header_of, ordered_names, read_lines
from decai_forecast.contracts.reserved import LINE
from decai_forecast.errors import ConfigError
from decai_forecast.sql import name as quoted
from decai_forecast.sql import text as literal

__all__ = ["Sample", "is_zoneless", "opened"]

MEMORY = "1GB"  # DuckDB spills to disk beyond it
LARGEST = 20_000_000_000  # bytes of a sample
FORMATS = {"parquet": "parquet", "csv": "csv", "txt": "csv", "tsv": "csv"}  # texts also as .gz or .zip
EXPORT = "export a spreadsheet or a table as CSV or Parquet"


@dataclass(frozen=True)
class Sample:
    """The file at ``path``; ``types`` are its DuckDB types, ``notes`` say what was left out.

    The view ``sample`` has its rows, ``raw`` the same as they were written, with their line (text) or row number.
    """

    con: Any
    path: Path
    format: str
    types: dict[str, str]
    notes: tuple[str, ...] = ()
    encoding: str = ""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of ``query``."""
        return list(self.con.execute(query).fetchall())

    def keep(self, broken: Sequence[str]) -> list[bool]:
        """For each predicate that is TRUE for a bad row: whether no row is bad. One scan for all of them."""
        if not broken:
            return []
        counts = ", ".join(f"count(*) FILTER (WHERE {predicate})" for predicate in broken)
        return [count == 0 for count in self.rows(f"SELECT {counts} FROM sample")[0]]


@contextmanager
def opened(path: Path, encoding: str = "") -> Iterator[Sample]:
    """The sample, for the time of the block; :class:`~decai_forecast.errors.ConfigError` if it cannot be read."""
    import duckdb

    form = _format(path)
    with TemporaryDirectory(prefix="decai-sample-") as scratch:
        settings: dict[str, Any] = {
            "memory_limit": MEMORY,
            "temp_directory": f"{scratch}/spill",
            "preserve_insertion_order": True,
        }
        with duckdb.connect(config=settings) as con:
            con.execute("SET TimeZone='UTC'")
            try:
                yield _opened(con, path, form, Path(scratch), encoding)
            except duckdb.Error as error:
                raise ConfigError(f"{path}: cannot be read as {form}: {str(error).splitlines()[0]}") from None
            except FileFault as fault:
                raise ConfigError(str(fault)) from None


def _format(path: Path) -> str:
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file")
    found = FORMATS.get(ending_of(path))
    if found is None:
        known = ", ".join(f".{ending}" for ending in FORMATS)
        raise ConfigError(f"{path}: a sample is a file ending in {known}; {EXPORT}")
    if path.stat().st_size == 0:
        raise ConfigError(f"{path} is empty (0 bytes); was the export finished?")
    return found


def _opened(con: Any, path: Path, form: str, scratch: Path, encoding: str) -> Sample:
    if form == "csv":
        notes = _texts(con, path, scratch, encoding)
        columns = typed(con, [name for name in _types(con, "raw") if name != LINE])
    else:
        notes = []
        con.execute(f"CREATE VIEW raw AS SELECT * RENAME (file_row_number AS {LINE}) FROM read_parquet({literal(str(path))}, "
                    "file_row_number=true)")  # fmt: skip
        columns = {name: quoted(name) for name in _types(con, "raw") if name != LINE}
    types = _types(con, "raw")
    chosen = ", ".join(f"{_value(value, types[name])} AS {quoted(name)}" for name, value in columns.items())
    con.execute(f"CREATE VIEW sample AS SELECT {chosen} FROM raw")
    found = _types(con, "sample")
    kinds = {name: types[name] if is_zoneless(types[name]) else found[name] for name in found}
    return Sample(con, path, form, kinds, tuple(notes), encoding)


def _texts(con: Any, path: Path, scratch: Path, encoding: str) -> list[str]:
    """The file as a Parquet file of texts, by the reader of deliveries; says what it leaves out."""
    text = as_utf8(path, scratch, encoding=encoding or "utf-8", say="with --encoding", max_bytes=LARGEST)
    header = header_of(text)
    places = ordered_names(header.names)
    if not places:
        raise ConfigError(f"{path}: there is no line with the names of the columns")
    lines = read_lines(con, text, header, "lines", scratch)
    copy = literal(str(scratch / "text.parquet"))
    chosen = ", ".join(f"c{place} AS {quoted(name)}" for name, place in places.items())
    con.execute(f"COPY (SELECT {chosen}, line AS {LINE} FROM ({lines}) WHERE torn IS NULL) TO {copy} (FORMAT parquet)")
    con.execute(f"CREATE VIEW raw AS SELECT * FROM read_parquet({copy})")
    torn = [row[0] for row in con.execute(f"SELECT line FROM ({lines}) WHERE torn IS NOT NULL ORDER BY line").fetchall()]
    return [*_left_out(header, places), *_torn(torn)]


def _left_out(header: Header, places: Mapping[str, int]) -> Iterator[str]:
    for place, name in enumerate(header.names):
        if not name:
            yield f"Column {place + 1} has no name and is left out."
        elif name not in places:
            yield f"Column {name!r} is left out: it differs from another one only in capitals."


def _torn(lines: Sequence[int]) -> Iterator[str]:
    if lines:
        first = ", ".join(f"{line:,}" for line in lines[:3]) + (", ..." if len(lines) > 3 else "")
        rows = "1 line has" if len(lines) == 1 else f"{len(lines):,} lines have"
        yield f"{rows} more or fewer fields than the header (line {first}) and played no part in the draft."


def _value(value: str, kind: str) -> str:
    """NaN is how some tools write nothing. A time without a zone is ambiguous: only its day counts, as in a delivery."""
    if kind in ("DOUBLE", "FLOAT"):
        return f"nullif({value}, 'NaN'::{kind})"
    return f"CAST({value} AS DATE)" if is_zoneless(kind) else value


def is_zoneless(kind: str) -> bool:
    """Whether the DuckDB type ``kind`` is a timestamp without a time zone, as tools without dates write them."""
    return kind.startswith("TIMESTAMP") and "TIME ZONE" not in kind and "[" not in kind


def _types(con: Any, view: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE {view}").fetchall()}
