"""Rules that stand at a column: filled, unique, enumerated, bounded, shaped, referring to another data set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from decai_forecast.contracts.model import Column, Rule, Where
from decai_forecast.contracts.rules.bounds import is_number
from decai_forecast.contracts.rules.complaints import Complaints
from decai_forecast.contracts.standard import near
from decai_forecast.contracts.vocabulary import DATA_SETS

__all__ = ["column_rules"]

NUMERIC = ("integer", "number")
TEMPORAL = ("date", "timestamp")
LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def column_rules(column: Column, node: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    """The rules of one column, in the order of the standard's sections."""
    name = column.name
    if column.required:
        yield Rule(f"{name}.required", "required", name, f"{name} is filled", (*where, "required"))
    if node.get("unique") is True:
        yield Rule(f"{name}.unique", "unique", name, f"{name} is unique", (*where, "unique"), arguments={"columns": (name,)})
    yield from _enum(name, node, where)
    options = node.get("logicalTypeOptions") or {}
    at = (*where, "logicalTypeOptions")
    yield from _range(column, options, at, complain)
    yield from _shape(column, options, at, complain)
    for k, relation in enumerate(node.get("relationships") or []):
        yield from _reference(name, relation, (*where, "relationships", k), complain)


def _enum(name: str, node: Mapping[str, Any], where: Where) -> Iterator[Rule]:
    if values := [entry["value"] for entry in node.get("enum") or []]:
        shown = ", ".join(map(str, values[:12])) + (", ..." if len(values) > 12 else "")
        yield Rule(f"{name}.enum", "enum", name, f"{name} is one of {shown}", (*where, "enum"), arguments={"values": values})


def _range(column: Column, options: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    limits = {name: options[name] for name in LIMITS if options.get(name) is not None}
    if not limits:
        return
    if column.logical_type not in (*NUMERIC, *TEMPORAL):
        complain(where, f"a {column.logical_type} column has no {' or '.join(limits)}")
        return
    for name, value in limits.items():
        if not _is_limit(value, column.logical_type):
            expected = "a number" if column.logical_type in NUMERIC else "an ISO 8601 date or time"
            complain((*where, name), f"{name} of {column.name} must be {expected}, not {value!r}")
            return
    text = f"{column.name} is {_said(limits)}"
    yield Rule(f"{column.name}.range", "range", column.name, text, where, arguments=limits)


def _said(limits: Mapping[str, Any]) -> str:
    if set(limits) == {"minimum", "maximum"}:
        return f"between {limits['minimum']} and {limits['maximum']}"
    words = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
    return " and ".join(f"{words[name]} {value}" for name, value in limits.items())


def _is_limit(value: Any, logical_type: str) -> bool:
    if logical_type in NUMERIC:
        return is_number(value)
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _shape(column: Column, options: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    name = column.name
    if (pattern := options.get("pattern")) is not None and _is_pattern(pattern, (*where, "pattern"), complain):
        arguments = {"pattern": pattern}
        yield Rule(f"{name}.pattern", "pattern", name, f"{name} matches {pattern}", (*where, "pattern"), arguments=arguments)
    lengths = {key: options[key] for key in ("minLength", "maxLength") if options.get(key) is not None}
    if lengths:
        low, high = lengths.get("minLength", 0), lengths.get("maxLength", "any number of")
        yield Rule(f"{name}.length", "length", name, f"{name} has {low} to {high} characters", where, arguments=lengths)
    if (step := options.get("multipleOf")) is not None:
        yield Rule(f"{name}.multiple", "multiple", name, f"{name} is a multiple of {step}", where, arguments={"step": step})


def _is_pattern(pattern: Any, where: Where, complain: Complaints) -> bool:
    """Patterns run on RE2 (linear time); what Python's ``re`` cannot compile is refused here, with its reason."""
    try:
        re.compile(pattern)
    except (re.error, TypeError, OverflowError) as error:
        complain(where, f"pattern {pattern!r} is not a regular expression ({error})")
        return False
    if re.search(r"\(\?[=!<]|\\[1-9]", pattern):
        complain(where, f"pattern {pattern!r} uses look-around or back references, which RE2 does not know")
        return False
    return True


def _reference(name: str, relation: Any, where: Where, complain: Complaints) -> Iterator[Rule]:
    target = str(relation.get("to") or "") if isinstance(relation, dict) else ""
    data_set, _, column = target.partition(".")
    if data_set not in DATA_SETS or not column:
        said = f"a relationship points to <data set>.<column>, data set one of {', '.join(DATA_SETS)}; not {target!r}"
        complain((*where, "to"), said + near(data_set, set(DATA_SETS)))
        return
    arguments = {"data_set": data_set, "column": column}
    yield Rule(f"{name}.reference", "reference", name, f"{name} exists in {target}", where, arguments=arguments)
