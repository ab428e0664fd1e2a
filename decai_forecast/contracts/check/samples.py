"""A few rows that broke a rule, for the partner's own report; confidential values stay hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from decai_forecast.contracts.check.delivery import Delivery
from decai_forecast.contracts.check.hints import hint
from decai_forecast.contracts.model import Rule
from decai_forecast.contracts.reserved import LINE, ROW, TORN, UNREADABLE

__all__ = ["SAMPLES", "sample_rows"]

SAMPLES = 3
SAMPLE_CHARACTERS = 120  # characters of a raw text
HIDDEN = ("confidential", "restricted", "secret")


def sample_rows(delivery: Delivery, rules: Sequence[Rule], first: Mapping[str, Sequence[int]]) -> dict[str, tuple[str, ...]]:
    """Rule id -> its sample rows in words; all rows are fetched in one query."""
    numbers = sorted({number for rows in first.values() for number in rows})
    if not numbers:
        return {}
    rows = delivery.con.execute(f"SELECT * FROM delivery WHERE {ROW} IN ({', '.join(map(str, numbers))})")
    names = [column[0] for column in rows.description]
    by_row = {row[names.index(ROW)]: dict(zip(names, row, strict=True)) for row in rows.fetchall()}
    return {rule.id: tuple(_said(by_row[n], rule, delivery) for n in first.get(rule.id, ()) if n in by_row) for rule in rules}


def _said(row: Mapping[str, Any], rule: Rule, delivery: Delivery) -> str:
    at = f"line {row[LINE]}" if row.get(LINE) is not None else f"row {row[ROW]}"
    if rule.kind == "readable":
        return f"{at}: {_unreadable(row.get(UNREADABLE) or {}, delivery)}"
    shown = dict.fromkeys([*delivery.contract.key, *rule.columns])
    return f"{at}: " + ", ".join(f"{name}={_value(row[name], name, delivery)}" for name in shown if name in row)


def _unreadable(raw: Mapping[str, str], delivery: Delivery) -> str:
    if TORN in raw:
        return f"the line has more or fewer fields than the header: {_short(raw[TORN])}"
    said = ", ".join(f"{name}={_value(_short(value), name, delivery)}" for name, value in raw.items())
    guess = hint(raw.values())
    return f"{said} ({guess})" if guess else said


def _short(text: str) -> str:
    """A quote that is never closed may hold the rest of the file."""
    return repr(text) if len(text) <= SAMPLE_CHARACTERS else f"{text[:SAMPLE_CHARACTERS]!r}... ({len(text):,} characters)"


def _value(value: Any, name: str, delivery: Delivery) -> Any:
    hidden = {column.name for column in delivery.contract.columns if column.classification.strip().lower() in HIDDEN}
    return "(hidden)" if name in hidden else value
