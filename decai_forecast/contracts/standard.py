"""What the Open Data Contract Standard itself says of a file: its JSON Schema, with complaints a person can use.

The pydantic model of the standard's package lets unknown keys below the root pass; only the JSON Schema finds them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from decai_forecast.documents.fault import Fault
from decai_forecast.documents.spelling import near

if TYPE_CHECKING:
    from jsonschema import Draft201909Validator, ValidationError

__all__ = ["json_schema", "standard_complaints"]

UNKNOWN = ("additionalProperties", "unevaluatedProperties")
TYPES = {"string": "text", "object": "a mapping", "array": "a list", "boolean": "true or false", "integer": "a whole number",
         "number": "a number"}  # fmt: skip


@lru_cache(maxsize=1)
def json_schema() -> Mapping[str, Any]:
    """The JSON Schema of ODCS 3.2 (draft 2019-09), as the standard's package ships it."""
    from open_data_contract_standard.model import OpenDataContractStandard

    schema: Any = OpenDataContractStandard.json_schema()
    return cast("Mapping[str, Any]", json.loads(schema) if isinstance(schema, str) else schema)


@lru_cache(maxsize=1)
def _validator() -> Draft201909Validator:
    from jsonschema import Draft201909Validator

    return Draft201909Validator(json_schema())


def standard_complaints(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything in ``raw`` that the standard does not allow."""
    for error in _validator().iter_errors(raw):
        yield from _complaints(error)


def _complaints(error: ValidationError) -> Iterator[Fault]:
    if error.validator in UNKNOWN:
        yield from _unknown_keys(error)
    elif error.validator in ("anyOf", "oneOf") and error.context:
        yield from _complaints(min(error.context, key=lambda e: (-len(e.absolute_path), e.validator == "required")))
    elif error.validator == "oneOf":
        given = [key for key in error.instance if key.startswith("must")] if isinstance(error.instance, dict) else []
        yield Fault(tuple(error.absolute_path), f"needs exactly one of {', '.join(given)}")
    elif error.validator == "required":
        yield from _missing(error)
    else:
        yield Fault(tuple(error.absolute_path), _said(error))


def _unknown_keys(error: ValidationError) -> Iterator[Fault]:
    """A wrong value makes the schema call its siblings unevaluated too: only really unknown keys are told."""
    known = _known(error.schema, error.instance)
    where = tuple(error.absolute_path)
    for key in error.instance if isinstance(error.instance, dict) else ():
        if key not in known:
            hint = near(key, known) or "; extensions belong under customProperties"
            yield Fault((*where, key), f"unknown key {key!r}{hint}", key=True)


def _missing(error: ValidationError) -> Iterator[Fault]:
    for key in cast("Sequence[str]", error.validator_value):
        given = error.instance if isinstance(error.instance, dict) else {key: None}
        if key not in given and (key != "map" or "logicalType" in given):  # an absent type meets every condition
            yield Fault(tuple(error.absolute_path), f"missing required key {key!r} in {dotted(error.absolute_path)}", key=True)


def _said(error: ValidationError) -> str:
    value, expected = error.instance, error.validator_value
    shown = repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "..."
    if error.validator == "enum":
        allowed = [str(item) for item in cast("Sequence[Any]", expected)]
        return f"{shown} is not one of {', '.join(allowed)}{near(str(value), allowed)}"
    if error.validator == "type":
        kinds = [expected] if isinstance(expected, str) else cast("Sequence[str]", expected)
        return f"{_last(error)} must be {' or '.join(TYPES.get(kind, kind) for kind in kinds)}, not {shown}"
    return f"{_last(error)}: {error.message[:160]}"


def _last(error: ValidationError) -> str:
    path = list(error.absolute_path)
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "the contract"
    return repr(names[-1]) if isinstance(path[-1], str) else f"an entry of {names[-1]!r}"


def dotted(where: Sequence[str | int]) -> str:
    """``schema[0].properties[2]``, or ``the contract``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".") or "the contract"


def _known(schema: Any, instance: Any, depth: int = 0) -> set[str]:
    """The keys that ``schema`` knows for ``instance``, whichever of them are there."""
    if not isinstance(schema, dict) or depth > 6:
        return set()
    parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *_chosen([*schema.get("allOf", ()), schema], instance)]
    if "$ref" in schema:
        parts.append(_referred(schema["$ref"]))
    return set(schema.get("properties", ())).union(*(_known(part, instance, depth + 1) for part in parts))


def _chosen(parts: Sequence[Any], instance: Any) -> Iterator[Any]:
    """Parts without a condition, and the ``then`` of those whose condition holds; of all of them where none does."""
    conditional = [part for part in parts if isinstance(part, dict) and "if" in part]
    holding = [part for part in conditional if _validator().evolve(schema=part["if"]).is_valid(instance)]
    yield from (part for part in parts[:-1] if part not in conditional)
    yield from (part.get("then") for part in holding or conditional)
    yield from (part.get("else") for part in conditional if part not in holding)


def _referred(reference: str) -> Any:
    """``#/$defs/ServerSource/LocalServer``: a path into the schema."""
    found: Any = json_schema()
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found
