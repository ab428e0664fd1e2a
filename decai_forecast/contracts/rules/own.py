"""Our own rules: ``type: custom, engine: decai, implementation: {rule: ..., ...}``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from decai_forecast.contracts.model import Bound, Rule
from decai_forecast.contracts.rules.values import NUMERIC, TEMPORAL, a_kind, family, is_number
from decai_forecast.contracts.vocabulary import COMPARISONS, LOGICAL_TYPES, STANDARDS
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where
from decai_forecast.documents.spelling import near

__all__ = ["own_rule"]

Made = tuple[str, str, Mapping[str, Any], Bound]  # column, text, arguments, bound
NO_ROWS = Bound(maximum=0)
KIND_WORDS = {"string": "text", "integer": "numbers", "date": "dates"}  # the first of the kinds a rule is about


class _Options:
    """The ``implementation`` of one rule; every complaint knows its place."""

    def __init__(self, node: Mapping[str, Any], columns: Mapping[str, Any], where: Where, complain: Complaints) -> None:
        self.node, self.columns, self.where, self.complain = node, columns, where, complain
        self.good = True

    def fail(self, key: str, text: str) -> None:
        self.complain((*self.where, key), text)
        self.good = False

    def column(self, key: str, *kinds: str) -> str:
        """The column named under ``key``, of one of ``kinds`` (any, if none is named)."""
        name = self.node.get(key)
        if name is None:
            self.lacks(key, "a column")
        elif self.complain.column(name, self.columns, (*self.where, key)):
            self._of_kind(str(name), kinds, key)
        else:
            self.good = False
        return str(name)

    def _of_kind(self, name: str, kinds: Sequence[str], *at: str | int) -> None:
        if kinds and (found := self.kind(name)) not in kinds and found in LOGICAL_TYPES:
            message = f"rule {self.node.get('rule')!r} is about {KIND_WORDS[kinds[0]]}; {name} is {a_kind(found)}"
            self.complain((*self.where, *at), message)
            self.good = False

    def kind(self, name: str) -> str:
        return str(self.columns[name].logical_type) if name in self.columns else ""

    def columns_of(self, key: str, *kinds: str) -> tuple[str, ...]:
        names = self.node.get(key) or []
        if not isinstance(names, list):
            self.fail(key, f"{key} must be a list of columns")
            return ()
        known = [self.complain.column(name, self.columns, (*self.where, key, k)) for k, name in enumerate(names)]
        self.good = self.good and all(known)
        for k, name in enumerate(names):
            if known[k]:
                self._of_kind(str(name), kinds, key, k)
        return tuple(map(str, names))

    def lacks(self, key: str, what: str) -> None:
        self.fail(key, f"rule {self.node.get('rule')!r} needs {key}, {what}")

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        value = str(self.node.get(key))
        if self.node.get(key) is None:
            self.lacks(key, f"one of {', '.join(allowed)}")
        elif value not in allowed:
            self.fail(key, f"{key} must be one of {', '.join(allowed)}, not {value!r}{near(value, set(allowed))}")
        return value

    def number(self, key: str, default: float) -> float:
        value = self.node.get(key, default)
        if not is_number(value) or value < 0:
            self.fail(key, f"{key} must be a number of at least 0, not {value!r}")
            return default
        return float(value)


def _standard(options: _Options) -> Made:
    column, name = options.column("column", "string"), options.choice("is", STANDARDS)
    words = {"currency": "an ISO 4217 currency", "country": "an ISO 3166-1 country", "unit": "a UN/ECE Rec 20 unit"}
    message = words.get(name, f"a GS1 {name.upper()} with a right check digit")
    return column, f"{column} is {message}", {"is": name}, NO_ROWS


def _compare(options: _Options) -> Made:
    left, right, sign = options.column("left"), options.column("right"), options.choice("operator", COMPARISONS)
    kinds = options.kind(left), options.kind(right)
    if all(kinds) and family(kinds[0]) != family(kinds[1]):
        options.fail("right", f"{left} is {a_kind(kinds[0])}, {right} is {a_kind(kinds[1])}: they cannot be compared")
    return left, f"{left} {sign} {right}", {"left": left, "operator": sign, "right": right}, NO_ROWS


def _balance(options: _Options) -> Made:
    opening, closing = options.column("opening", *NUMERIC), options.column("closing", *NUMERIC)
    plus, minus = options.columns_of("plus", *NUMERIC), options.columns_of("minus", *NUMERIC)
    text = " ".join([opening, *(f"+ {c}" for c in plus), *(f"- {c}" for c in minus), "=", closing])
    arguments = {"opening": opening, "plus": plus, "minus": minus, "closing": closing,
                 "tolerance": options.number("tolerance", 0.0)}  # fmt: skip
    return closing, text, arguments, NO_ROWS


def _calendar(options: _Options) -> Made:
    column, every, by = options.column("column", *TEMPORAL), options.choice("every", ("D", "W", "M")), options.columns_of("by")
    allowed = options.number("allowed", 0)
    per = f" for each {', '.join(by)}" if by else ""
    words = {"D": "day", "W": "week", "M": "month"}.get(every, every)
    text = f"{column} has every {words} between its first and last{per}" + (f", but for {allowed:g}" if allowed else "")
    return column, text, {"every": every, "by": by}, Bound(maximum=allowed)


def _unit_slip(options: _Options) -> Made:
    column, by = options.column("column", *NUMERIC), options.columns_of("by")
    if (dated := options.kind("date")) not in TEMPORAL and (not dated or dated in LOGICAL_TYPES):
        options.fail("rule", "rule 'unit_slip' needs a column date, to tell new values from old ones")
    factors = options.node.get("factors") or [6, 12, 24, 1000]
    if not (isinstance(factors, list) and all(is_number(f) and f > 1 for f in factors)):
        options.fail("factors", f"factors must be numbers above 1, not {factors!r}")
    days = options.number("days", 28)
    text = f"{column} of the last {days:g} days is in the units of before (no factor {', '.join(f'{f:g}' for f in factors)})"
    return column, text, {"by": by, "factors": tuple(factors), "days": days}, NO_ROWS


def _drift(options: _Options) -> Made:
    column, maximum = options.column("column", *NUMERIC), options.number("maximum", 0.25)
    text = f"{column} is distributed as in the last accepted delivery (population stability index at most {maximum:g})"
    return column, text, {}, Bound(maximum=maximum, unit="index")


MAKERS: Mapping[str, tuple[Callable[[_Options], Made], tuple[str, ...]]] = {
    "standard": (_standard, ("column", "is")),
    "compare": (_compare, ("left", "operator", "right")),
    "balance": (_balance, ("opening", "plus", "minus", "closing", "tolerance")),
    "calendar": (_calendar, ("column", "every", "by", "allowed")),
    "unit_slip": (_unit_slip, ("column", "by", "factors", "days")),
    "drift": (_drift, ("column", "maximum")),
}


def own_rule(node: Mapping[str, Any], columns: Mapping[str, Any], where: Where, complain: Complaints) -> Rule | None:
    """One of our own rules; None after a complaint."""
    given, at = node.get("implementation"), (*where, "implementation")
    if not isinstance(given, dict) or given.get("rule") not in MAKERS:
        name = given.get("rule") if isinstance(given, dict) else given
        complain(at, f"rule {name!r} is not known{near(str(name), set(MAKERS))}; use one of {', '.join(MAKERS)}")
        return None
    make, keys = MAKERS[given["rule"]]
    complain.keys(given, ("rule", *keys), at)
    options = _Options(given, columns, at, complain)
    column, text, arguments, bound = make(options)
    name = str(node.get("id") or f"{column}.{given['rule']}")
    rule = Rule(name, given["rule"], column, text, where, str(node.get("severity", "error")), arguments, bound)
    return rule if options.good else None
