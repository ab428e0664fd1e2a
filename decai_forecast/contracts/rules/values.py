"""Whether a value that stands in a contract fits the column it is about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["NUMERIC", "TEMPORAL", "a_kind", "contradiction", "expected", "family", "fits", "is_number"]

NUMERIC = ("integer", "number")
TEMPORAL = ("date", "timestamp")
EXPECTED = {
    "string": "text (put it in quotes)", "integer": "a whole number", "number": "a number",
    "date": "an ISO 8601 date or time", "timestamp": "an ISO 8601 date or time", "boolean": "true or false",
}  # fmt: skip
LOWER, UPPER = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def a_kind(logical_type: str) -> str:
    """``a date``, ``an integer``."""
    return f"{'an' if logical_type[:1] in 'aeiou' else 'a'} {logical_type}"


def family(logical_type: str) -> str:
    """Columns of one family can be compared."""
    return "number" if logical_type in NUMERIC else "date" if logical_type in TEMPORAL else logical_type


def expected(logical_type: str) -> str:
    """What a value of such a column must be, for a message."""
    return EXPECTED.get(logical_type, logical_type)


def fits(value: Any, logical_type: str) -> bool:
    if logical_type in NUMERIC:
        return is_number(value) and (logical_type == "number" or value == int(value))
    if logical_type in TEMPORAL:
        return _moment(value) is not None
    return isinstance(value, bool) if logical_type == "boolean" else isinstance(value, str)


def _moment(value: Any) -> datetime | None:
    """A date or time; what names no zone is UTC."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def contradiction(limits: Mapping[str, Any]) -> str:
    """``minimum is 10, maximum is 3`` if no value can keep all ``limits``, else nothing."""
    for low in LOWER:
        for high in UPPER:
            if low in limits and high in limits:
                least, most = _moment(limits[low]) or limits[low], _moment(limits[high]) or limits[high]
                strict = low == "exclusiveMinimum" or high == "exclusiveMaximum"
                if least > most or (strict and least == most):
                    return f"{low} is {limits[low]}, {high} is {limits[high]}"
    return ""
