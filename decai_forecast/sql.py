"""Names and values in DuckDB's SQL: always quoted, whatever a partner calls a column."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

__all__ = ["literal", "name", "text"]


def name(value: str) -> str:
    """An identifier, quoted."""
    return '"' + value.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def literal(value: Any) -> str:
    """A number, truth value, date, time, NULL or text."""
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return repr(value) if isinstance(value, int | float) else text(str(value))
