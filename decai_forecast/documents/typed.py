"""A plain value (of YAML or JSON) as a frozen dataclass, or everything that is wrong with it.

The form of a document is a frozen dataclass whose fields are annotated with pydantic's constraints::

    @dataclass(frozen=True)
    class Verdict:
        state: Literal["accepted", "refused"]
        rows: Annotated[int, Field(ge=0)] = 0

A field may also be such a dataclass, a tuple or mapping of them, or one of several that differ by a literal field ``kind``
(``Field(discriminator="kind")``); other unions than with None are not known here.

Nothing is converted (the text "3" is no number) and no key is unknown. A form may have a method ``faults`` that yields what is
wrong between its keys; it is asked even where single keys are wrong, as if those were not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import TypeAdapter, ValidationError

from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.safe_json import too_large
from decai_forecast.documents.safe_yaml import UNPRINTABLE
from decai_forecast.documents.sentences import Sentences, part_at, shown

__all__ = ["Checked", "typed"]

T = TypeVar("T")


@runtime_checkable
class Checked(Protocol):
    """A form that knows what is wrong between its keys."""

    def faults(self) -> Iterable[Fault]:
        """What does not go together; places are those of the document."""
        ...


Extra = Literal["forbid", "ignore"]


def typed(value: Any, form: type[T], name: str, *, unknown: Extra = "forbid") -> tuple[T | None, tuple[Fault, ...]]:
    """``value`` as a ``form``, or None and all faults. ``name``: what the whole is called, such as "a scenario".

    ``unknown``: what becomes of keys that the form has not; they are ignored where somebody else's standard may have more.
    """
    faults = list[Fault]()
    value = _fit(value, (), faults)
    read, wrong = _validated(value, form, name, unknown)
    _add(faults, wrong)
    if faults:
        read, _ = _validated(_without(value, [fault.where for fault in faults]), form, name, unknown)
    if isinstance(read, Checked):
        _add(faults, read.faults())
    return (None if faults else read), tuple(faults)


def _add(faults: list[Fault], others: Iterable[Fault]) -> None:
    """Those at places of which nothing is said yet: one message for one fault."""
    places = {fault.where for fault in faults}
    faults += [fault for fault in others if fault.where not in places]


@lru_cache(maxsize=64)
def _adapter(form: Any) -> TypeAdapter[Any]:
    return TypeAdapter(form)


def _validated(value: Any, form: Any, name: str, unknown: Extra) -> tuple[Any, list[Fault]]:
    """Through JSON: strictness then means JSON's own types, in which a list may become a tuple and a text a date."""
    try:
        return _adapter(form).validate_json(json.dumps(value), strict=True, extra=unknown), []
    except ValidationError as error:
        return None, Sentences(value, form, name).of(error)


def _fit(value: Any, where: Where, faults: list[Fault]) -> Any:
    """A copy with None for what no form takes, which is added to ``faults``."""
    if isinstance(value, dict):
        return {key: _fit(item, (*where, key), faults) for key, item in value.items()}
    if isinstance(value, list):
        return [_fit(item, (*where, number), faults) for number, item in enumerate(value)]
    if unfit := _unfit(value):
        faults.append(Fault(where, unfit))
    return None if unfit else value


def _unfit(value: Any) -> str:
    """Numbers beyond 64 bits, characters that cannot be shown, YAML's own types such as !!binary; empty for what is fit."""
    if isinstance(value, str):
        character = UNPRINTABLE.search(value)
        return f"the character U+{ord(character[0]):04X} is not allowed" if character else ""
    if isinstance(value, int | float):
        return f"{shown(value)} is no number of 64 bits" if too_large(value) else ""
    return (
        "" if value is None else f"a value of type {type(value).__name__} is not allowed; write text, a number, true or false"
    )


def _without(value: Any, places: Iterable[Where]) -> Any:
    """A copy without the keys at ``places``. Instead of an entry of a list its list goes, so that no other entry moves."""
    copy = json.loads(json.dumps(value))
    for where in places:
        _drop(copy, where)
    return copy


def _drop(value: Any, where: Where) -> None:
    named = [k for k, part in enumerate(where) if isinstance(part, str)]
    parent = part_at(value, where[: named[-1]]) if named else None
    if isinstance(parent, dict):
        parent.pop(where[named[-1]], None)
