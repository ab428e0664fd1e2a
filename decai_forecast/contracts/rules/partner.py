"""The partner's own rules: SQL and Great Expectations. Both are untrusted: what they may do is decided before they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decai_forecast.contracts.kind import CONTRACT
from decai_forecast.contracts.model import NONE, Bound, Rule
from decai_forecast.contracts.rules.bounds import bound_of, in_words
from decai_forecast.contracts.rules.expectations import ALLOWED, COLUMNS, suits
from decai_forecast.contracts.rules.expectations import in_words as in_words_of
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where
from decai_forecast.documents.safe_yaml import YamlFault, read_yaml
from decai_forecast.documents.spelling import near

__all__ = ["ALLOWED", "expectation_rule", "sql_rule"]


def sql_rule(node: Mapping[str, Any], column: str, where: Where, complain: Complaints) -> Rule | None:
    """A query that gives one number, held against the rule's operator. It runs in a sandbox; see ``check/sandbox.py``."""
    query = node.get("query")
    bound = bound_of(node, where, complain, counted=False)
    if not isinstance(query, str) or not query.strip():
        complain(where, "an sql rule needs query, one SELECT that gives one number")
        return None
    if complain.strict and (why := _no_select(query)):
        complain((*where, "query"), why)
        return None
    if bound is None:
        return None
    name = str(node.get("id") or (f"{column}.sql" if column else "sql"))
    text = f"{node.get('description') or 'the query gives'}: {in_words(bound)}"
    severity = str(node.get("severity", "error"))
    return Rule(name, "sql", column, text, (*where, "query"), severity, {"query": query}, bound)


def _no_select(query: str) -> str:
    from decai_forecast.contracts.check.statement import why_not

    return why_not(query)


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
    if not isinstance(arguments, dict):
        complain((*at, "kwargs"), f"kwargs must be a mapping of arguments, not {arguments!r}")
        return None
    complain.keys(arguments, sorted(ALLOWED[kind]), (*at, "kwargs"))
    named = [name for name in COLUMNS if name in ALLOWED[kind]]
    known = [complain.column(arguments.get(name), columns, (*at, "kwargs", name)) for name in named]
    chosen = {key: value for key, value in arguments.items() if key in ALLOWED[kind]}
    if not all(known) or not suits(kind, chosen, columns, (*at, "kwargs"), complain):
        return None
    words = in_words_of(kind, chosen)
    text = f"{node['description']} ({words})" if node.get("description") else words
    name, severity = str(node.get("id") or kind), str(node.get("severity", "error"))
    column = str(arguments.get("column") or arguments.get("column_A") or "")
    made, own, bound = _about_rows(kind, chosen)
    return Rule(name, made, column, text, where, severity, own, bound)


def _about_rows(kind: str, chosen: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], Bound]:
    """The same test as a rule about rows, so that its bad rows can be told and quarantined; else the expectation itself.

    GX has no regular expressions on DuckDB, so these are always ours; ``mostly`` is then a share of all rows.
    """
    if kind == "expect_column_values_to_match_regex":
        bound = Bound(maximum=round(100 * (1 - float(chosen.get("mostly", 1))), 9), unit="percent")
        return "pattern", {"pattern": chosen["regex"]}, bound
    if "mostly" not in chosen and kind in ABOUT_ROWS and (own := ABOUT_ROWS[kind](chosen)) is not None:
        return own[0], own[1], NONE
    return "expectation", {"type": kind, "kwargs": chosen}, NONE


def _compare(chosen: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    if "ignore_row_if" in chosen:
        return None
    sign = ">=" if chosen.get("or_equal") else ">"
    return "compare", {"left": chosen["column_A"], "operator": sign, "right": chosen["column_B"]}


def _between(chosen: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    low = "exclusiveMinimum" if chosen.get("strict_min") else "minimum"
    high = "exclusiveMaximum" if chosen.get("strict_max") else "maximum"
    limits = {low: chosen.get("min_value"), high: chosen.get("max_value")}
    return "range", {key: value for key, value in limits.items() if value is not None}


ABOUT_ROWS: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, Mapping[str, Any]] | None]] = {
    "expect_column_pair_values_a_to_be_greater_than_b": _compare,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": lambda chosen: ("enum", {"values": chosen.get("value_set") or []}),
    "expect_column_values_to_not_be_null": lambda _: ("required", {}),
}


def _parsed(text: str) -> Any:
    try:
        return read_yaml(text, CONTRACT.name)[1]
    except YamlFault:
        return None
