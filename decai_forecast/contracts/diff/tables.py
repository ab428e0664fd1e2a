"""Changes of the table as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.contracts.diff.change import Change
from decai_forecast.contracts.diff.values import same, table_of

__all__ = ["table_changes"]

DESCRIBING_KEYS = (
    "description",
    "businessName",
    "physicalName",
    "tags",
    "synonyms",
    "authoritativeDefinitions",
    "physicalType",
)


def table_changes(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> Iterator[Change]:
    """Its name and what one row is."""
    before, after = table_of(old), table_of(new)
    if not same(before.get("name"), after.get("name")):
        effect = "Rules, references and programs that name the table no longer find it."
        yield Change("table renamed", name, before.get("name"), after.get("name"), "major", effect)
    grain = "dataGranularityDescription"
    if not same(before.get(grain), after.get(grain)):
        first = before.get(grain) is None
        effect = "It is now said what a row is." if first else "A row is said to be something else."
        yield Change("grain", f"{name}.{grain}", before.get(grain), after.get(grain), "minor" if first else "major", effect)
    for key in DESCRIBING_KEYS:
        if not same(before.get(key), after.get(key)):
            yield Change(
                "text", f"{name}.{key}", before.get(key), after.get(key), "patch", "Only words for the reader changed."
            )
