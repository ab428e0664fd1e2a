"""What keeps a rule from being tested: what it compares with is not there yet, or does not fit. Neither blames the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from decai_forecast import sql
from decai_forecast.contracts.check.delivery import Delivery
from decai_forecast.contracts.model import Rule
from decai_forecast.contracts.verdict import RuleOutcome

__all__ = ["Obstacle", "obstacle"]

SKIPPED, NOT_CHECKED = RuleOutcome.SKIPPED, RuleOutcome.NOT_CHECKED
TEXT = ("VARCHAR", "ENUM")


@dataclass(frozen=True)
class Obstacle:
    """``outcome`` is skipped or not checked; ``why`` stands in the report."""

    outcome: RuleOutcome
    why: str


def obstacle(rule: Rule, delivery: Delivery) -> Obstacle | None:
    """None if ``rule`` can be tested on ``delivery``. A column that must be there has been asked for before."""
    if absent := _absent(rule.columns, delivery.types):
        return Obstacle(SKIPPED, f"column {absent!r} was not delivered")
    find = FINDERS.get(rule.kind)
    return find(rule, delivery) if find is not None else None


def _absent(columns: Iterable[str], have: Iterable[str]) -> str:
    return next((name for name in columns if name not in have), "")


def _reference(rule: Rule, delivery: Delivery) -> Obstacle | None:
    name, column = rule.arguments["data_set"], rule.arguments["column"]
    if name not in delivery.references:
        return Obstacle(SKIPPED, f"the data set {name!r} is not there to look it up in")
    have = _types(delivery, delivery.references[name])
    if have is None:
        return Obstacle(
            RuleOutcome.NOT_CHECKED, f"{delivery.references[name]} of the data set {name!r} is not a readable Parquet file"
        )
    if column not in have:
        return Obstacle(NOT_CHECKED, f"the data set {name!r} has no column {column!r}; it has {', '.join(have)}")
    ours, theirs = delivery.types[rule.column], have[column]
    if ours.startswith(TEXT) != theirs.startswith(TEXT):
        return Obstacle(
            RuleOutcome.NOT_CHECKED, f"{rule.column} is {ours}, but {name}.{column} is {theirs}: one of them is text"
        )
    return None


def _drift(rule: Rule, delivery: Delivery) -> Obstacle | None:
    if delivery.history is None:
        return Obstacle(SKIPPED, "no accepted delivery to compare with yet")
    return _history(delivery, [rule.column, *(["date"] if "date" in delivery.types else [])])


def _unit_slip(rule: Rule, delivery: Delivery) -> Obstacle | None:
    if "date" not in delivery.types:
        return Obstacle(SKIPPED, "there is no column 'date' to tell new values from old ones")
    if delivery.history is not None:
        return _history(delivery, [*rule.columns, "date"])
    first, last = delivery.all("SELECT min(date), max(date) FROM delivery")[0]
    if first is None or (last - first).days < rule.arguments["days"]:
        return Obstacle(SKIPPED, "no accepted delivery and no earlier rows to compare with yet")
    return None


def _history(delivery: Delivery, columns: Iterable[str]) -> Obstacle | None:
    """A column that was contracted since then is not in the last accepted delivery: that is nobody's fault."""
    have = _types(delivery, delivery.history) if delivery.history is not None else {}
    if have is None:
        return Obstacle(
            RuleOutcome.NOT_CHECKED, f"the last accepted delivery {delivery.history} is not a readable Parquet file"
        )
    if absent := _absent(columns, have):
        return Obstacle(SKIPPED, f"the last accepted delivery has no column {absent!r}; it has {', '.join(have)}")
    return None


def _types(delivery: Delivery, path: Path) -> dict[str, str] | None:
    import duckdb

    try:
        return {row[0]: row[1] for row in delivery.all(f"DESCRIBE SELECT * FROM read_parquet({sql.text(str(path))})")}
    except duckdb.Error:
        return None


FINDERS: Mapping[str, Callable[[Rule, Delivery], Obstacle | None]] = {
    "reference": _reference,
    "drift": _drift,
    "unit_slip": _unit_slip,
}
