"""Changes of the quality rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.contracts.diff.change import Change
from decai_forecast.contracts.diff.values import canonical, entries, same, table_of

__all__ = ["quality_changes"]

SEVERITIES = ("info", "warning", "error")  # weakest first
DESCRIBING_KEYS = (
    "id",
    "name",
    "description",
    "tags",
    "businessImpact",
    "dimension",
    "authoritativeDefinitions",
    "customProperties",
)
TIGHTER = {  # operator -> whether a larger value is the tighter promise
    "mustBeGreaterThan": True, "mustBeGreaterOrEqualTo": True, "mustBeLessThan": False, "mustBeLessOrEqualTo": False,
}  # fmt: skip
OPERATORS = (*TIGHTER, "mustBe", "mustNotBe", "mustBeBetween", "mustNotBeBetween")
LIMITS = {"maximum": False, "tolerance": False, "allowed": False}  # options of our own rules: the smaller, the tighter


def quality_changes(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> Iterator[Change]:
    """Changes of the rules of data set ``name``; a rule is known by what it tests, not by its place or id."""
    before, after = _rules(table_of(old), name), _rules(table_of(new), name)
    for place in before.keys() - after.keys():
        yield Change("rule removed", place, _short(before[place]), None, "major", "Nobody tests this any more.")
    for place in after.keys() - before.keys():
        yield Change("rule added", place, None, _short(after[place]), "minor", "One more thing is tested.")
    for place in before.keys() & after.keys():
        yield from _changed(before[place], after[place], place)


def _rules(table: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for where, node in ((name, table), *((f"{name}.{c.get('name')}", c) for c in entries(table, "properties"))):
        for rule in sorted(entries(node, "quality"), key=lambda rule: (str(rule.get("id")), _text(rule))):
            place = base = f"{where}.quality.{_subject(rule)}"
            number = 2
            while place in found:
                place, number = f"{base} ({number})", number + 1
            found[place] = rule
    return found


def _text(value: Any) -> str:
    return json.dumps(canonical(value), sort_keys=True, default=str, ensure_ascii=False)


def _subject(rule: Mapping[str, Any]) -> str:
    """What the rule tests. Two rules of one subject are told apart by their order."""
    given = rule.get("implementation")
    if isinstance(given, Mapping):
        fixed = {key: value for key, value in given.items() if key not in LIMITS}
        return " ".join(value if isinstance(value, str) else _text(value) for value in _ordered(fixed))
    words = [rule.get("metric") or rule.get("query") or given or rule.get("id") or rule.get("type") or "rule"]
    words += [_text(rule["arguments"])] if rule.get("arguments") else []
    return " ".join(" ".join(map(str, words)).split())


def _ordered(given: Mapping[str, Any]) -> list[Any]:
    return [given[key] for key in sorted(given, key=lambda key: (key not in ("rule", "type"), key))]


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Change]:
    before, after = (SEVERITIES.index(s) if (s := str(n.get("severity", "error"))) in SEVERITIES else 2 for n in (old, new))
    if before != after:
        bump, effect = ("major", "A breach counts less than before.") if after < before else ("minor", "A breach counts more.")
        yield Change("severity", f"{where}.severity", SEVERITIES[before], SEVERITIES[after], bump, effect)
    if (limits := (_limits(old), _limits(new)))[0] != limits[1]:
        tighter = _is_tighter(*limits)
        effect = "Less is tolerated than before." if tighter else "More is tolerated than before, or something else."
        yield Change("rule limit", where, limits[0], limits[1], "minor" if tighter else "major", effect)
    if not all(same(old.get(key), new.get(key)) for key in DESCRIBING_KEYS):
        yield Change(
            "text", where, old.get("description"), new.get("description"), "patch", "Only words for the reader changed."
        )


def _limits(rule: Mapping[str, Any]) -> dict[str, Any]:
    given = rule.get("implementation")
    own = {key: given[key] for key in LIMITS if key in given} if isinstance(given, Mapping) else {}
    unit = {"unit": rule["unit"]} if rule.get("unit", "rows") != "rows" else {}
    return {key: rule[key] for key in OPERATORS if key in rule} | own | unit


def _is_tighter(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether everything that keeps ``new`` keeps ``old``; false where that is not plain."""
    if old.keys() != new.keys() or old.get("unit") != new.get("unit"):
        return False
    return all(_narrower(key, old[key], new[key]) for key in old if old[key] != new[key])


def _narrower(key: str, old: Any, new: Any) -> bool:
    try:
        if key == "mustBeBetween":
            return bool(new[0] >= old[0] and new[1] <= old[1])
        rising = {**TIGHTER, **LIMITS}.get(key)
        return rising is not None and bool(new > old if rising else new < old)
    except (TypeError, IndexError):
        return False


def _short(rule: Mapping[str, Any]) -> str:
    return str(rule.get("id") or rule.get("name") or rule.get("metric") or rule.get("type") or "rule")
