"""A few rows that broke a rule, for the partner's own report; confidential values stay hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from decai_forecast.contracts.check.delivery import LINE, ROW, UNREADABLE, Delivery
from decai_forecast.contracts.check.hints import hint
from decai_forecast.contracts.model import Rule

__all__ = ["SAMPLES", "sample_rows"]

SAMPLES = 3
HIDDEN = ("confidential", "restricted", "secret")


def sample_rows(delivery: Delivery, rules: Sequence[Rule], first: Mapping[str, Sequence[int]]) -> dict[str, tuple[str, ...]]:
    """Rule id -> its sample rows in words; all rows are fetched in one query."""
    numbers = sorted({number for rows in first.values() for number in rows})
    if not numbers:
        return {}
    rows = delivery.con.execute(f"SELECT * FROM delivery WHERE {ROW} IN ({', '.join(map(str, numbers))})")
    names = [column[0] for column in rows.description]
    found = {row[names.index(ROW)]: dict(zip(names, row, strict=True)) for row in rows.fetchall()}
    return {rule.id: tuple(_said(found[n], rule, delivery) for n in first.get(rule.id, ()) if n in found) for rule in rules}


def _said(row: Mapping[str, Any], rule: Rule, delivery: Delivery) -> str:
    at = f"line {row[LINE]}" if row.get(LINE) is not None else f"row {row[ROW]}"
    if rule.kind == "readable":
        return f"{at}: {_unreadable(row.get(UNREADABLE) or {}, delivery)}"
    shown = dict.fromkeys([*delivery.contract.key, *_columns(rule)])
    return f"{at}: " + ", ".join(f"{name}={_value(row[name], name, delivery)}" for name in shown if name in row)


def _unreadable(raw: Mapping[str, str], delivery: Delivery) -> str:
    if "_row" in raw:
        return f"the line has more or fewer fields than the header: {raw['_row']!r}"
    said = ", ".join(f"{name}={_value(repr(value), name, delivery)}" for name, value in raw.items())
    guess = hint(raw.values())
    return f"{said} ({guess})" if guess else said


def _columns(rule: Rule) -> list[str]:
    """The columns a rule is about."""
    named = [rule.column, *rule.arguments.get("columns", ()), *rule.arguments.get("plus", ()), *rule.arguments.get("minus", ())]
    named += [rule.arguments[key] for key in ("left", "right", "opening", "closing") if key in rule.arguments]
    return [name for name in named if name]


def _value(value: Any, name: str, delivery: Delivery) -> Any:
    hidden = {column.name for column in delivery.contract.columns if column.classification in HIDDEN}
    return "(hidden)" if name in hidden else value
