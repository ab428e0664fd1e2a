"""Values as YAML on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["flow", "quoted_yaml", "single_quoted", "word"]

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_@./+-]*")
NOT_TEXT = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])  # YAML 1.1 reads these as something else


def quoted_yaml(value: str) -> str:
    """A double-quoted text, which is JSON's too; readable in the partner's own language."""
    return json.dumps(value, ensure_ascii=not value.isprintable())


def single_quoted(value: str) -> str:
    """A single-quoted text."""
    return "'" + value.replace("'", "''") + "'"


def word(value: str) -> str:
    """An address, a path, a time zone: quoted only where YAML would read something else."""
    return value if WORD.fullmatch(value) and value.lower() not in NOT_TEXT else quoted_yaml(value)


def flow(value: Any) -> str:
    """``{rule: standard, column: gtin, factors: [6, 12]}``: mappings, lists, numbers, and texts quoted only where needed."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(flow, value)) + "]"
    plain = isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in NOT_TEXT
    return str(value) if plain else json.dumps(value)
