"""Changes of the service levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.contracts.diff.change import Change
from decai_forecast.contracts.diff.values import days, entries, number, same

__all__ = ["service_changes"]

SHORTER = ("latency", "ly", "frequency", "fy", "timeToNotify", "tn", "timeToDetect", "td", "timeToRepair", "tr")
LONGER = ("retention", "re")
LOWER = ("errorRate", "er")
HIGHER = ("availability", "av", "throughput", "th")
LATER = ("endOfSupport", "es", "endOfLife", "el")
DESCRIBING_KEYS = ("id", "description", "driver", "authoritativeDefinitions")


def service_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """A worse service is breaking, a better one a minor change; what cannot be compared counts as worse."""
    before, after = (_levels(contract) for contract in (old, new))
    for name in sorted(before.keys() | after.keys()):
        where = f"sla.{name}"
        if name not in after:
            yield Change("service level removed", where, _said(before[name]), None, "major", "It is no longer promised.")
        elif name not in before:
            yield Change("service level added", where, None, _said(after[name]), "minor", "One more service is promised.")
        else:
            yield from _changed(str(before[name]["property"]), before[name], after[name], where)


def _levels(contract: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By property; a property that is promised for several columns by these too."""
    found = entries(contract, "slaProperties")
    names = [str(item.get("property")) for item in found]
    several = {name for name in names if names.count(name) > 1}
    return {f"{n} of {item.get('element')}" if n in several else n: item for n, item in zip(names, found, strict=True)}


def _changed(name: str, old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Change]:
    compared = [{key: value for key, value in item.items() if key not in DESCRIBING_KEYS} for item in (old, new)]
    if not same(*compared):
        better = _is_better(name, old, new)
        if better is not None:
            effect = "The service is better than before." if better else "The service is worse than before, or another."
            yield Change("service level", where, _said(old), _said(new), "minor" if better else "major", effect)
    if not all(same(old.get(key), new.get(key)) for key in DESCRIBING_KEYS):
        yield Change(
            "text", where, old.get("description"), new.get("description"), "patch", "Only words for the reader changed."
        )


def _is_better(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool | None:
    """None if it is the same, written in another way: 24 h is 1 d."""
    if not all(
        same(old.get(key), new.get(key)) for key in ("element", "schedule", "scheduler", "customProperties", "valueExt")
    ):
        return False
    if name in LATER:
        return str(new.get("value")) > str(old.get("value"))
    before, after = _size(name, old), _size(name, new)
    if before is None or after is None:
        return False
    if before == after:
        return None
    return after < before if name in (*SHORTER, *LOWER) else after > before and name in (*LONGER, *HIGHER)


def _size(name: str, item: Mapping[str, Any]) -> float | None:
    return days(item) if name in (*SHORTER, *LONGER) else number(item.get("value"))


def _said(item: Mapping[str, Any]) -> str:
    """``10 d``, or the cron expression."""
    parts = (item.get("value"), item.get("unit"), f"of {item['element']}" if item.get("element") else None)
    return " ".join(str(part) for part in parts if part is not None)
