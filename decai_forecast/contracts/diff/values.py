"""Parts of a contract in a form in which order and way of writing do not matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["canonical", "days", "entries", "keyed", "number", "own", "same", "table_of"]

DAYS = {
    "s": 1 / 86_400, "min": 1 / 1440, "m": 1 / 1440, "h": 1 / 24, "hr": 1 / 24, "d": 1, "day": 1, "days": 1, "w": 7, "week": 7,
    "weeks": 7, "month": 30.44, "months": 30.44, "y": 365.25, "yr": 365.25, "year": 365.25, "years": 365.25,
}  # fmt: skip


def entries(node: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The mappings in the list ``node[key]``; empty where there is none."""
    return [item for item in node.get(key) or [] if isinstance(item, Mapping)]


def keyed(items: Iterable[Mapping[str, Any]], *keys: str) -> dict[str, Mapping[str, Any]]:
    """Items by the first of ``keys`` that they have."""
    return {next((str(item[key]) for key in keys if item.get(key) is not None), str(n)): item for n, item in enumerate(items)}


def table_of(contract: Mapping[str, Any]) -> Mapping[str, Any]:
    """The contract's one schema object."""
    return next(iter(entries(contract, "schema")), {})


def own(node: Mapping[str, Any]) -> dict[str, Any]:
    """Our properties: ``customProperties`` with ``vendor: decai``, or with none."""
    items = entries(node, "customProperties")
    return {str(item.get("property")): item.get("value") for item in items if item.get("vendor", "decai") == "decai"}


def number(value: Any) -> float | None:
    """``value`` as a number, None if it is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def days(item: Mapping[str, Any]) -> float | None:
    """The duration of a service level in days; None where its value is no number or its unit not known."""
    value, unit = number(item.get("value")), DAYS.get(str(item.get("unit", "d")).lower())
    return None if value is None or unit is None else value * unit


def canonical(value: Any) -> Any:
    """``value`` with lists sorted and white space of texts folded: neither says anything."""
    if isinstance(value, Mapping):
        return {str(key): canonical(item) for key, item in value.items()}
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Sequence):
        return sorted(map(canonical, value), key=lambda item: json.dumps(item, sort_keys=True, default=str))
    return value


def same(old: Any, new: Any) -> bool:
    """Whether nobody could tell ``old`` from ``new``."""
    return bool(canonical(old) == canonical(new))
