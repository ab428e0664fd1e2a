"""Rules about rows as SQL: for each kind an expression that is TRUE for a row that breaks the rule.

Where a value is missing (NULL), only ``required`` and ``missing`` are broken: a rule about a value needs one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from decai_forecast import sql
from decai_forecast.contracts.check.delivery import Delivery, limit
from decai_forecast.contracts.model import Rule
from decai_forecast.contracts.reserved import TORN, UNREADABLE

__all__ = ["ROW_KINDS", "UNKNOWN", "predicate", "unread"]

SIGNS = {"minimum": "<", "maximum": ">", "exclusiveMinimum": "<=", "exclusiveMaximum": ">="}
UNKNOWN = "FALSE"  # nothing to test against: no row breaks the rule


def predicate(rule: Rule, delivery: Delivery) -> str:
    """SQL over the view ``delivery``."""
    return ROW_KINDS[rule.kind](rule, delivery)


def _required(rule: Rule, delivery: Delivery) -> str:
    """What could not be read is not missing: it is told once, as unreadable."""
    empty = f"{sql.name(rule.column)} IS NULL"
    if UNREADABLE not in delivery.helpers:
        return empty
    return f"{empty} AND NOT ({unread([rule.column])})"


def unread(columns: Sequence[str]) -> str:
    """SQL: whether a row of texts has no value in one of ``columns`` because it could not be read."""
    return " OR ".join(f"coalesce(map_contains({UNREADABLE}, {sql.text(key)}), FALSE)" for key in (*columns, TORN))


def _readable(rule: Rule, delivery: Delivery) -> str:  # noqa: ARG001  one signature for all kinds
    return f"coalesce(cardinality({UNREADABLE}), 0) > 0" if UNREADABLE in delivery.helpers else UNKNOWN


def _missing(rule: Rule, delivery: Delivery) -> str:  # noqa: ARG001
    values = rule.arguments["values"]
    named = [sql.text(str(value)) for value in values if value is not None]
    tests = [f"{sql.name(rule.column)} IS NULL"] if None in values else []
    tests += [f"CAST({sql.name(rule.column)} AS VARCHAR) IN ({', '.join(named)})"] if named else []
    return " OR ".join(tests) or UNKNOWN


def _enum(rule: Rule, delivery: Delivery) -> str:
    kind = delivery.types.get(rule.column, "")
    text = kind.startswith(("VARCHAR", "ENUM"))
    values = [sql.text(str(value)) if text else sql.literal(limit(value, kind)) for value in rule.arguments["values"]]
    return f"{sql.name(rule.column)} NOT IN ({', '.join(values)})"


def _range(rule: Rule, delivery: Delivery) -> str:
    column, kind = sql.name(rule.column), delivery.types.get(rule.column, "")
    limits = rule.arguments.items()
    return " OR ".join(f"{column} {SIGNS[key]} {sql.literal(limit(value, kind))}" for key, value in limits)


def _pattern(rule: Rule, delivery: Delivery) -> str:  # noqa: ARG001
    """The whole value where the pattern is anchored, else any part of it, as in JSON Schema and ODCS."""
    pattern, column = str(rule.arguments["pattern"]), f"CAST({sql.name(rule.column)} AS VARCHAR)"
    if pattern.startswith("^") and pattern.endswith("$") and "|" not in pattern and not pattern.endswith("\\$"):
        return f"NOT regexp_full_match({column}, {sql.text(pattern[1:-1])})"  # half the cost of a search
    return f"NOT regexp_matches({column}, {sql.text(pattern)})"


def _length(rule: Rule, delivery: Delivery) -> str:  # noqa: ARG001
    signs = {"minLength": "<", "maxLength": ">"}
    return " OR ".join(f"length({sql.name(rule.column)}) {signs[key]} {int(n)}" for key, n in rule.arguments.items())


def _multiple(rule: Rule, delivery: Delivery) -> str:  # noqa: ARG001
    step = float(rule.arguments["step"])
    quotient = f"({sql.name(rule.column)} / {step!r})"
    return f"abs({quotient} - round({quotient})) > 1e-9 * greatest(1, abs({quotient}))"


def _reference(rule: Rule, delivery: Delivery) -> str:
    """Qualified: a column that the other data set lacks would else be the delivery's own, in which every value is found."""
    path = delivery.references.get(rule.arguments["data_set"])
    if path is None:
        return UNKNOWN
    column, target = sql.name(rule.column), f"r.{sql.name(rule.arguments['column'])}"
    known = f"SELECT {target} FROM read_parquet({sql.text(str(path))}) r WHERE {target} IS NOT NULL"
    return f"({column} IS NOT NULL AND {column} NOT IN ({known}))"


def _future(rule: Rule, delivery: Delivery) -> str:
    at = sql.literal(limit(delivery.as_of.isoformat(), delivery.types.get(rule.column, "")))
    return f"{sql.name(rule.column)} >= {at}"


def _standard(rule: Rule, delivery: Delivery) -> str:  # noqa: ARG001
    from decai_forecast.contracts.standards import invalid_sql

    return invalid_sql(rule.arguments["is"], sql.name(rule.column))


def _compare(rule: Rule, delivery: Delivery) -> str:  # noqa: ARG001
    arguments = rule.arguments
    return f"NOT ({sql.name(arguments['left'])} {arguments['operator']} {sql.name(arguments['right'])})"


def _balance(rule: Rule, delivery: Delivery) -> str:  # noqa: ARG001
    arguments: Mapping[str, Any] = rule.arguments
    flow = [sql.name(arguments["opening"])]
    flow += [f"+ coalesce({sql.name(column)}, 0)" for column in arguments["plus"]]
    flow += [f"- coalesce({sql.name(column)}, 0)" for column in arguments["minus"]]
    return f"abs({' '.join(flow)} - {sql.name(arguments['closing'])}) > {arguments['tolerance']!r} + 1e-9"


ROW_KINDS: Mapping[str, Callable[[Rule, Delivery], str]] = {
    "required": _required,
    "readable": _readable,
    "missing": _missing,
    "enum": _enum,
    "range": _range,
    "pattern": _pattern,
    "length": _length,
    "multiple": _multiple,
    "reference": _reference,
    "future": _future,
    "standard": _standard,
    "compare": _compare,
    "balance": _balance,
}
