"""What a sample file is like, column by column: counts, types and ranges; no values but the smallest and the largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decai_forecast.contracts.draft.sample import Sample, is_zoneless, opened
from decai_forecast.errors import ConfigError
from decai_forecast.sql import name as quoted

__all__ = ["ColumnProfile", "Profile", "profile", "profile_of"]

LOGICAL = {  # DuckDB type -> ODCS logicalType
    "VARCHAR": "string", "ENUM": "string", "DATE": "date", "TIMESTAMP": "timestamp", "BOOLEAN": "boolean", "DOUBLE": "number",
    "FLOAT": "number", "DECIMAL": "number", "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer",
    "BIGINT": "integer", "HUGEINT": "integer", "UTINYINT": "integer", "USMALLINT": "integer", "UINTEGER": "integer",
    "UBIGINT": "integer",
}  # fmt: skip
NUMERIC = ("integer", "number")
TEMPORAL = ("date", "timestamp")
SIZE = 7  # measures of one column


@dataclass(frozen=True)
class ColumnProfile:
    """One column under the partner's name; ``logical`` is empty for a type no contract can promise (lists, bytes)."""

    name: str
    type: str  # as DuckDB names it
    logical: str  # ODCS logicalType
    filled: int  # values that are not NULL
    distinct: int  # approximately: HyperLogLog, within a few percent
    minimum: Any = None  # of numbers, dates and timestamps
    maximum: Any = None
    shortest: int = 0  # characters, of texts
    longest: int = 0
    digits: bool = False  # every text is digits only


@dataclass(frozen=True)
class Profile:
    """The file at ``path``: its number of rows and its columns, in their order."""

    path: Path
    format: str  # parquet or csv
    rows: int
    columns: tuple[ColumnProfile, ...]

    def column(self, name: str) -> ColumnProfile:
        """The column the partner calls ``name``."""
        return next(column for column in self.columns if column.name == name)

    def is_filled(self, name: str) -> bool:
        return self.column(name).filled == self.rows


def profile(sample: Path) -> Profile:
    """Reads a Parquet or CSV file (``.csv``, ``.csv.gz``) in one scan and at most 1 GB of memory.

    :class:`~decai_forecast.errors.ConfigError` if it cannot be read or has no rows.
    """
    with opened(sample) as opened_sample:
        return profile_of(opened_sample)


def profile_of(sample: Sample) -> Profile:
    """As :func:`profile`, for a sample that is open."""
    columns = [(name, kind, logical_type(kind)) for name, kind in sample.types.items()]
    parts = [part for name, _, logical in columns for part in _measures(quoted(name), logical)]
    rows, *measured = sample.rows(f"SELECT {', '.join(['count(*)', *parts])} FROM sample")[0]
    if rows == 0:
        raise ConfigError(f"{sample.path}: the sample has no rows")
    values = [measured[k : k + SIZE] for k in range(0, len(measured), SIZE)]
    return Profile(sample.path, sample.format, rows, tuple(map(_profile, columns, values)))


def logical_type(kind: str) -> str:
    """The ODCS logicalType of a DuckDB type; empty where there is none. A time without a zone counts as its day."""
    if is_zoneless(kind):
        return "date"
    return next((logical for prefix, logical in LOGICAL.items() if kind.startswith(prefix) and "[" not in kind), "")


def _measures(column: str, logical: str) -> list[str]:
    """SIZE aggregates: filled, distinct, minimum, maximum, shortest, longest, digits."""
    ordered = [f"min({column})", f"max({column})"] if logical in (*NUMERIC, *TEMPORAL) else ["NULL", "NULL"]
    lengths, digits = ["NULL", "NULL"], "NULL"
    if logical == "string":
        lengths = [f"min(length({column}))", f"max(length({column}))"]
        digits = f"bool_and(regexp_full_match({column}, '[0-9]+'))"
    distinct = f"approx_count_distinct({column})" if logical else "0"
    return [f"count({column})", distinct, *ordered, *lengths, digits]


def _profile(column: tuple[str, str, str], values: Sequence[Any]) -> ColumnProfile:
    name, kind, logical = column
    filled, distinct, low, high, shortest, longest, digits = values
    return ColumnProfile(name, kind, logical, filled, distinct, low, high, shortest or 0, longest or 0, bool(digits))
