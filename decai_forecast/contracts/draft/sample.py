"""A sample file as a typed DuckDB view, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from decai_forecast.contracts.draft.text_types import typed
from decai_forecast.errors import ConfigError
from decai_forecast.sql import name as quoted
from decai_forecast.sql import text as literal

__all__ = ["Sample", "opened"]

MEMORY = "1GB"  # DuckDB spills to disk beyond it
FORMATS = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}


@dataclass(frozen=True)
class Sample:
    """The file at ``path``; ``types`` are its DuckDB types. The view ``sample`` has its rows."""

    con: Any
    path: Path
    format: str
    types: dict[str, str]

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
def opened(path: Path) -> Iterator[Sample]:
    """The sample, for the time of the block; :class:`~decai_forecast.errors.ConfigError` if it cannot be read."""
    import duckdb

    form = _format(path)
    with TemporaryDirectory(prefix="decai-sample-") as scratch:
        settings: dict[str, Any] = {
            "memory_limit": MEMORY,
            "temp_directory": f"{scratch}/spill",
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=settings) as con:
            con.execute("SET TimeZone='UTC'")
            try:
                types = _view(con, path, form, Path(scratch))
            except duckdb.Error as error:
                raise ConfigError(f"{path}: cannot be read as {form}: {str(error).splitlines()[0]}") from None
            yield Sample(con, path, form, types)


def _format(path: Path) -> str:
    found = next((form for ending, form in FORMATS.items() if path.name.lower().endswith(ending)), None)
    if found is None:
        raise ConfigError(f"{path}: a sample is a file ending in {', '.join(FORMATS)}")
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file")
    return found


def _view(con: Any, path: Path, form: str, scratch: Path) -> dict[str, str]:
    if form == "csv":
        columns = typed(con, _as_text(con, path, scratch))
    else:
        con.execute(f"CREATE VIEW raw AS SELECT * FROM read_parquet({literal(str(path))})")
        columns = {name: quoted(name) for name in _types(con, "raw")}
    types = _types(con, "raw")
    chosen = ", ".join(f"{_value(value, types[name])} AS {quoted(name)}" for name, value in columns.items())
    con.execute(f"CREATE VIEW sample AS SELECT {chosen} FROM raw")
    found = _types(con, "sample")
    return {name: types[name] if is_zoneless(types[name]) else found[name] for name in found}


def _as_text(con: Any, path: Path, scratch: Path) -> list[str]:
    """The CSV file as a Parquet file of texts: a type that is guessed while reading would drop leading zeros."""
    copy = literal(str(scratch / "text.parquet"))
    con.execute(f"COPY (FROM read_csv({literal(str(path))}, header=true, all_varchar=true)) TO {copy} (FORMAT parquet)")
    con.execute(f"CREATE VIEW raw AS SELECT * FROM read_parquet({copy})")
    return list(_types(con, "raw"))


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
