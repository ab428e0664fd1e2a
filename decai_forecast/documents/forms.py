"""What a form (a frozen dataclass and the types of its fields) expects at a place, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, GroupedMetadata, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo

from decai_forecast.documents.constraints import OneOf
from decai_forecast.documents.fault import Where

__all__ = ["Form", "allowed", "choices", "form_at", "key_form", "keys"]

UNIONS = (Union, UnionType)
KINDS: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    date: "a date such as 2026-12-07",
}
LIMITS = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt", MinLen: "min_length", MaxLen: "max_length"}


class Form(NamedTuple):
    """A type without its annotations and without None, and the constraints that were annotated."""

    type: Any
    constraints: tuple[Any, ...] = ()


def form_at(form: Any, loc: Sequence[str | int]) -> tuple[Where, Form]:
    """The form at the place that pydantic calls ``loc``, and the place as the document has it: without tags of unions."""
    inner, where = _bare(form), list[str | int]()
    for part in loc:
        if members := _tagged(inner.type):
            inner = _bare(members.get(str(part), Any))
            continue
        where.append(part)
        inner = _bare(_part(inner.type, part))
    return tuple(where), inner


def keys(form: Form) -> tuple[str, ...]:
    """The keys of a mapping of this form; none where they are free."""
    return tuple(_hints(form.type))


def key_form(form: Form) -> Form:
    """The form of a free mapping's keys."""
    return _bare(next(iter(get_args(form.type)), Any))


def choices(form: Form) -> tuple[str, ...]:
    """The values a text may have; none where it is free. Of a union: the kinds of its members."""
    if isinstance(form.type, type) and issubclass(form.type, Enum):
        return tuple(str(member.value) for member in form.type)
    if listed := [constraint for constraint in form.constraints if isinstance(constraint, OneOf)]:
        return listed[0].names()
    if get_origin(form.type) is Literal:
        return tuple(str(value) for value in get_args(form.type))
    return tuple(_tagged(form.type))


def allowed(form: Form) -> str:
    """What may stand there: ``a whole number of at least 1``; a description that was annotated says it better."""
    if description := next((c.description for c in form.constraints if isinstance(c, FieldInfo) and c.description), ""):
        return description
    if kinds := _tagged(form.type):
        return f"a mapping with kind, one of {', '.join(kinds)}"
    if one_of := choices(form):
        return one_of[0] if len(one_of) == 1 else f"one of {', '.join(one_of)}"
    if known := keys(form):
        return f"a mapping of {', '.join(known)}"
    if (origin := get_origin(form.type)) is not None:
        return f"a list{_length(form, 'entries')}" if issubclass(origin, tuple | list) else "a mapping"
    return f"{KINDS.get(form.type, 'another value')}{_range(form)}{_length(form, 'characters')}"


def _bare(form: Any) -> Form:
    constraints: list[Any] = []
    while True:
        some = [arg for arg in get_args(form) if arg is not NoneType]
        if get_origin(form) is Annotated:
            form, *own = get_args(form)
            constraints += own
        elif get_origin(form) in UNIONS and len(some) == 1:
            form = some[0]
        else:
            return Form(form, tuple(constraints))


def _part(form: Any, part: str | int) -> Any:
    """The type of a field, of a list's entries or of a mapping's values."""
    if known := _hints(form):
        return known.get(str(part), Any)
    arguments = get_args(form)
    return Any if not arguments else arguments[0] if isinstance(part, int) else arguments[-1]


def _hints(form: Any) -> Mapping[str, Any]:
    """The fields of a dataclass and their types; empty for any other type."""
    return _fields(form) if is_dataclass(form) and isinstance(form, type) else {}


@lru_cache(maxsize=64)
def _fields(form: type[Any]) -> Mapping[str, Any]:
    hints = get_type_hints(form, include_extras=True)
    return {_alias(hints[field.name]) or field.name: hints[field.name] for field in fields(form) if field.init}


def _alias(hint: Any) -> str:
    """The key of a field that the document calls otherwise, or nothing."""
    return next((c.alias for c in _bare(hint).constraints if isinstance(c, FieldInfo) and c.alias), "")


def _tagged(form: Any) -> Mapping[str, Any]:
    """The members of a union of dataclasses by the text that their ``kind`` must be."""
    if get_origin(form) not in UNIONS:
        return {}
    members = [(member, _hints(member).get("kind")) for member in get_args(form)]
    return {str(name): member for member, kind in members for name in get_args(kind)}


def _limits(form: Form) -> Mapping[Any, Any]:
    """The limits among the constraints: Ge -> 0, ..."""
    given = [one for constraint in form.constraints for one in _single(constraint)]
    return {type(one): getattr(one, LIMITS[type(one)]) for one in given if type(one) in LIMITS}


def _single(constraint: Any) -> Iterable[Any]:
    """The constraints that one annotation stands for: ``Len(1, 5)`` is a least and a largest length."""
    if isinstance(constraint, FieldInfo):
        return constraint.metadata
    return constraint if isinstance(constraint, GroupedMetadata) else (constraint,)


def _range(form: Form) -> str:
    limits = _limits(form)
    if Ge in limits and Le in limits:
        return f" from {limits[Ge]:,} to {limits[Le]:,}"
    words = {Ge: " of at least", Gt: " above", Le: ", at most", Lt: ", below"}
    return "".join(f"{words[kind]} {limits[kind]:,}" for kind in words if kind in limits)


def _length(form: Form, what: str) -> str:
    limits = _limits(form)
    if MaxLen in limits:
        return f" of {limits.get(MinLen, 0)} to {limits[MaxLen]:,} {what}"
    return " that is not empty" if MinLen in limits else ""
