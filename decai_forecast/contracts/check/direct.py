"""The other way to a judgement: every rule as a Great Expectations expectation on the delivery itself.

Several times as costly as ``judge`` on counts (see ``docs/benchmarks.md``); for auditors, and for the test that holds both
ways to the same verdict. Rules for which GX has no expectation that runs on DuckDB become a query for the bad rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from decai_forecast import sql
from decai_forecast.contracts.check.delivery import Delivery, limit
from decai_forecast.contracts.check.judge import judge
from decai_forecast.contracts.check.judgement import Judgement
from decai_forecast.contracts.check.predicates import ROW_KINDS, UNKNOWN, predicate
from decai_forecast.contracts.model import NONE, Rule
from decai_forecast.contracts.reserved import UNREADABLE

__all__ = ["judge_directly"]

Expectation = tuple[str, dict[str, Any]]


def judge_directly(rules: Sequence[Rule], values: Mapping[str, float], delivery: Delivery) -> dict[str, Judgement]:
    """As :func:`~decai_forecast.contracts.check.judge.judge`; only rules that need a measured value use it."""
    from decai_forecast.contracts.check.gx import validate

    expected = {rule.id: wanted for rule in rules if (wanted := _expectation(rule, delivery)) is not None}
    rest = [rule for rule in rules if rule.id not in expected]
    known = {rule.id: values[rule.id] for rule in rest if rule.id in values}
    catalogue = delivery.scratch / "direct.duckdb"
    _catalogue(delivery, catalogue)
    direct = validate(catalogue, "delivery", [(key, *wanted) for key, wanted in expected.items()])
    return direct | judge(rest, known, delivery.path, delivery.scratch)


def _catalogue(delivery: Delivery, path: Any) -> None:
    import duckdb

    with duckdb.connect(str(path)) as con:
        con.execute(f"CREATE VIEW delivery AS {delivery.rows_of(delivery.path)}")


def _expectation(rule: Rule, delivery: Delivery) -> Expectation | None:
    if rule.bound == NONE and rule.kind in NATIVE and (native := NATIVE[rule.kind](rule, delivery)) is not None:
        return native
    if rule.bound == NONE and rule.kind in ROW_KINDS and (bad := predicate(rule, delivery)) != UNKNOWN:
        escaped = bad.replace("{", "{{").replace("}", "}}")
        return "unexpected_rows_expectation", {"unexpected_rows_query": f"SELECT * FROM {{batch}} WHERE {escaped}"}
    if rule.kind in WHOLE:
        return WHOLE[rule.kind](rule, delivery)
    return None


def _required(rule: Rule, delivery: Delivery) -> Expectation | None:
    if UNREADABLE in delivery.helpers:
        return None  # an unreadable value is not a missing one
    return "expect_column_values_to_not_be_null", {"column": rule.column}


def _enum(rule: Rule, delivery: Delivery) -> Expectation | None:
    if delivery.types.get(rule.column, "").startswith(("DATE", "TIMESTAMP")):
        return None  # GX does not keep a set of dates
    return "expect_column_values_to_be_in_set", {"column": rule.column, "value_set": rule.arguments["values"]}


def _range(rule: Rule, delivery: Delivery) -> Expectation | None:
    kind, given = delivery.types.get(rule.column, ""), rule.arguments
    low, high = given.get("minimum"), given.get("maximum")
    strict_low, strict_high = given.get("exclusiveMinimum"), given.get("exclusiveMaximum")
    if (low is not None and strict_low is not None) or (high is not None and strict_high is not None):
        return None  # two bounds on one side: no single expectation
    limits = {"min_value": strict_low if low is None else low, "max_value": strict_high if high is None else high}
    bounds = {key: limit(value, kind) if value is not None else None for key, value in limits.items()}
    strict = {"strict_min": strict_low is not None, "strict_max": strict_high is not None}
    return "expect_column_values_to_be_between", {"column": rule.column} | bounds | strict


def _unique(rule: Rule, delivery: Delivery) -> Expectation | None:
    """Grouping costs a fraction of GX's compound-unique window, and counts NULL keys as pandas does."""
    if UNREADABLE in delivery.helpers:
        return None  # a key that could not be read repeats nothing
    key = ", ".join(map(sql.name, rule.arguments["columns"]))
    query = f"SELECT {key}, count(*) AS n FROM {{batch}} GROUP BY ALL HAVING count(*) > 1"
    return "unexpected_rows_expectation", {"unexpected_rows_query": query}


def _row_count(rule: Rule, delivery: Delivery) -> Expectation | None:  # noqa: ARG001
    bound = rule.bound
    if bound.unequal is not None:
        return None
    limits = {"min_value": bound.minimum, "max_value": bound.maximum}
    return "expect_table_row_count_to_be_between", limits | {
        "strict_min": bound.strict_minimum,
        "strict_max": bound.strict_maximum,
    }


def _freshness(rule: Rule, delivery: Delivery) -> Expectation | None:
    if delivery.one(f"SELECT count(*) FROM delivery WHERE NOT {delivery.before_cut_off(rule.column)}"):
        return None  # the newest value is not from the past: no single expectation
    oldest = datetime.combine(delivery.as_of, time.min, UTC) - timedelta(days=rule.bound.maximum or 0)
    kind = delivery.types.get(rule.column, "")
    least = oldest if kind == "TIMESTAMP WITH TIME ZONE" else oldest.replace(tzinfo=None)
    return "expect_column_max_to_be_between", {"column": rule.column, "min_value": least}


def _own(rule: Rule, delivery: Delivery) -> Expectation:  # noqa: ARG001
    return str(rule.arguments["type"]), dict(rule.arguments["kwargs"])


NATIVE: Mapping[str, Callable[[Rule, Delivery], Expectation | None]] = {
    "required": _required,
    "enum": _enum,
    "range": _range,
    "unique": _unique,
}
WHOLE: Mapping[str, Callable[[Rule, Delivery], Expectation | None]] = {
    "row_count": _row_count,
    "freshness": _freshness,
    "expectation": _own,
}
