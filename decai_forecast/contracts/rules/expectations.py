"""What a Great Expectations rule of the partner says: checked against its column, and put into words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from decai_forecast.contracts.model import Column
from decai_forecast.contracts.rules.patterns import is_pattern
from decai_forecast.contracts.rules.values import (
    NUMERIC,
    a_kind,
    contradiction,
    expected,
    family,
    fits,
    is_number,
)
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where

__all__ = ["ALLOWED", "COLUMNS", "in_words", "suits"]

LIMITS = "min_value max_value strict_min strict_max"
ALLOWED: Mapping[str, frozenset[str]] = {  # expectation -> arguments; none of them takes SQL, code or a row condition
    name: frozenset(arguments.split())
    for name, arguments in {
        "expect_column_pair_values_a_to_be_greater_than_b": "column_A column_B or_equal mostly ignore_row_if",
        "expect_column_pair_values_to_be_equal": "column_A column_B mostly ignore_row_if",
        "expect_column_values_to_be_between": f"column {LIMITS} mostly",
        "expect_column_values_to_be_in_set": "column value_set mostly",
        "expect_column_values_to_not_be_in_set": "column value_set mostly",
        "expect_column_values_to_be_null": "column mostly",
        "expect_column_values_to_not_be_null": "column mostly",
        "expect_column_values_to_match_regex": "column regex mostly",
        "expect_column_value_lengths_to_be_between": f"column {LIMITS} mostly",
        "expect_column_distinct_values_to_be_in_set": "column value_set",
        "expect_column_distinct_values_to_contain_set": "column value_set",
        "expect_column_max_to_be_between": f"column {LIMITS}",
        "expect_column_mean_to_be_between": f"column {LIMITS}",
        "expect_column_median_to_be_between": f"column {LIMITS}",
        "expect_column_min_to_be_between": f"column {LIMITS}",
        "expect_column_stdev_to_be_between": f"column {LIMITS}",
        "expect_column_sum_to_be_between": f"column {LIMITS}",
        "expect_column_unique_value_count_to_be_between": f"column {LIMITS}",
        "expect_table_row_count_to_be_between": LIMITS,
    }.items()
}
COLUMNS = ("column", "column_A", "column_B")
NUMBERS = tuple(f"expect_column_{name}_to_be_between" for name in ("mean", "median", "stdev", "sum"))
TEXTS = ("expect_column_values_to_match_regex", "expect_column_value_lengths_to_be_between")
AS_COLUMN = tuple(f"expect_column_{name}_to_be_between" for name in ("values", "max", "min"))  # limits are values of the column
IGNORED = ("both_values_are_missing", "either_value_is_missing", "neither")
SENTENCES = {
    "expect_column_pair_values_a_to_be_greater_than_b": "{column_A} is above {column_B}",
    "expect_column_pair_values_to_be_equal": "{column_A} is {column_B}",
    "expect_column_values_to_be_between": "{column} is {limits}",
    "expect_column_values_to_be_in_set": "{column} is one of {values}",
    "expect_column_values_to_not_be_in_set": "{column} is none of {values}",
    "expect_column_values_to_be_null": "{column} is empty",
    "expect_column_values_to_not_be_null": "{column} is filled",
    "expect_column_values_to_match_regex": "{column} matches {regex}",
    "expect_column_value_lengths_to_be_between": "the length of {column} is {limits}",
    "expect_column_distinct_values_to_be_in_set": "the values of {column} are among {values}",
    "expect_column_distinct_values_to_contain_set": "{values} are among the values of {column}",
    "expect_column_max_to_be_between": "the largest {column} is {limits}",
    "expect_column_mean_to_be_between": "the mean of {column} is {limits}",
    "expect_column_median_to_be_between": "the median of {column} is {limits}",
    "expect_column_min_to_be_between": "the smallest {column} is {limits}",
    "expect_column_stdev_to_be_between": "the standard deviation of {column} is {limits}",
    "expect_column_sum_to_be_between": "the sum of {column} is {limits}",
    "expect_column_unique_value_count_to_be_between": "the number of different values of {column} is {limits}",
    "expect_table_row_count_to_be_between": "the number of rows is {limits}",
}


def in_words(kind: str, given: Mapping[str, Any]) -> str:
    """``the mean of quantity is at least 5``."""
    values = [str(value) for value in given.get("value_set") or []]
    shown = ", ".join(values[:12]) + (", ..." if len(values) > 12 else "")
    text = SENTENCES[kind].format_map(defaultdict(lambda: "?", {**given, "values": shown, "limits": _limits(given)}))
    text = text.replace(" is above ", " is at least ") if given.get("or_equal") else text
    return f"{text}, in at least {100 * given['mostly']:g} % of the rows" if "mostly" in given else text


def _limits(given: Mapping[str, Any]) -> str:
    low, high = given.get("min_value"), given.get("max_value")
    message = [f"{'above' if given.get('strict_min') else 'at least'} {low}"] if low is not None else []
    message += [f"{'below' if given.get('strict_max') else 'at most'} {high}"] if high is not None else []
    return " and ".join(message)


def suits(kind: str, given: Mapping[str, Any], columns: Mapping[str, Column], where: Where, complain: Complaints) -> bool:
    """Whether the arguments can be followed; ``where`` is the place of ``kwargs``, and the columns are known ones."""
    before, name = len(complain.found), str(given.get("column") or "")
    logical_type = columns[name].logical_type if name else "integer"
    if (kind in NUMBERS and logical_type not in NUMERIC) or (kind in TEXTS and logical_type != "string"):
        complain(
            (*where, "column"), f"{kind} is about {'numbers' if kind in NUMBERS else 'text'}; {name} is {a_kind(logical_type)}"
        )
    if "column_A" in given:
        _comparable(given, columns, where, complain)
    _flags(given, where, complain)
    if "min_value" in ALLOWED[kind]:
        _bounds(given, logical_type if kind in AS_COLUMN else "number", where, complain)
    if "value_set" in ALLOWED[kind]:
        _value_set(given.get("value_set"), name, logical_type, (*where, "value_set"), complain)
    if "regex" in ALLOWED[kind]:
        is_pattern(given.get("regex"), (*where, "regex"), complain)
    return len(complain.found) == before


def _comparable(given: Mapping[str, Any], columns: Mapping[str, Column], where: Where, complain: Complaints) -> None:
    left, right = columns[given["column_A"]], columns[given["column_B"]]
    if family(left.logical_type) != family(right.logical_type):
        message = f"{left.name} is {a_kind(left.logical_type)}, {right.name} is {a_kind(right.logical_type)}"
        complain((*where, "column_B"), f"{message}: they cannot be compared")


def _flags(given: Mapping[str, Any], where: Where, complain: Complaints) -> None:
    for key in ("strict_min", "strict_max", "or_equal"):
        if not isinstance(given.get(key, False), bool):
            complain((*where, key), f"{key} must be true or false, not {given[key]!r}")
    if not is_number(share := given.get("mostly", 1)) or not 0 <= share <= 1:
        complain((*where, "mostly"), f"mostly must be a number from 0 to 1, not {share!r}")
    if given.get("ignore_row_if", "neither") not in IGNORED:
        complain(
            (*where, "ignore_row_if"), f"ignore_row_if must be one of {', '.join(IGNORED)}, not {given['ignore_row_if']!r}"
        )


def _bounds(given: Mapping[str, Any], logical_type: str, where: Where, complain: Complaints) -> None:
    limits = {key: given[key] for key in ("min_value", "max_value") if given.get(key) is not None}
    for key, value in limits.items():
        if not fits(value, "number" if logical_type == "integer" else logical_type):
            message = "a number" if logical_type in NUMERIC else expected(logical_type)
            complain((*where, key), f"{key} must be {message}, not {value!r}")
            return
    low = "exclusiveMinimum" if given.get("strict_min") is True else "minimum"
    high = "exclusiveMaximum" if given.get("strict_max") is True else "maximum"
    if not limits:
        complain(where, "the expectation needs min_value or max_value", key=True)
    elif len(limits) == 2 and contradiction({low: limits["min_value"], high: limits["max_value"]}):
        message = f"min_value is {limits['min_value']}, max_value is {limits['max_value']}; nothing could be right"
        complain(where, message, key=True)


def _value_set(values: Any, name: str, logical_type: str, where: Where, complain: Complaints) -> None:
    if not isinstance(values, list) or not values:
        complain(where, f"value_set must be a list of values, not {values!r}")
        return
    if wrong := [(k, value) for k, value in enumerate(values) if not fits(value, logical_type)]:
        k, value = wrong[0]
        complain((*where, k), f"a value of {name} must be {expected(logical_type)}, not {value!r}")
