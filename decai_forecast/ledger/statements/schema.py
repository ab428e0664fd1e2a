"""The JSON Schema of each kind of statement, as shipped in ``schemas/``; made from the forms by ``make docs``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from decai_forecast.ledger.statements.forms import FORMS
from decai_forecast.ledger.statements.statement import PLAIN, SALTED, TYPE

__all__ = ["SCHEMAS", "schema_files", "schema_of"]

SCHEMAS = Path(__file__).with_name("schemas")
HEX = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def schema_of(kind: str) -> dict[str, Any]:
    """Of a whole statement of this predicate type."""
    predicate = TypeAdapter(FORMS[kind]).json_schema()
    definitions = predicate.pop("$defs", {})
    predicate["additionalProperties"] = False
    digest = {"oneOf": [_exactly({PLAIN: HEX}), _exactly({SALTED: HEX})]}
    subject = _exactly({"name": {"type": "string", "minLength": 1, "maxLength": 100}, "digest": digest})
    subjects = {"type": "array", "minItems": 1, "maxItems": 100, "items": subject}
    whole = _exactly({"_type": {"const": TYPE}, "predicateType": {"const": kind}, "predicate": predicate, "subject": subjects})
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{kind}:schema"}
    return head | whole | ({"$defs": definitions} if definitions else {})


def schema_files() -> Iterator[tuple[Path, str]]:
    """Each file and its text."""
    for kind in FORMS:
        *_, name, version = kind.split(":")
        yield SCHEMAS / f"{name}.{version}.json", json.dumps(schema_of(kind), indent=1, sort_keys=True) + "\n"


def _exactly(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties), "additionalProperties": False}
