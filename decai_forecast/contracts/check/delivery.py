"""A delivery opened in DuckDB: a view with row numbers, its types, and the contract it came under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from decai_forecast import sql
from decai_forecast.contracts.check.arrival import Arrival
from decai_forecast.contracts.check.hints import meant
from decai_forecast.contracts.model import Column, Contract
from decai_forecast.contracts.reserved import LINE, PREFIX, ROW, UNREADABLE

__all__ = ["Delivery", "limit", "not_delivered", "type_problems"]

MEMORY = "512MB"  # DuckDB spills to disk beyond it
FAMILIES = {  # logical type -> DuckDB types that hold it
    "string": ("VARCHAR", "ENUM"),
    "integer": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    "number": ("DOUBLE", "FLOAT", "DECIMAL"),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP WITH TIME ZONE",),
    "boolean": ("BOOLEAN",),
}


class Delivery:
    """The Parquet file ``path`` in the contract's column names, as of the data cut-off ``as_of`` (exclusive).

    ``references`` are the partner's other data sets (name -> Parquet file) for foreign keys; ``history`` is the last
    accepted delivery of this data set, if there is one; ``arrival`` is what the pull saw.
    """

    def __init__(
        self, contract: Contract, path: Path, as_of: date, scratch: Path, *,
        references: Mapping[str, Path] | None = None, history: Path | None = None, arrival: Arrival | None = None,
    ) -> None:  # fmt: skip
        import duckdb

        self.contract, self.path, self.as_of, self.scratch = contract, path, as_of, scratch
        self.references, self.history, self.arrival = dict(references or {}), history, arrival or Arrival()
        self.con = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(scratch / "spill")})
        self.con.execute("SET TimeZone='UTC'")
        self.con.execute(f"CREATE VIEW delivery AS {self.rows_of(path)}")
        described = self.con.execute("DESCRIBE delivery").fetchall()
        self.types = {row[0]: row[1] for row in described if not row[0].startswith(PREFIX)}
        self.helpers = {row[0] for row in described} & {UNREADABLE, LINE}

    def __enter__(self) -> Delivery:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.con.close()

    @staticmethod
    def rows_of(path: Path) -> str:
        """A query over a Parquet file with its row numbers (from 0) as ``row_nr``."""
        return f"SELECT * RENAME (file_row_number AS {ROW}) FROM read_parquet({sql.text(str(path))}, file_row_number=true)"

    def all(self, query: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.con.execute(query).fetchall()
        return rows

    def one(self, query: str) -> Any:
        return self.all(query)[0][0]

    def before_cut_off(self, column: str) -> str:
        """SQL: whether a row lies before the data cut-off; one from the future tells nothing about freshness or gaps."""
        return f"{sql.name(column)} < {sql.literal(limit(self.as_of.isoformat(), self.types.get(column, '')))}"

    def write(self, query: str, target: Path) -> None:
        self.con.execute(f"COPY ({query}) TO {sql.text(str(target))} (FORMAT parquet, COMPRESSION zstd)")


def limit(value: Any, kind: str) -> Any:
    """A bound in the column's own kind: what names no zone is UTC."""
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    if kind == "DATE":
        return moment.date()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def type_problems(columns: Sequence[Column], types: Mapping[str, str], extra: Sequence[str] = ()) -> list[str]:
    """What is wrong with the delivery's columns and types; nothing is scanned. ``extra`` columns may be misspelt ones."""
    problems = [_problem(column, types.get(column.name), extra) for column in columns]
    return [problem for problem in problems if problem]


def not_delivered(columns: Sequence[Column], types: Mapping[str, str]) -> list[str]:
    """Optional columns that did not come."""
    left = [column for column in columns if column.name not in types and not _needed(column)]
    return [f"column {column.source_name!r} ({column.logical_type}) is not in the delivery; it is optional" for column in left]


def _needed(column: Column) -> bool:
    return column.required or column.name in ("quantity", "on_hand")


def _problem(column: Column, given: str | None, extra: Sequence[str]) -> str:
    if given is None:
        problem = f"column {column.source_name!r} ({column.logical_type}) is missing{meant(column.source_name, extra)}"
        return problem if _needed(column) else ""
    allowed = FAMILIES.get(column.logical_type, ())
    if column.logical_type == "number":
        allowed = (*allowed, *FAMILIES["integer"])
    problem = f"column {column.source_name!r} must be {{}}, the delivery has {given}"
    if column.logical_type == "timestamp" and given.upper() == "TIMESTAMP":
        return problem.format("timestamp with a time zone") + ": a time without a zone is ambiguous"
    if allowed and not given.upper().startswith(allowed):
        return problem.format(column.logical_type)
    exact = column.physical_type.upper()
    return problem.format(exact) if exact and exact != given.upper() else ""
