"""Changes of what a column promises: filled, unique, within limits, one of a list, pointing to another data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.contracts.diff.change import Change
from decai_forecast.contracts.diff.values import entries, same

__all__ = ["column_promises"]

LOWER = ("minimum", "exclusiveMinimum", "minLength")
UPPER = ("maximum", "exclusiveMaximum", "maxLength")


def column_promises(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Change]:
    """Loosened is breaking, tightened is a minor change; what cannot be compared counts as loosened."""
    filled = [bool(node.get("required") or node.get("primaryKey")) for node in (old, new)]
    yield from _flag("required", filled[0], filled[1], where)
    yield from _flag("unique", bool(old.get("unique")), bool(new.get("unique")), where)
    yield from _options(old.get("logicalTypeOptions") or {}, new.get("logicalTypeOptions") or {}, where)
    yield from _enum(entries(old, "enum"), entries(new, "enum"), where)
    yield from _relations(old, new, where)


def _flag(key: str, old: bool, new: bool, where: str) -> Iterator[Change]:
    words = {"required": ("may be empty", "is always filled"), "unique": ("may repeat", "is unique")}[key]
    if old and not new:
        yield Change(f"{key} dropped", f"{where}.{key}", old, new, "major", f"The column {words[0]} now.")
    elif new and not old:
        yield Change(f"{key} added", f"{where}.{key}", old, new, "minor", f"The column {words[1]} from now on.")


def _options(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if not same(before, after):
            loosened = _is_loosened(key, before, after)
            kind = "limit loosened" if loosened else "limit tightened"
            effect = f"Values that {key} {before} ruled out may come." if loosened else "Fewer values are allowed than before."
            yield Change(kind, f"{where}.{key}", before, after, "major" if loosened else "minor", effect)


def _is_loosened(key: str, old: Any, new: Any) -> bool:
    if old is None:
        return False
    if new is None or type(old) is bool or key not in (*LOWER, *UPPER, "multipleOf"):
        return True
    try:
        if key == "multipleOf":
            return bool(new % old)  # multiples of 12 are multiples of 6
        return bool(new < old if key in LOWER else new > old)
    except TypeError:
        return True


def _enum(old: list[Mapping[str, Any]], new: list[Mapping[str, Any]], where: str) -> Iterator[Change]:
    before, after = ({str(entry.get("value")) for entry in values} for values in (old, new))
    where = f"{where}.enum"
    if old and not new:
        yield Change("list dropped", where, sorted(before), None, "major", "Any value may come now.")
    elif new and not old:
        yield Change("list added", where, None, sorted(after), "minor", "Only listed values come from now on.")
    else:
        for value in sorted(before - after):
            effect = "The value no longer comes: what was counted under it is missing or counted elsewhere."
            yield Change("listed value removed", where, value, None, "major", effect)
        for value in sorted(after - before):
            effect = "A value that nobody knew may come: look whether your code treats it as you want."
            yield Change("listed value added", where, None, value, "minor", effect)
    if before == after and _labels(old) != _labels(new):
        yield Change("text", where, _labels(old), _labels(new), "patch", "Only words for the reader changed.")


def _labels(values: list[Mapping[str, Any]]) -> list[list[str]]:
    return sorted([str(v.get("value")), str(v.get("label") or ""), str(v.get("description") or "")] for v in values)


def _relations(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Change]:
    before, after = ({str(item.get("to")) for item in entries(node, "relationships")} for node in (old, new))
    for target in sorted(before - after):
        effect = f"Values that are not in {target} may come."
        yield Change("reference dropped", f"{where}.relationships", target, None, "major", effect)
    for target in sorted(after - before):
        yield Change(
            "reference added", f"{where}.relationships", None, target, "minor", f"Every value is in {target} from now on."
        )
