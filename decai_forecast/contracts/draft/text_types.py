"""Types of the columns of a text file. A value that would not come back as it was written stays a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from decai_forecast.contracts.draft.names import identifies
from decai_forecast.sql import name as quoted

__all__ = ["SHAPES", "fits", "typed"]

Shape = tuple[str, str]
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
SHAPES: Sequence[Shape] = (  # DuckDB type, and what every value must look like; the first that fits counts
    ("BOOLEAN", "(?i)true|false"),
    ("BIGINT", "[-+]?(0|[1-9][0-9]{0,17})"),
    ("DOUBLE", r"[-+]?(0|[1-9][0-9]{0,14})?(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?"),
    ("DATE", rf"{DAY}([T ]00:00(:00(\.0+)?)?)?"),
    ("TIMESTAMPTZ", rf"{DAY}[ T]{CLOCK}(Z|[-+][0-9]{{2}}(:?[0-9]{{2}})?)"),  # without a zone a time is no point in time
)  # fmt: skip


FIRST = 50_000  # rows that propose a type; then every row is held against it


def typed(con: Any, names: Sequence[str]) -> dict[str, str]:
    """Column -> SQL that gives its value in its type, for the view ``raw`` of texts."""
    proposed = _first_that_fits(con, dict.fromkeys(names, SHAPES), f"(FROM raw LIMIT {FIRST})")
    held = _first_that_fits(con, {name: (shape,) for name, shape in proposed.items() if shape}, "raw")
    again = [name for name, shape in proposed.items() if shape and not held[name]]
    held |= _first_that_fits(con, dict.fromkeys(again, SHAPES), "raw")
    return {name: _cast(quoted(name), _kind(name, held.get(name))) for name in names}


def _cast(column: str, kind: str) -> str:
    return column if kind == "VARCHAR" else f"CAST(nullif({cut(column, kind)}, '') AS {kind})"


def _kind(name: str, shape: Shape | None) -> str:
    kind = shape[0] if shape else "VARCHAR"
    return "VARCHAR" if kind in ("BIGINT", "DOUBLE") and identifies(name) else kind


def _first_that_fits(con: Any, tried: Mapping[str, Sequence[Shape]], source: str) -> dict[str, Shape | None]:
    """For each column the first of its shapes that all values have, or None; one scan."""
    tests = [f"coalesce({_fits(quoted(name), *shape)}, FALSE)" for name, shapes in tried.items() for shape in shapes]
    answers = iter(con.execute(f"SELECT {', '.join(tests)} FROM {source}").fetchall()[0]) if tests else iter(())
    fits = {name: [shape for shape in shapes if next(answers)] for name, shapes in tried.items()}
    return {name: shapes[0] if shapes else None for name, shapes in fits.items()}


def fits(column: str, kind: str, shape: str) -> str:
    """SQL: whether a text, blanks around it aside, is a value of the type."""
    return f"(regexp_full_match(trim({column}), '{shape}') AND TRY_CAST({cut(column, kind)} AS {kind}) IS NOT NULL)"


def cut(column: str, kind: str) -> str:
    """SQL: the part of a text that is its value; nothing but blanks is no value, as in a delivery."""
    return f"left(trim({column}), 10)" if kind == "DATE" else f"trim({column})"


def _fits(column: str, kind: str, shape: str) -> str:
    return f"bool_and({fits(column, kind, shape)}) FILTER (WHERE trim({column}) <> '')"
