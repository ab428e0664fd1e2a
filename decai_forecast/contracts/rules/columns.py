"""Rules that stand at a column: filled, unique, enumerated, bounded, shaped, referring to another data set."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.contracts.model import Column, Rule
from decai_forecast.contracts.rules.patterns import is_pattern
from decai_forecast.contracts.rules.values import (
    NUMERIC,
    TEMPORAL,
    a_kind,
    contradiction,
    expected,
    fits,
    is_number,
)
from decai_forecast.contracts.vocabulary import DATA_SETS, LOGICAL_TYPES
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where
from decai_forecast.documents.spelling import near

__all__ = ["column_rules"]

SHAPES = ("pattern", "minLength", "maxLength")
LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def column_rules(column: Column, node: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    """The rules of one column, in the order of the standard's sections."""
    name = column.name
    if column.required:
        yield Rule(f"{name}.required", "required", name, f"{name} is filled", (*where, "required"))
    if node.get("unique") is True:
        yield Rule(f"{name}.unique", "unique", name, f"{name} is unique", (*where, "unique"), arguments={"columns": (name,)})
    yield from _enum(column, node, where, complain)
    options = node.get("logicalTypeOptions") or {}
    at = (*where, "logicalTypeOptions")
    yield from _range(column, options, at, complain)
    yield from _shape(column, options, at, complain)
    yield from _step(column, options, at, complain)
    for k, relation in enumerate(node.get("relationships") or []):
        yield from _reference(name, relation, (*where, "relationships", k), complain)


def _enum(column: Column, node: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    name, values = column.name, [entry["value"] for entry in node.get("enum") or []]
    if not values:
        return
    if wrong := [(k, value) for k, value in enumerate(values) if not fits(value, column.logical_type)]:
        k, value = wrong[0]
        complain((*where, "enum", k, "value"), f"enum of {name} must be {expected(column.logical_type)}, not {value!r}")
        return
    shown = ", ".join(map(str, values[:12])) + (", ..." if len(values) > 12 else "")
    yield Rule(f"{name}.enum", "enum", name, f"{name} is one of {shown}", (*where, "enum"), arguments={"values": values})


def _range(column: Column, options: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    limits = {name: options[name] for name in LIMITS if options.get(name) is not None}
    if not _belong(column, limits, (*NUMERIC, *TEMPORAL), where, complain):
        return
    for name, value in limits.items():
        if not fits(value, "number" if column.logical_type == "integer" else column.logical_type):
            message = "a number" if column.logical_type in NUMERIC else expected(column.logical_type)
            complain((*where, name), f"{name} of {column.name} must be {message}, not {value!r}")
            return
    if why := contradiction(limits):
        complain(where, f"{why}; no value of {column.name} could be right")
    elif limits:
        yield Rule(f"{column.name}.range", "range", column.name, f"{column.name} is {_said(limits)}", where, arguments=limits)


def _belong(column: Column, given: Mapping[str, Any], kinds: tuple[str, ...], where: Where, complain: Complaints) -> bool:
    """Whether the column's type knows what is ``given``; an unknown type is told elsewhere."""
    if column.logical_type in kinds:
        return True
    if column.logical_type in LOGICAL_TYPES:
        for name in given:
            complain((*where, name), f"{a_kind(column.logical_type)} column has no {name}", key=True)
    return False


def _said(limits: Mapping[str, Any]) -> str:
    if set(limits) == {"minimum", "maximum"}:
        return f"between {limits['minimum']} and {limits['maximum']}"
    words = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
    return " and ".join(f"{words[name]} {value}" for name, value in limits.items())


def _shape(column: Column, options: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    name = column.name
    given = {key: options[key] for key in SHAPES if options.get(key) is not None}
    lengths = {key: given[key] for key in ("minLength", "maxLength") if key in given}
    if not _belong(column, given, ("string",), where, complain):
        return
    if "pattern" in given and is_pattern(given["pattern"], (*where, "pattern"), complain):
        arguments = {"pattern": given["pattern"]}
        text = f"{name} matches {given['pattern']}"
        yield Rule(f"{name}.pattern", "pattern", name, text, (*where, "pattern"), arguments=arguments)
    if lengths and _are_lengths(name, lengths, where, complain):
        low, high = lengths.get("minLength", 0), lengths.get("maxLength", "any number of")
        yield Rule(f"{name}.length", "length", name, f"{name} has {low} to {high} characters", where, arguments=lengths)


def _are_lengths(name: str, lengths: Mapping[str, Any], where: Where, complain: Complaints) -> bool:
    for key, value in lengths.items():
        if not fits(value, "integer") or value < 0:
            complain((*where, key), f"{key} of {name} must be a whole number of at least 0, not {value!r}")
            return False
    low, high = lengths.get("minLength", 0), lengths.get("maxLength", math.inf)
    if low > high:
        complain(where, f"minLength is {low}, maxLength is {high}; no value of {name} could be right")
    return bool(low <= high)


def _step(column: Column, options: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    name, step = column.name, options.get("multipleOf")
    if step is None or not _belong(column, {"multipleOf": step}, NUMERIC, where, complain):
        return
    if not is_number(step) or step <= 0:
        complain((*where, "multipleOf"), f"multipleOf of {name} must be a number above 0, not {step!r}")
        return
    yield Rule(f"{name}.multiple", "multiple", name, f"{name} is a multiple of {step}", where, arguments={"step": step})


def _reference(name: str, relation: Any, where: Where, complain: Complaints) -> Iterator[Rule]:
    target = str(relation.get("to") or "") if isinstance(relation, dict) else ""
    data_set, _, column = target.partition(".")
    if data_set not in DATA_SETS or not column:
        message = f"a relationship points to <data set>.<column>, data set one of {', '.join(DATA_SETS)}; not {target!r}"
        complain((*where, "to"), message + near(data_set, set(DATA_SETS)))
        return
    arguments = {"data_set": data_set, "column": column}
    yield Rule(f"{name}.reference", "reference", name, f"{name} exists in {target}", where, arguments=arguments)
