"""The report as text: the verdict in one line, then a block for every broken rule with its place in the contract."""

from __future__ import annotations

from decai_forecast.contracts.check.result import Check, RuleResult
from decai_forecast.contracts.verdict import RuleOutcome

__all__ = ["level", "share", "to_text"]


def to_text(check: Check) -> str:
    """Ends with a line feed."""
    head = f"{check.verdict.words.upper()}  contract {check.contract} {check.version}  {_rows(check.rows)}"
    head += f", {check.quarantined:,} quarantined" if check.quarantined else ""
    lines = [head + (f", {check.held_back:,} held back" if check.held_back else "")]
    for result in check.broken:
        lines += _block(result, check)
    lines += [f"  INFO not tested: {', '.join(rules)}  ({why})" for why, rules in check.skipped.items()]
    if check.code == "error_rate":
        lines.append("  refused because more rows are in quarantine than the contract's errorRate allows")
    return "\n".join(lines) + "\n"


def _block(result: RuleResult, check: Check) -> list[str]:
    note = f"  ({result.note})" if result.note else ""
    measured = f"measured {result.value:,.6g}  " if result.value is not None else ""
    counted = f"{_rows(result.bad_rows)} ({share(result, check)})  " if result.bad_rows else ""
    head = f"  {level(result)} {result.rule}  {counted}{measured}expected: {result.text}{note}"
    place = [f"        rule: {check.file}:{result.line}"] if result.line else []
    return [head, *place, *(f"        {sample}" for sample in result.samples)]


def _rows(count: int) -> str:
    return f"{count:,} row" + ("" if count == 1 else "s")


def level(result: RuleResult) -> str:
    return "NOT CHECKED" if result.outcome == RuleOutcome.NOT_CHECKED else result.severity.upper()


def share(result: RuleResult, check: Check) -> str:
    return f"{result.bad_rows / max(check.rows, 1):.3%}"
