"""Columns that hold text and probably should not: the first value that shows it, its place, and what it looks like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from decai_forecast.contracts.check.hints import hint
from decai_forecast.contracts.draft.names import identifies
from decai_forecast.contracts.draft.profile import ColumnProfile
from decai_forecast.contracts.draft.sample import Sample
from decai_forecast.contracts.draft.text_types import SHAPES, fits
from decai_forecast.contracts.reserved import LINE
from decai_forecast.sql import name as quoted

__all__ = ["doubts", "held_instead"]

KINDS = {"integer": ("BIGINT",), "number": ("BIGINT", "DOUBLE"), "date": ("DATE",), "timestamp": ("TIMESTAMPTZ",)}


def held_instead(sample: Sample, column: ColumnProfile, wanted: Sequence[str]) -> str:
    """What ``column`` holds where one of the logical types ``wanted`` is needed: its first such value, or its type."""
    found = _first_unlike(sample, column, wanted) if column.logical == "string" else None
    if found is None:
        return f"column {column.name!r} holds {column.type}"
    value, place = found
    guess = hint([value])
    return f"column {column.name!r} holds {value!r} in {_place(sample, place)}{f' ({guess})' if guess else ''}"


def doubts(sample: Sample, columns: Sequence[ColumnProfile]) -> Iterator[str]:
    """Notes about text columns whose first value looks like a number or a date that was written another way."""
    for column in columns:
        if column.logical != "string" or identifies(column.name):
            continue
        name = quoted(column.name)
        first = sample.rows(f"SELECT {name}, {LINE} FROM raw WHERE trim({name}) <> '' ORDER BY {LINE} LIMIT 1")
        guess = hint([str(first[0][0])]) if first else ""
        if guess and "missing value" not in guess:
            shown = f"{first[0][0]!r} in {_place(sample, first[0][1])}"
            yield f"Column {column.name!r} is promised as text: {shown} {guess}."


def _first_unlike(sample: Sample, column: ColumnProfile, wanted: Sequence[str]) -> tuple[str, int] | None:
    kinds = {kind for logical in wanted for kind in KINDS[logical]}
    name = quoted(column.name)
    good = " OR ".join(fits(name, kind, shape) for kind, shape in SHAPES if kind in kinds)
    query = f"SELECT {name}, {LINE} FROM raw WHERE trim({name}) <> '' AND NOT ({good}) ORDER BY {LINE} LIMIT 1"
    found = sample.rows(query)
    return (str(found[0][0]), int(found[0][1])) if found else None


def _place(sample: Sample, number: int) -> str:
    return f"{'line' if sample.format == 'csv' else 'row'} {number:,}"
