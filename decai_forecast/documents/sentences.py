"""Pydantic's errors as sentences for a person: what stands there, what is allowed, what may have been meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.forms import Form, allowed, choices, form_at, key_form, keys
from decai_forecast.documents.spelling import near

__all__ = ["Sentences", "part_at", "shown"]

LONGEST_VALUE = 60  # characters of a value that a message shows
MOST = 100  # faults of one document that are put into words: a hostile one may have a hundred thousand
MISSING, UNKNOWN, OWN = "missing", "unexpected_keyword_argument", "value_error"
KEY = "[key]"  # ends the place of what is wrong with a key itself
TAGS = ("union_tag_invalid", "union_tag_not_found")


class Sentences:
    """The faults of one value that is no ``form``; ``name``: what the whole is called, such as "a contract"."""

    def __init__(self, value: Any, form: Any, name: str) -> None:
        self.value, self.form, self.name = value, form, name

    def of(self, error: ValidationError) -> list[Fault]:
        """One fault for each of pydantic's errors; keys that one mapping lacks are one fault together."""
        errors = [one for one in error.errors(include_url=False, include_input=False)[:MOST] if not self._follows(one)]
        lacking = dict[Where, list[str]]()
        for one in errors:
            if one["type"] == MISSING:
                *parent, key = form_at(self.form, one["loc"])[0]
                lacking.setdefault(tuple(parent), []).append(str(key))
        others = [self._fault(one["type"], one["loc"], one.get("ctx", {})) for one in errors if one["type"] != MISSING]
        return [*self._lacking(lacking), *others]

    def _follows(self, one: ErrorDetails) -> bool:
        """Whether a list is called too short only because entries of it are wrong."""
        given = part_at(self.value, form_at(self.form, one["loc"])[0])
        return one["type"] == "too_short" and isinstance(given, list) and one["ctx"]["actual_length"] < len(given)

    def _lacking(self, lacking: Mapping[Where, Sequence[str]]) -> Iterator[Fault]:
        for where, missing in lacking.items():
            yield Fault(where, f"{_whole(where, self.name)} needs {', '.join(missing)}")

    def _fault(self, kind: str, loc: tuple[str | int, ...], context: Mapping[str, Any]) -> Fault:
        where, form = form_at(self.form, loc)
        if loc and loc[-1] == KEY and part_at(self.value, where) is None:
            return self._key(loc[:-1])
        if kind == UNKNOWN:
            return self._unknown(where, loc)
        if kind in TAGS:
            return self._tag(where, form)
        said = str(context.get("error", "")) if kind == OWN else ""
        return Fault(where, f"{_called(where, self.name)} {said}" if said else self._not(where, form))

    def _not(self, where: Where, form: Form) -> str:
        value = part_at(self.value, where)
        kinds = allowed(form).startswith("a mapping")  # of a union: none of them may stand there itself
        advice = near(value, choices(form)) if isinstance(value, str) and not kinds else ""
        return f"{_called(where, self.name)} must be {allowed(form)}, not {shown(value)}{advice}{_rewritten(value, form)}"

    def _key(self, loc: tuple[str | int, ...]) -> Fault:
        """Of a mapping whose keys are free, but of a form."""
        where, _ = form_at(self.form, loc)
        expected = key_form(form_at(self.form, loc[:-1])[1])
        advice = near(str(where[-1]), choices(expected))
        return Fault(where, f"key {shown(where[-1])} must be {allowed(expected)}{advice}", key=True)

    def _unknown(self, where: Where, loc: tuple[str | int, ...]) -> Fault:
        known = keys(form_at(self.form, loc[:-1])[1])
        key = str(where[-1])
        advice = near(key, known) or f"; known are {', '.join(sorted(known))}"
        return Fault(where, f"unknown key {shown(key)}{advice}", key=True)

    def _tag(self, where: Where, form: Form) -> Fault:
        kinds = choices(form)
        given = part_at(self.value, (*where, "kind"))
        if "kind" not in (part_at(self.value, where) or {}):
            return Fault(where, f"{_whole(where, self.name)} needs kind, one of {', '.join(kinds)}")
        advice = near(given, kinds) if isinstance(given, str) else ""
        return Fault((*where, "kind"), f"kind must be one of {', '.join(kinds)}, not {shown(given)}{advice}")


def _rewritten(value: Any, form: Form) -> str:
    """How what stands there is written as what was expected."""
    if allowed(form).startswith(("text", "a name")) and isinstance(value, int | float):
        return "; put it into quotes"
    if allowed(form).startswith("a list") and isinstance(value, str):
        return f"; write [{value}]" if len(value) < LONGEST_VALUE and value.isprintable() else ""
    return ""


def shown(value: Any) -> str:
    """A value in a message: short, on one line, without anything that moves a terminal's cursor."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value):,}" if value else "an empty list"
    text = repr(value[: 2 * LONGEST_VALUE] if isinstance(value, str) else value)
    return text if len(text) < LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def part_at(value: Any, where: Where) -> Any:
    """What stands at ``where``; None where nothing does."""
    for part in where:
        inside = isinstance(value, dict) and part in value
        if not inside and not (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            return None
        value = value[part]
    return value


def _called(where: Where, name: str) -> str:
    """The last key, or "an entry of" it."""
    if not where:
        return name
    return str(where[-1]) if isinstance(where[-1], str) else _whole(where, name)


def _whole(where: Where, name: str) -> str:
    """What a mapping is called that lacks a key."""
    named = [part for part in where if isinstance(part, str)]
    if not named:
        return name
    return named[-1] if isinstance(where[-1], str) else f"an entry of {named[-1]}"
