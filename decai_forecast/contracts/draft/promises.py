"""What a column of the sample can promise: ranges, lists of values, shapes."""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import Any

from decai_forecast.contracts.draft.names import AMOUNTS, identifies
from decai_forecast.contracts.draft.profile import NUMERIC, ColumnProfile
from decai_forecast.contracts.draft.sample import Sample
from decai_forecast.sql import name as quoted

__all__ = ["enum_of", "options_of", "round_up"]

WORDS_NOT_NEGATIVE = frozenset(["qty", "quantity", "units", "stock", "price", "cost", "amount", "weight", "count", "days"])
HEADROOM = 10  # a later value may be so many times the largest of the sample before it looks like an error
MANY_ROWS = 1000  # fewer rows say too little about what later deliveries bring
FEW_VALUES, LONGEST_VALUE = 12, 40


def options_of(ours: str, column: ColumnProfile, rows: int) -> dict[str, Any]:
    """The ODCS ``logicalTypeOptions`` of a column that is ``ours`` by name; every one of them holds in the sample."""
    if column.logical in NUMERIC:
        return _range(ours, column, rows)
    if column.logical == "string":
        return _shape(column, rows)
    return {"timezone": True} if column.type == "TIMESTAMP WITH TIME ZONE" else {}


def _range(ours: str, column: ColumnProfile, rows: int) -> dict[str, Any]:
    low, high = column.minimum, column.maximum
    measured = ours in (*AMOUNTS, "promotion") or bool(WORDS_NOT_NEGATIVE & set(ours.split("_")))
    if not measured or low is None or low < 0:
        return {}
    if ours == "promotion" and column.logical == "integer" and high <= 1:
        return {"minimum": 0, "maximum": 1}
    generous = rows >= MANY_ROWS and 0 < high < float("inf") and isfinite(float(high))
    return {"minimum": 0} | ({"maximum": round_up(HEADROOM * float(high))} if generous else {})


def round_up(value: float) -> int | float:
    """The next number with one significant digit: 4210 -> 5000, 0.31 -> 0.4."""
    unit = 10.0 ** floor(log10(value))
    found = float(f"{unit * -(-value // unit):.6g}")
    return int(found) if found.is_integer() else found


def _shape(column: ColumnProfile, rows: int) -> dict[str, Any]:
    """Codes of one length, digits only. Short ones and few rows say nothing: 1 to 9 are not "one digit" for ever."""
    fixed = column.digits and column.shortest == column.longest >= 4
    return {"pattern": f"^[0-9]{{{column.longest}}}$"} if fixed and rows >= MANY_ROWS else {}


def enum_of(sample: Sample, ours: str, column: ColumnProfile, rows: int) -> list[str]:
    """All values of a text column with a few, in many rows; empty for names, numbers of things, and free texts."""
    if column.logical != "string" or rows < MANY_ROWS or column.distinct > 2 * FEW_VALUES:
        return []
    if identifies(ours) or identifies(column.name) or column.longest > LONGEST_VALUE or column.shortest == 0:
        return []
    name = quoted(column.name)
    found = sample.rows(f"SELECT CAST({name} AS VARCHAR) AS value FROM sample WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1")
    values = [str(row[0]) for row in found]
    return values if len(values) <= FEW_VALUES and all(value.isprintable() for value in values) else []
