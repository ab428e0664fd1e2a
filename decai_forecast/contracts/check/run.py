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

from decai_forecast.contracts.check.delivery import Delivery, type_problems
from decai_forecast.contracts.check.direct import judge_directly
from decai_forecast.contracts.check.judge import judge
from decai_forecast.contracts.check.measures import MEASURES, Measured, measure
from decai_forecast.contracts.check.result import Check, RuleResult
from decai_forecast.contracts.check.samples import SAMPLES, sample_rows
from decai_forecast.contracts.check.sandbox import UnsafeRule
from decai_forecast.contracts.check.scan import Marks
from decai_forecast.contracts.check.split import split
from decai_forecast.contracts.check.verdict import verdict_of
from decai_forecast.contracts.document import Document
from decai_forecast.contracts.model import Contract, Rule

__all__ = ["check_delivery"]

log = logging.getLogger(__name__)


def check_delivery(
    contract: Contract, delivery: Path, as_of: date, folder: Path | None, *,
    references: Mapping[str, Path] | None = None, history: Path | None = None, direct: bool = False,
    extra: Sequence[str] = (),
) -> Check:  # fmt: skip
    """Checks the Parquet file ``delivery`` (in the contract's own column names) as of ``as_of`` (exclusive, never the clock).

    Writes ``clean.parquet`` and, if rows broke a rule, ``quarantine.parquet`` (with ``row_nr`` and ``rules``) into
    ``folder``; with None no file is written. ``references`` are the partner's other data sets by name, ``history`` is its
    last accepted delivery of this one. With ``direct`` Great Expectations runs every rule on the delivery itself instead of
    judging what one pass of ours has counted; the verdict is the same. ``not_checked`` means that *we* could not check, and
    says nothing about the data. ``extra`` columns, which nobody contracted, are told.
    """
    with TemporaryDirectory(prefix="decai-check-") as scratch:
        try:
            opened = Delivery(contract, delivery, as_of, Path(scratch), references=references, history=history)
            with opened:
                return _with_extra(_check(opened, folder, direct=direct), extra)
        except Exception:  # whatever breaks in here is ours: it must never become "the data are bad"
            log.exception("checking %s of %s failed", contract.data_set, contract.partner)
            return _named(contract, "not_checked", "engine")


def _with_extra(found: Check, extra: Sequence[str]) -> Check:
    if not extra:
        return found
    text = f"only contracted columns; {', '.join(extra)} stayed where they are"
    told = RuleResult("columns.extra", "columns", "", text, "failed", severity="info")
    return replace(found, results=(*found.results, told))


def _named(
    contract: Contract, verdict: str, code: str, rows: int = 0, quarantined: int = 0, results: Sequence[RuleResult] = ()
) -> Check:
    return Check(contract.id, contract.version, contract.path.name, verdict, rows, quarantined, code, tuple(results))


@dataclass
class _Found:
    """What was counted and measured, before anybody judges."""

    counts: dict[str, int] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)
    unsafe: dict[str, str] = field(default_factory=dict)


def _check(delivery: Delivery, folder: Path | None, *, direct: bool) -> Check:
    contract = delivery.contract
    rows = int(delivery.one("SELECT count(*) FROM delivery"))
    if refused := _unfit(delivery, rows):
        return _named(contract, "refused", "columns" if refused[0].kind == "columns" else "empty", rows, 0, refused)
    rules = [rule for rule in contract.rules if rule.kind != "columns" and (not rule.column or rule.column in delivery.types)]
    marks = Marks(delivery, rules)
    found = _measured(delivery, marks, rules)
    values = _values(found, rules, rows)
    outcomes = judge_directly(rules, values, delivery) if direct else judge(rules, values, delivery.path, delivery.scratch)
    results = _results(delivery, rules, found, outcomes)
    failed = [rule for rule, result in zip(rules, results, strict=True) if result.outcome == "failed"]
    quarantined = _quarantine(delivery, marks, [rule for rule in failed if rule.severity == "error"], folder)
    results = _with_samples(delivery, marks, failed, results)
    verdict, code = verdict_of(rows, quarantined, results, contract.error_rate)
    passed = RuleResult("columns", "columns", "", "has the contracted columns with their types", "passed")
    return _named(contract, verdict, code, rows, quarantined, [passed, *results])


def _unfit(delivery: Delivery, rows: int) -> list[RuleResult]:
    """Faults that make every other rule pointless: columns or types, or no row at all."""
    line = Document(delivery.contract.path).place(("schema", 0, "properties"), key=True)[0]
    problems = type_problems(delivery.contract.columns, delivery.types)
    failed = [RuleResult("columns", "columns", "", problem, "failed", line=line) for problem in problems]
    if not failed and rows == 0:
        failed = [RuleResult("not_empty", "row_count", "", "has at least one row", "failed", line=line)]
    return failed


def _measured(delivery: Delivery, marks: Marks, rules: Sequence[Rule]) -> _Found:
    found = _Found(counts=marks.counts())
    for rule in rules:
        if rule.kind in MEASURES:
            try:
                found.measured[rule.id] = measure(rule, delivery)
            except UnsafeRule as error:
                found.unsafe[rule.id] = str(error)
    return found


def _values(found: _Found, rules: Sequence[Rule], rows: int) -> dict[str, float]:
    """Rule id -> what is held against its bound."""
    values = {key: measured.value for key, measured in found.measured.items() if measured.value is not None}
    counted = {r.id: r.bound.of(found.counts[r.id], rows) for r in rules if r.kind not in (*MEASURES, "expectation")}
    return values | counted


def _results(
    delivery: Delivery, rules: Sequence[Rule], found: _Found, outcomes: Mapping[str, tuple[bool | None, int]]
) -> list[RuleResult]:
    document = Document(delivery.contract.path)
    names: dict[bool | None, str] = {True: "passed", False: "failed", None: "not_checked"}
    results = []
    for rule in rules:
        measured = found.measured.get(rule.id, Measured(None))
        unjudged = rule.id in found.measured and measured.value is None
        kept, counted = (True, 0) if unjudged else outcomes.get(rule.id, (None, 0))
        rows = counted if rule.kind == "expectation" else found.counts.get(rule.id, 0)
        note = found.unsafe.get(rule.id) or measured.note
        line = document.place(rule.path, key=True)[0]
        results.append(
            RuleResult(rule.id, rule.kind, rule.column, rule.text, names[kept], rows, measured.value, note, line, rule.severity)
        )
    return results


def _quarantine(delivery: Delivery, marks: Marks, broken: Sequence[Rule], folder: Path | None) -> int:
    rules = [rule for rule in broken if rule.kind not in (*MEASURES, "expectation")]
    if folder is not None:
        return split(delivery, marks, rules, folder)
    return int(delivery.one(f"SELECT count(*) FROM marks WHERE {marks.test(rules)}"))


def _with_samples(delivery: Delivery, marks: Marks, failed: Sequence[Rule], results: Sequence[RuleResult]) -> list[RuleResult]:
    shown = [rule for rule in failed if rule.kind not in (*MEASURES, "expectation")]
    samples = sample_rows(delivery, shown, marks.first_rows(shown, SAMPLES))
    return [replace(result, samples=samples.get(result.rule, ())) for result in results]
