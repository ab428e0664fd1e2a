"""All rules of a contract, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from decai_forecast.contracts.model import Bound, Column, Rule
from decai_forecast.contracts.rules.columns import column_rules
from decai_forecast.contracts.rules.quality import quality_rules
from decai_forecast.contracts.vocabulary import SLA_UNITS
from decai_forecast.documents.complaints import Complaints

__all__ = ["compile_rules"]

TABLE = ("schema", 0)


def compile_rules(raw: Mapping[str, Any], columns: Sequence[Column], complain: Complaints) -> tuple[Rule, ...]:
    """The rules of the first schema object and of the service levels; what cannot be one is complained about."""
    table, named = raw["schema"][0], {column.name: column for column in columns}
    rules = [
        Rule("columns", "columns", "", "has the contracted columns with their types", (*TABLE, "properties")),
        Rule("readable", "readable", "", "every row and value can be read as its type", (*TABLE, "properties")),
    ]
    for k, (column, node) in enumerate(zip(columns, table["properties"], strict=True)):
        where = (*TABLE, "properties", k)
        rules += column_rules(column, node, where, complain)
        rules += quality_rules(node.get("quality"), column.name, named, where, complain)
    rules += quality_rules(table.get("quality"), "", named, TABLE, complain)
    rules += _key(columns, rules)
    rules += _service_levels(raw, named, complain)
    return tuple(_once(rules, complain))


def _key(columns: Sequence[Column], rules: Sequence[Rule]) -> Iterator[Rule]:
    """The primary key is unique, also where no rule says so."""
    key = tuple(column.name for column in columns if column.primary_key)
    message = [set(rule.arguments["columns"]) for rule in rules if rule.kind == "unique"]
    if key and set(key) not in message:
        text = f"({', '.join(key)}) is unique"
        yield Rule("key.unique", "unique", "", text, (*TABLE, "properties"), arguments={"columns": key})


def _service_levels(raw: Mapping[str, Any], columns: Mapping[str, Column], complain: Complaints) -> Iterator[Rule]:
    """Freshness from ``latency``; and no row of the column it is about lies at or after the data cut-off."""
    for k, item in enumerate(raw.get("slaProperties") or []):
        if item.get("property") not in ("latency", "ly"):
            continue
        where = ("slaProperties", k)
        if (item.get("unit") not in SLA_UNITS) or not isinstance(item.get("value"), int | float):
            complain(where, f"latency needs a number as value and a unit, one of {', '.join(SLA_UNITS)}")
            continue
        name = str(item.get("element") or "").rsplit(".", 1)[-1]
        if name not in columns:
            message = f"latency is about {item.get('element')!r}, which is not a column; there are {', '.join(columns)}"
            complain((*where, "element"), message)
        elif columns[name].logical_type in ("string", "integer", "number", "boolean"):
            kind = columns[name].logical_type
            complain((*where, "element"), f"latency is about {name}, which is a {kind}; it must be a date or a timestamp")
        else:
            yield from _fresh(item, name, where)


def _fresh(item: Mapping[str, Any], name: str, where: tuple[str | int, ...]) -> Iterator[Rule]:
    days = item["value"] * SLA_UNITS[item["unit"]]
    text = f"newest {name} is at most {item['value']} {item['unit']} before the data cut-off"
    yield Rule(f"{name}.freshness", "freshness", name, text, where, bound=Bound(maximum=days, unit="days"))
    yield Rule(f"{name}.future", "future", name, f"{name} lies before the data cut-off", where)


def _once(rules: Sequence[Rule], complain: Complaints) -> Iterator[Rule]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            complain(rule.path, f"there are two rules {rule.id!r}; give each an id of its own")
        else:
            seen.add(rule.id)
            yield rule
