"""Regular expressions, tried by the engine that will run them."""

from __future__ import annotations

import re
from typing import Any

from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where

__all__ = ["is_pattern"]

UNKNOWN = re.compile(r"\(\?<?[=!]|\(\?>|[+*?}]\+|\\[1-9]")


def is_pattern(pattern: Any, where: Where, complain: Complaints) -> bool:
    """Patterns run on RE2, in linear time. At parse time, where DuckDB would be too heavy, only text is asked for."""
    if not isinstance(pattern, str):
        complain(where, f"{where[-1]} must be text, not {pattern!r}")
        return False
    if complain.strict and (why := _fault(pattern)):
        if UNKNOWN.search(pattern):
            fault = "uses look-around, back references or possessive repetition, which RE2 does not know"
            complain(where, f"pattern '{pattern}' {fault}")
        else:
            complain(where, f"pattern '{pattern}' is not a regular expression of RE2 ({why})")
        return False
    return True


def _fault(pattern: str) -> str:
    import duckdb

    try:
        with duckdb.connect() as con:
            con.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
    return ""
