"""Changes of the columns: what is there, of which type, how it is called, and the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.contracts.diff.change import Change
from decai_forecast.contracts.diff.promises import column_promises
from decai_forecast.contracts.diff.values import entries, keyed, same, table_of

__all__ = ["column_changes"]

DESCRIBING_KEYS = ("description", "businessName", "examples", "tags", "synonyms", "authoritativeDefinitions", "semanticType")
SEVERE = ("public", "internal", "confidential", "restricted")  # loosest classification first


def column_changes(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> Iterator[Change]:
    """Changes of the columns of data set ``name``."""
    before, after = (keyed(entries(table_of(c), "properties"), "name") for c in (old, new))
    yield from _removed(before, after, name)
    known = {_source(column) for column in before.values()}
    for column in after.keys() - before.keys():
        if _source(after[column]) not in known:
            effect = "There is one more column; nobody has to use it."
            yield Change("column added", f"{name}.{column}", None, column, "minor", effect)
    for column in before.keys() & after.keys():
        yield from _changed(before[column], after[column], f"{name}.{column}")
    yield from _key(before, after, name)


def _removed(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> Iterator[Change]:
    sources = {_source(column): new for new, column in after.items() if new not in before}
    for column in before.keys() - after.keys():
        where, renamed = f"{name}.{column}", sources.get(_source(before[column]))
        if renamed is not None:
            effect = f"The column is now called {renamed}: whoever reads {column} no longer finds it."
            yield Change("column renamed", where, column, renamed, "major", effect)
        else:
            yield Change("column removed", where, column, None, "major", "Whoever uses the column no longer has it.")


def _source(column: Mapping[str, Any]) -> str:
    """What the partner calls the column."""
    return str(column.get("physicalName") or column.get("name"))


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Change]:
    for key in ("logicalType", "physicalType"):
        if not same(old.get(key), new.get(key)):
            yield _type(key, old, new, where)
    if _source(old) != _source(new):
        effect = "The partner's own name changed; the column keeps its name here."
        yield Change("source renamed", f"{where}.physicalName", _source(old), _source(new), "patch", effect)
    yield from column_promises(old, new, where)
    yield from _classification(old, new, where)
    for key in DESCRIBING_KEYS:
        if not same(old.get(key), new.get(key)):
            yield Change("text", f"{where}.{key}", old.get(key), new.get(key), "patch", "Only words for the reader changed.")


def _type(key: str, old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Change:
    """A physical type that was not promised before, and now is, is a tighter promise."""
    if key == "physicalType" and old.get(key) is None:
        return Change("type", f"{where}.{key}", None, new[key], "minor", "The stored type is now promised too.")
    effect = f"The values are no longer of type {old.get(key)}: programs that read them may fail."
    return Change("type", f"{where}.{key}", old.get(key), new.get(key), "major", effect)


def _classification(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Change]:
    before, after = old.get("classification"), new.get("classification")
    if same(before, after):
        return
    known = before in SEVERE and after in SEVERE
    tighter = SEVERE.index(str(after)) > SEVERE.index(str(before)) if known else after is not None
    bump, effect = (
        ("major", "The values may be shown to fewer people than before.")
        if tighter
        else ("minor", "They may be shown to more people.")
    )
    yield Change("classification", f"{where}.classification", before, after, bump, effect)


def _key(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> Iterator[Change]:
    """The key is a set of columns: their positions only order them."""
    old, new = (sorted(c for c, node in columns.items() if node.get("primaryKey")) for columns in (before, after))
    if old != new:
        effect = (
            f"A row was one per ({', '.join(old)}) and is now one per ({', '.join(new)}): joins and sums mean something else."
        )
        yield Change("key", f"{name}.primaryKey", old, new, "major", effect)
