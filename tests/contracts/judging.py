"""Rules as YAML, and what a test of both ways to a judgement is given."""

from __future__ import annotations

from collections.abc import Callable

from decai_forecast.contracts import Check

Judged = Callable[..., Check]


def with_rules(*rules: str) -> tuple[tuple[str, str], ...]:
    """Changes of the drafted contract that add quality rules, each a YAML flow mapping, to its table."""
    added = "".join(f"      - {rule}\n" for rule in rules)
    return (("\nslaProperties:", f"{added}\nslaProperties:"),) if rules else ()


def own(rule: str, severity: str = "error", name: str = "r") -> str:
    """One of our own rules, as YAML."""
    return f"{{id: {name}, type: custom, engine: decai, severity: {severity}, implementation: {{{rule}}}}}"


def expects(kind: str, arguments: str) -> str:
    """A Great Expectations rule, as YAML."""
    inside = f"{{type: {kind}, kwargs: {{{arguments}}}}}"
    return f"{{id: r, type: custom, engine: great-expectations, implementation: {inside}}}"
