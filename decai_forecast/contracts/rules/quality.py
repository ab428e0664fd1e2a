"""Rules written under ``quality``: the standard's library metrics, our own engine, and the partner's own rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.contracts.model import NONE, SEVERITIES, Bound, Column, Rule
from decai_forecast.contracts.rules.bounds import bound_of, in_words
from decai_forecast.contracts.rules.own import own_rule
from decai_forecast.contracts.rules.partner import expectation_rule, sql_rule
from decai_forecast.contracts.rules.patterns import is_pattern
from decai_forecast.contracts.rules.values import expected, fits
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where
from decai_forecast.documents.spelling import near

__all__ = ["quality_rules"]

FRESH = ("freshness", "latency", "timeliness")
METRICS = ("rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues")


def quality_rules(nodes: Any, column: str, columns: Mapping[str, Any], where: Where, complain: Complaints) -> Iterator[Rule]:
    """The rules of one ``quality`` list, of a column or (``column`` empty) of the whole table."""
    for k, node in enumerate(nodes or []):
        at = (*where, "quality", k)
        if node.get("severity", "error") not in SEVERITIES:
            complain((*at, "severity"), f"severity must be one of {', '.join(SEVERITIES)}, not {node['severity']!r}")
            continue
        rule = _rule(node, column, columns, at, complain)
        if rule is not None:
            yield rule


def _rule(node: Mapping[str, Any], column: str, columns: Mapping[str, Any], where: Where, complain: Complaints) -> Rule | None:
    kind, engine = node.get("type"), str(node.get("engine") or "").lower().replace("_", "-")
    if node.get("metric"):
        return _metric(node, column, columns, where, complain)
    if kind == "sql":
        return sql_rule(node, column, where, complain)
    if kind == "custom" and engine == "decai":
        return own_rule(node, columns, where, complain)
    if kind == "custom" and engine in ("great-expectations", "greatexpectations"):
        return expectation_rule(node, columns, where, complain)
    if kind == "custom":
        complain((*where, "engine"), f"engine {engine!r} is not known; use decai or great-expectations")
    return None  # a rule of the type text is documentation


def _metric(
    node: Mapping[str, Any], column: str, columns: Mapping[str, Any], where: Where, complain: Complaints
) -> Rule | None:
    metric = node["metric"]
    if metric not in METRICS:
        message = f"metric {metric!r} is not known{near(str(metric), set(METRICS))}; use {', '.join(METRICS)}"
        fresh = " (how old the newest row may be is latency, under slaProperties)" if metric in FRESH else ""
        complain((*where, "metric"), message + fresh)
        return None
    if metric == "rowCount":
        return _row_count(node, where, complain)
    bound = bound_of(node, where, complain, NONE)
    arguments = node.get("arguments") or {}
    if bound is None:
        return None
    if metric == "duplicateValues":
        return _duplicates(node, column, columns, arguments, bound, where, complain)
    if not column:
        complain(where, f"{metric} stands at a column, under its own quality")
        return None
    return _values(node, metric, columns[column], arguments, bound, where, complain)


def _row_count(node: Mapping[str, Any], where: Where, complain: Complaints) -> Rule | None:
    bound = bound_of(node, where, complain)
    if bound is None:
        return None
    if bound.unit != "rows":
        complain((*where, "unit"), f"rowCount is a number of rows, not {bound.unit}: leave unit out")
        return None
    text = f"has {in_words(bound)} rows"
    return Rule(
        str(node.get("id") or "row_count"), "row_count", "", text, where, str(node.get("severity", "error")), bound=bound
    )


def _duplicates(
    node: Mapping[str, Any], column: str, columns: Mapping[str, Any], arguments: Mapping[str, Any], bound: Bound, where: Where,
    complain: Complaints,
) -> Rule | None:  # fmt: skip
    names = tuple(arguments.get("properties") or ((column,) if column else ()))
    if not names:
        complain(where, "duplicateValues needs arguments.properties, the columns that are unique together")
        return None
    known = [complain.column(name, columns, (*where, "arguments", "properties", k)) for k, name in enumerate(names)]
    if not all(known):
        return None
    name = str(node.get("id") or f"{'_'.join(names)}.duplicates")
    text = f"({', '.join(names)}) is unique" if bound == NONE else f"repeated ({', '.join(names)}): {in_words(bound)}"
    return Rule(name, "unique", "", text, where, str(node.get("severity", "error")), {"columns": names}, bound)


def _values(
    node: Mapping[str, Any], metric: str, column: Column, arguments: Mapping[str, Any], bound: Bound, where: Where,
    complain: Complaints,
) -> Rule | None:  # fmt: skip
    kind, chosen, at = "required", dict[str, Any](), (*where, "arguments")
    if metric == "missingValues":
        kind, chosen = "missing", {"values": arguments.get("missingValues") or [None, ""]}
    elif metric == "invalidValues" and "pattern" in arguments:
        kind, chosen = "pattern", {"pattern": arguments["pattern"]}
    elif metric == "invalidValues" and "validValues" in arguments:
        kind, chosen = "enum", {"values": arguments["validValues"]}
    elif metric == "invalidValues":
        complain(where, "invalidValues needs arguments.validValues or arguments.pattern")
        return None
    if not _usable(kind, chosen, column, at, complain):
        return None
    message = {"required": "empty", "missing": "missing", "pattern": "badly formed", "enum": "not allowed"}[kind]
    text = f"values of {column.name} that are {message}: {in_words(bound)}"
    name = str(node.get("id") or f"{column.name}.{metric}")
    return Rule(name, kind, column.name, text, where, str(node.get("severity", "error")), chosen, bound)


def _usable(kind: str, chosen: Mapping[str, Any], column: Column, where: Where, complain: Complaints) -> bool:
    if kind == "pattern":
        return is_pattern(chosen["pattern"], (*where, "pattern"), complain)
    key, values = {"enum": "validValues", "missing": "missingValues"}.get(kind, ""), chosen.get("values", [None])
    if not isinstance(values, list) or not values:
        complain((*where, key), f"{key} must be a list of values, not {values!r}")
        return False
    wrong = [(k, value) for k, value in enumerate(values) if kind == "enum" and not fits(value, column.logical_type)]
    for k, value in wrong[:1]:
        complain((*where, key, k), f"a value of {column.name} must be {expected(column.logical_type)}, not {value!r}")
    return not wrong
