"""Whether a delivery kept its contract: the verdict, the clean rows and the quarantine.

The order is: columns and types (nothing is scanned), one pass that marks bad rows, the values of whole-delivery rules,
the judgement by Great Expectations, the two files, the verdict.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from decai_forecast.contracts.check.arrival import Arrival
from decai_forecast.contracts.check.delivery import Delivery, not_delivered, type_problems
from decai_forecast.contracts.check.direct import judge_directly
from decai_forecast.contracts.check.judge import judge
from decai_forecast.contracts.check.judgement import Judgement
from decai_forecast.contracts.check.measures import MEASURES, Measured, measure
from decai_forecast.contracts.check.obstacles import Obstacle, obstacle
from decai_forecast.contracts.check.result import Check, RuleResult
from decai_forecast.contracts.check.samples import SAMPLES, sample_rows
from decai_forecast.contracts.check.sandbox import UnsafeRule
from decai_forecast.contracts.check.scan import Marks, first_line
from decai_forecast.contracts.check.split import split
from decai_forecast.contracts.check.verdict import bad_rows_of, verdict_of
from decai_forecast.contracts.kind import CONTRACT
from decai_forecast.contracts.model import NONE, Contract, Rule
from decai_forecast.contracts.verdict import RuleOutcome, Verdict
from decai_forecast.documents.document import Document

__all__ = ["check_delivery"]

log = logging.getLogger(__name__)


def check_delivery(
    contract: Contract, delivery: Path, as_of: date, folder: Path | None, *,
    references: Mapping[str, Path] | None = None, history: Path | None = None, direct: bool = False,
    arrival: Arrival | None = None,
) -> Check:  # fmt: skip
    """Checks the Parquet file ``delivery`` (in the contract's own column names) as of ``as_of`` (exclusive, never the clock).

    Writes ``clean.parquet`` and, if rows broke a rule, ``quarantine.parquet`` (see ``contracts/reserved.py``)
    into ``folder``; with None no file is written. ``references`` are the partner's other data sets by name, ``history`` is its
    last accepted delivery of this one. With ``direct`` Great Expectations runs every rule on the delivery itself instead of
    judging what one pass of ours has counted; the verdict is the same. ``not_checked`` means that *we* could not check, and
    says nothing about the data. ``arrival`` is what the pull saw; it is noted.
    """
    with TemporaryDirectory(prefix="decai-check-") as scratch:
        try:
            opened = Delivery(contract, delivery, as_of, Path(scratch), references=references, history=history, arrival=arrival)
            with opened:
                return _check(opened, folder, direct=direct)
        except Exception as error:  # whatever breaks in here is ours: it must never become "the data are bad"
            log.error("%s: the check of %s failed (%s)", contract.partner, contract.data_set, type(error).__name__)
            log.debug("the check failed", exc_info=True)
            note = f"{type(error).__name__}: {first_line(error)}"
            broken = RuleResult("check", "check", "", "the check itself runs", RuleOutcome.NOT_CHECKED, note=note)
            return _named(contract, Verdict.NOT_CHECKED, "engine", results=[broken])


def _named(
    contract: Contract, verdict: Verdict, code: str, rows: int = 0, quarantined: int = 0, results: Sequence[RuleResult] = (),
    held_back: int = 0,
) -> Check:  # fmt: skip
    return Check(contract.id, contract.version, contract.path.name, verdict, rows, quarantined, code, tuple(results), held_back)


@dataclass
class _Evidence:
    """What was counted and measured, before anybody judges."""

    counts: dict[str, int] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # rule id -> why it could not run


def _check(delivery: Delivery, folder: Path | None, *, direct: bool) -> Check:
    contract, arrival = delivery.contract, delivery.arrival
    notes = [*_optional(delivery), *arrival.notes(contract, delivery.as_of)]
    rows = int(delivery.one("SELECT count(*) FROM delivery"))
    if refused := _unfit(delivery, rows):
        code = "columns" if refused[0].kind == "columns" else "empty"
        return _named(contract, Verdict.REFUSED, code, rows, 0, [*refused, *notes], arrival.held_back)
    asked = [rule for rule in contract.rules if rule.kind != "columns"]
    obstacles = {rule.id: why for rule in asked if (why := obstacle(rule, delivery)) is not None}
    rules = [rule for rule in asked if rule.id not in obstacles]
    marks = Marks(delivery, rules)
    evidence = _measured(delivery, marks, rules)
    values = _values(evidence, rules, rows)
    sound = [rule for rule in rules if rule.id not in evidence.faults]
    judgements = judge_directly(sound, values, delivery) if direct else judge(sound, values, delivery.path, delivery.scratch)
    results = _results(asked, obstacles, evidence, values, judgements, contract.path)
    failed = [(rule, result) for rule, result in zip(asked, results, strict=True) if result.outcome == RuleOutcome.FAILED]
    blaming = [rule for rule, result in failed if result.bad_rows]
    quarantined = _quarantine(delivery, marks, [rule for rule in blaming if rule.severity == "error"], folder)
    results = _with_samples(delivery, marks, blaming, results)
    verdict, code = verdict_of(rows, quarantined, results, contract.error_rate, {*evidence.faults, *obstacles})
    passed = RuleResult("columns", "columns", "", "has the contracted columns with their types", RuleOutcome.PASSED)
    return _named(contract, verdict, code, rows, quarantined, [passed, *results, *notes], arrival.held_back)


def _optional(delivery: Delivery) -> list[RuleResult]:
    left = not_delivered(delivery.contract.columns, delivery.types)
    return [RuleResult("columns.optional", "columns", "", text, RuleOutcome.FAILED, severity="info") for text in left]


def _unfit(delivery: Delivery, rows: int) -> list[RuleResult]:
    """Faults that make every other rule pointless: columns or types, or no row at all."""
    line = Document(delivery.contract.path, CONTRACT).place(("schema", 0, "properties"), key=True)[0]
    problems = type_problems(delivery.contract.columns, delivery.types, delivery.arrival.extra)
    failed = [RuleResult("columns", "columns", "", problem, RuleOutcome.FAILED, line=line) for problem in problems]
    if not failed and rows == 0:
        failed = [RuleResult("not_empty", "row_count", "", "has at least one row", RuleOutcome.FAILED, line=line)]
    return failed


def _measured(delivery: Delivery, marks: Marks, rules: Sequence[Rule]) -> _Evidence:
    import duckdb

    evidence = _Evidence(counts=marks.counts(), faults=dict(marks.faults))
    for rule in rules:
        if rule.kind in MEASURES:
            try:
                evidence.measured[rule.id] = measure(rule, delivery)
            except (UnsafeRule, duckdb.BinderException, duckdb.ConversionException) as error:
                evidence.faults[rule.id] = first_line(error)
    return evidence


def _values(evidence: _Evidence, rules: Sequence[Rule], rows: int) -> dict[str, float]:
    """Rule id -> what is held against its bound."""
    values = {key: measured.value for key, measured in evidence.measured.items() if measured.value is not None}
    counted = {r.id: r.bound.of(evidence.counts[r.id], rows) for r in rules if r.kind not in (*MEASURES, "expectation")}
    return {key: value for key, value in (values | counted).items() if key not in evidence.faults}


def _results(
    asked: Sequence[Rule], obstacles: Mapping[str, Obstacle], evidence: _Evidence, values: Mapping[str, float],
    judgements: Mapping[str, Judgement], path: Path,
) -> list[RuleResult]:  # fmt: skip
    document = Document(path, CONTRACT)
    results = []
    for rule in asked:
        result = RuleResult(rule.id, rule.kind, rule.column, rule.text, RuleOutcome.PASSED, severity=rule.severity)
        outcome = _untested(obstacles[rule.id]) if rule.id in obstacles else _tested(rule, evidence, values, judgements)
        results.append(replace(result, line=document.place(rule.path, key=True)[0], **outcome))
    return results


def _untested(why: Obstacle) -> dict[str, Any]:
    return {"outcome": why.outcome, "note": why.why}


def _tested(
    rule: Rule, evidence: _Evidence, values: Mapping[str, float], judgements: Mapping[str, Judgement]
) -> dict[str, Any]:
    """The fields of the rule's result."""
    if rule.id in evidence.faults:
        return {"outcome": RuleOutcome.NOT_CHECKED, "note": evidence.faults[rule.id]}
    measured = evidence.measured.get(rule.id, Measured(None))
    if rule.id in evidence.measured and measured.value is None:
        return {"outcome": RuleOutcome.SKIPPED, "note": measured.note}
    judged = judgements.get(rule.id, Judgement(None))
    outcome = _outcome(judged.kept)
    if rule.kind == "expectation":
        return {"outcome": outcome, "bad_rows": judged.rows, "value": judged.value, "note": judged.why}
    if rule.kind in MEASURES:
        return {"outcome": outcome, "value": measured.value, "note": measured.note}
    value = values[rule.id]
    shown = None if rule.bound == NONE else value  # where no row may be bad, their number says it all
    return {"outcome": outcome, "bad_rows": bad_rows_of(rule, evidence.counts[rule.id], value), "value": shown}


def _outcome(kept: bool | None) -> RuleOutcome:
    """``kept`` is None where Great Expectations could not say."""
    if kept is None:
        return RuleOutcome.NOT_CHECKED
    return RuleOutcome.PASSED if kept else RuleOutcome.FAILED


def _quarantine(delivery: Delivery, marks: Marks, broken: Sequence[Rule], folder: Path | None) -> int:
    rules = [rule for rule in broken if rule.kind not in (*MEASURES, "expectation")]
    if folder is not None:
        return split(delivery, marks, rules, folder)
    return int(delivery.one(f"SELECT count(*) FROM marks WHERE {marks.test(rules)}"))


def _with_samples(delivery: Delivery, marks: Marks, failed: Sequence[Rule], results: Sequence[RuleResult]) -> list[RuleResult]:
    shown = [rule for rule in failed if rule.kind not in (*MEASURES, "expectation")]
    samples = sample_rows(delivery, shown, marks.first_rows(shown, SAMPLES))
    return [replace(result, samples=samples.get(result.rule, ())) for result in results]
