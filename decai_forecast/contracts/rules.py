"""From an ODCS contract to the rules of its deliveries.

Six kinds: columns and types, row count, required, unique key, range, freshness. Everything else in ``quality`` is kept as
documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from decai_forecast.contracts.model import Column, Rule
from decai_forecast.errors import ContractError

__all__ = ["SLA_UNITS", "compile_rules"]

SLA_UNITS = {"h": 1 / 24, "d": 1.0, "w": 7.0}  # unit -> days
Path = tuple[str | int, ...]
Fail = Callable[[Path, str], ContractError]


def compile_rules(raw: Mapping[str, Any], columns: Sequence[Column], fail: Fail) -> list[Rule]:
    """All rules of the contract's first schema object; ``fail`` makes the error for a place in the file."""
    table = raw["schema"][0]
    rules = [Rule("columns", "columns", "", "has the contracted columns with their types", ("schema", 0, "properties"))]
    for k, (column, node) in enumerate(zip(columns, table["properties"], strict=True)):
        rules += _column_rules(column, node, ("schema", 0, "properties", k), fail)
    rules.append(_key_rule([c.name for c in columns if c.primary_key]))
    for k, quality in enumerate(table.get("quality") or []):
        rules += _row_count(quality, ("schema", 0, "quality", k), fail)
    rules += _freshness(raw, columns, fail)
    ids = [rule.id for rule in rules]
    if twice := next((rule for k, rule in enumerate(rules) if rule.id in ids[:k]), None):
        raise fail(twice.path, f"there are two rules {twice.id!r}; give each an id of its own")
    return rules


def _column_rules(column: Column, node: Mapping[str, Any], where: Path, fail: Fail) -> Iterator[Rule]:
    if column.required:
        yield Rule(f"{column.name}.required", "required", column.name, f"{column.name} is filled", (*where, "required"))
    options = node.get("logicalTypeOptions") or {}
    low, high = options.get("minimum"), options.get("maximum")
    if low is None and high is None:
        return
    if column.logical_type not in ("integer", "number", "date", "timestamp"):
        raise fail((*where, "logicalTypeOptions"), f"a {column.logical_type} column has no minimum or maximum")
    if wrong := [bound for bound in (low, high) if bound is not None and not _is_bound(bound, column.logical_type)]:
        expected = "a number" if column.logical_type in ("integer", "number") else "an ISO 8601 date or time"
        raise fail((*where, "logicalTypeOptions"), f"a bound of {column.name} must be {expected}, not {wrong[0]!r}")
    said = f"at least {low}" if high is None else f"at most {high}" if low is None else f"between {low} and {high}"
    arguments = {"minimum": low, "maximum": high}
    yield Rule(
        f"{column.name}.range",
        "range",
        column.name,
        f"{column.name} is {said}",
        (*where, "logicalTypeOptions"),
        arguments=arguments,
    )


def _is_bound(value: Any, logical_type: str) -> bool:
    if logical_type in ("integer", "number"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _key_rule(key: Sequence[str]) -> Rule:
    text = f"({', '.join(key)}) is unique"
    return Rule("key.unique", "unique", "", text, ("schema", 0, "properties"), arguments={"columns": tuple(key)})


def _row_count(quality: Any, where: Path, fail: Fail) -> Iterator[Rule]:
    if not isinstance(quality, dict) or quality.get("metric") != "rowCount":
        return
    low, high = _bounds(quality, where, fail)
    said = f"at least {low:,}" if high is None else f"at most {high:,}" if low is None else f"between {low:,} and {high:,}"
    arguments = {"minimum": low, "maximum": high}
    severity = str(quality.get("severity", "error"))
    yield Rule(str(quality.get("id") or "row_count"), "row_count", "", f"has {said} rows", where, severity, arguments)


def _bounds(quality: Mapping[str, Any], where: Path, fail: Fail) -> tuple[int | None, int | None]:
    if "mustBeBetween" in quality:
        low, high = quality["mustBeBetween"]
        return low, high
    if "mustBeGreaterOrEqualTo" in quality:
        return quality["mustBeGreaterOrEqualTo"], None
    if "mustBeGreaterThan" in quality:
        return quality["mustBeGreaterThan"] + 1, None
    if "mustBeLessOrEqualTo" in quality:
        return None, quality["mustBeLessOrEqualTo"]
    raise fail(where, "a rowCount rule needs mustBeBetween, mustBeGreaterThan, mustBeGreaterOrEqualTo or mustBeLessOrEqualTo")


def _freshness(raw: Mapping[str, Any], columns: Sequence[Column], fail: Fail) -> Iterator[Rule]:
    types = {column.name: column.logical_type for column in columns}
    for k, item in enumerate(raw.get("slaProperties") or []):
        if item.get("property") != "latency":
            continue
        where: Path = ("slaProperties", k)
        column = str(item.get("element") or "").rsplit(".", 1)[-1]
        if column not in types:
            raise fail(where, f"latency is about {item.get('element')!r}, which is not a column; there are {', '.join(types)}")
        if types[column] not in ("date", "timestamp"):
            raise fail(where, f"latency is about {column}, which is a {types[column]}; it must be a date or a timestamp")
        days = item["value"] * SLA_UNITS[item["unit"]]
        text = f"newest {column} is at most {item['value']} {item.get('unit')} before the data cut-off"
        yield Rule(f"{column}.freshness", "freshness", column, text, where, arguments={"days": days})
