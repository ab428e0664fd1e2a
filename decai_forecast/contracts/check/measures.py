"""Rules about the whole delivery: each measures one value, which is then held against the rule's bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from decai_forecast import sql
from decai_forecast.contracts.check.delivery import Delivery
from decai_forecast.contracts.check.sandbox import run_query
from decai_forecast.contracts.model import Rule
from decai_forecast.contracts.reserved import PREFIX

__all__ = ["MEASURES", "Measured", "measure"]

BINS = 20  # of equal frequency in the reference, for the population stability index
FEWEST = 100  # values on either side below which a distribution says nothing
DAY = 86_400.0  # seconds
DAY_OF, BEFORE = f"{PREFIX}day", f"{PREFIX}before"  # beside a partner's columns, which may be called d
STEPS = {"D": "1 DAY", "W": "7 DAY", "M": "1 MONTH"}


@dataclass(frozen=True)
class Measured:
    """A value, None where there is nothing to measure it against yet; ``note`` says what was found."""

    value: float | None
    note: str = ""


def measure(rule: Rule, delivery: Delivery) -> Measured:
    """The value of ``rule`` for the delivery. Whatever the partner's own SQL raises goes through to the caller."""
    return MEASURES[rule.kind](rule, delivery)


def _row_count(rule: Rule, delivery: Delivery) -> Measured:  # noqa: ARG001  one signature for all kinds
    return Measured(float(delivery.one("SELECT count(*) FROM delivery")))


def _freshness(rule: Rule, delivery: Delivery) -> Measured:
    """Days from the newest value to the data cut-off (midnight UTC)."""
    newest = delivery.one(f"SELECT max({sql.name(rule.column)}) FROM delivery WHERE {delivery.before_cut_off(rule.column)}")
    if newest is None:
        return Measured(math.inf, "no value at all")
    end = datetime.combine(delivery.as_of, time.min, UTC)
    return Measured((end - _moment(newest)).total_seconds() / DAY, f"newest {rule.column} is {newest}")


def _moment(value: date | datetime) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min, UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _calendar(rule: Rule, delivery: Delivery) -> Measured:
    """Periods without a row between the first and the last of each group."""
    column, step = sql.name(rule.column), STEPS[rule.arguments["every"]]
    by = [sql.name(name) for name in rule.arguments["by"]]
    chosen = ", ".join([*by, f"CAST({column} AS DATE) AS {DAY_OF}"])
    over = f"{'PARTITION BY ' + ', '.join(by) if by else ''} ORDER BY {DAY_OF}"
    days = f"SELECT DISTINCT {chosen} FROM delivery WHERE {delivery.before_cut_off(rule.column)}"
    steps = f"SELECT *, lag({DAY_OF}) OVER ({over}) AS {BEFORE} FROM ({days})"
    unit = {"D": "day", "W": "day", "M": "month"}[rule.arguments["every"]]
    gap = f"(date_diff('{unit}', {BEFORE}, {DAY_OF}) // {7 if step == '7 DAY' else 1}) - 1"
    query = f"SELECT coalesce(sum({gap}), 0), min({BEFORE}) FROM ({steps}) WHERE {BEFORE} + INTERVAL {step} < {DAY_OF}"
    missing, first = delivery.all(query)[0]
    return Measured(float(missing), f"the first gap is after {first}" if first is not None else "")


def _drift(rule: Rule, delivery: Delivery) -> Measured:
    """Population stability index of the rows that are new since the last accepted delivery (Siddiqi 2006, section 7)."""
    if delivery.history is None:
        return Measured(None, "no accepted delivery to compare with yet")
    value, old = sql.name(rule.column), f"read_parquet({sql.text(str(delivery.history))})"
    new = f"SELECT {value} AS v FROM delivery WHERE {value} IS NOT NULL"
    if "date" in delivery.types:
        new += f" AND date > (SELECT max(date) FROM {old})"
    counts = delivery.all(f"SELECT (SELECT count({value}) FROM {old}), (SELECT count(*) FROM ({new}))")[0]
    if min(counts) < FEWEST:
        return Measured(None, f"too few values to compare ({counts[1]:,} new, {counts[0]:,} before)")
    shares = ", ".join(str(k / BINS) for k in range(1, BINS))
    edges = delivery.one(f"SELECT list_distinct(quantile_cont(CAST({value} AS DOUBLE), [{shares}])) FROM {old}")
    return Measured(_stability(delivery, sorted(edges), f"SELECT {value} AS v FROM {old}", new))


def _stability(delivery: Delivery, edges: list[float], old: str, new: str) -> float:
    """Sum over the bins of (new share - old share) * ln(new share / old share); an empty bin counts half a value."""
    binned = f"list_count(list_filter({sql_list(edges)}, lambda e: v > e))"
    counts = [
        dict(delivery.all(f"SELECT {binned}, count(*) FROM ({rows}) WHERE v IS NOT NULL GROUP BY 1")) for rows in (old, new)
    ]
    total = [sum(count.values()) for count in counts]
    index = 0.0
    for k in range(len(edges) + 1):
        before, after = (max(count.get(k, 0), 0.5) / n for count, n in zip(counts, total, strict=True))
        index += (after - before) * math.log(after / before)
    return index


def sql_list(values: list[float]) -> str:
    return f"[{', '.join(map(repr, values))}]"


def _sql(rule: Rule, delivery: Delivery) -> Measured:
    return Measured(run_query(rule, delivery))


MEASURES: Mapping[str, Callable[[Rule, Delivery], Measured]] = {
    "row_count": _row_count,
    "freshness": _freshness,
    "calendar": _calendar,
    "drift": _drift,
    "sql": _sql,
}
