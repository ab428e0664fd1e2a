"""The partner's own rules: SQL and Great Expectations. Both are untrusted: what they may do is decided before they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from decai_forecast.contracts.model import Rule, Where
from decai_forecast.contracts.rules.bounds import bound_of, in_words
from decai_forecast.contracts.rules.complaints import Complaints
from decai_forecast.contracts.standard import near

__all__ = ["ALLOWED", "expectation_rule", "sql_rule"]

ALLOWED: Mapping[str, frozenset[str]] = {  # expectation -> arguments; none of them takes SQL, code or a row condition
    name: frozenset(arguments.split())
    for name, arguments in {
        "expect_column_pair_values_a_to_be_greater_than_b": "column_A column_B or_equal mostly ignore_row_if",
        "expect_column_pair_values_to_be_equal": "column_A column_B mostly ignore_row_if",
        "expect_column_values_to_be_between": "column min_value max_value strict_min strict_max mostly",
        "expect_column_values_to_be_in_set": "column value_set mostly",
        "expect_column_values_to_not_be_in_set": "column value_set mostly",
        "expect_column_values_to_be_null": "column mostly",
        "expect_column_values_to_not_be_null": "column mostly",
        "expect_column_values_to_match_regex": "column regex mostly",
        "expect_column_value_lengths_to_be_between": "column min_value max_value strict_min strict_max mostly",
        "expect_column_distinct_values_to_be_in_set": "column value_set",
        "expect_column_distinct_values_to_contain_set": "column value_set",
        "expect_column_max_to_be_between": "column min_value max_value strict_min strict_max",
        "expect_column_mean_to_be_between": "column min_value max_value strict_min strict_max",
        "expect_column_median_to_be_between": "column min_value max_value strict_min strict_max",
        "expect_column_min_to_be_between": "column min_value max_value strict_min strict_max",
        "expect_column_stdev_to_be_between": "column min_value max_value strict_min strict_max",
        "expect_column_sum_to_be_between": "column min_value max_value strict_min strict_max",
        "expect_column_unique_value_count_to_be_between": "column min_value max_value strict_min strict_max",
        "expect_table_row_count_to_be_between": "min_value max_value strict_min strict_max",
    }.items()
}
COLUMNS = ("column", "column_A", "column_B")


def sql_rule(node: Mapping[str, Any], column: str, where: Where, complain: Complaints) -> Rule | None:
    """A query that gives one number, held against the rule's operator. It runs in a sandbox; see ``check/sandbox.py``."""
    query = node.get("query")
    bound = bound_of(node, where, complain)
    if not isinstance(query, str) or not query.strip():
        complain(where, "an sql rule needs query, one SELECT that gives one number")
        return None
    if bound is None:
        return None
    name = str(node.get("id") or (f"{column}.sql" if column else "sql"))
    text = f"{node.get('description') or 'the query gives'}: {in_words(bound)}"
    severity = str(node.get("severity", "error"))
    return Rule(name, "sql", column, text, (*where, "query"), severity, {"query": query}, bound)


def expectation_rule(node: Mapping[str, Any], columns: Mapping[str, Any], where: Where, complain: Complaints) -> Rule | None:
    """One Great Expectations expectation of the allowed kinds, as a mapping or as YAML text."""
    at: Where = (*where, "implementation")
    given = node.get("implementation")
    given = _parsed(given) if isinstance(given, str) else given
    kind = str(given.get("type") or given.get("expectation_type")) if isinstance(given, dict) else ""
    if not isinstance(given, dict) or kind not in ALLOWED:
        complain(at, f"expectation {kind!r} is not allowed{near(kind, set(ALLOWED))}; see docs/reference/contract-format.md")
        return None
    arguments = given.get("kwargs") or {}
    complain.keys(arguments, sorted(ALLOWED[kind]), (*at, "kwargs"))
    named = [name for name in COLUMNS if name in ALLOWED[kind]]
    known = [complain.column(arguments.get(name), columns, (*at, "kwargs", name)) for name in named]
    if not all(known):
        return None
    text = str(node.get("description") or kind.replace("expect_", "").replace("_", " "))
    chosen = {"type": kind, "kwargs": {key: value for key, value in arguments.items() if key in ALLOWED[kind]}}
    column = str(arguments.get("column") or arguments.get("column_A") or "")
    return Rule(str(node.get("id") or kind), "expectation", column, text, where, str(node.get("severity", "error")), chosen)


def _parsed(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
