"""Changes of our own properties: data set, time zone, usage policy, privacy budget, offers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from decai_forecast.contracts.diff.change import Change
from decai_forecast.contracts.diff.permissions import words_changed
from decai_forecast.contracts.diff.values import number, same

__all__ = ["own_changes"]

MEANING = {
    "dataSet": "This is other data.",
    "timeZone": "A day begins at another hour.",
    "missingPeriods": "A period without a row means something else.",
}
DURATION_DAYS = {"D": 1.0, "W": 7.0, "M": 30.44, "Y": 365.25}


def own_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Changes of ``customProperties`` with ``vendor: decai``; one that we do not know counts as breaking."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if not same(before, after):
            yield from SPECIAL.get(name, _any)(name, before, after)


def _any(name: str, old: Any, new: Any) -> Iterator[Change]:
    if old is None and name not in MEANING:
        yield Change("own property", name, old, new, "minor", "It was not said before.")
    else:
        yield Change("own property", name, old, new, "major", MEANING.get(name, "What was agreed reads differently."))


def _policy(name: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = _mapping(old), _mapping(new)
    yield from words_changed(before.get("permitted"), after.get("permitted"), f"{name}.permitted", "purpose")
    prohibited = before.get("prohibited") or [], after.get("prohibited") or []
    yield from words_changed(*prohibited, f"{name}.prohibited", "prohibition", permits=False)
    for key in sorted((before.keys() | after.keys()) - {"permitted", "prohibited"}):
        if not same(before.get(key), after.get(key)):
            yield _condition(f"{name}.{key}", before.get(key), after.get(key))


def _condition(where: str, old: Any, new: Any) -> Change:
    """A condition such as ``minContributors``: the more it asks for, the less is allowed."""
    before, after = number(old), number(new)
    eased = new is None or (before is not None and after is not None and after < before)
    bump, effect = ("minor", "The condition is easier to meet.") if eased else ("major", "The condition is harder to meet.")
    return Change("usage condition", where, old, new, bump, effect)


def _budget(name: str, old: Any, new: Any) -> Iterator[Change]:
    """More epsilon or delta is more to use, and so is the same in less time; another unit or mechanism is another promise."""
    before, after = _mapping(old), _mapping(new)
    if not before:
        yield Change("privacy budget", name, old, new, "major", "The use of the data was not limited so far.")
        return
    if not after:
        yield Change("privacy budget", name, old, new, "minor", "The use of the data is no longer limited.")
        return
    for key in sorted(before.keys() | after.keys()):
        if not same(before.get(key), after.get(key)):
            yield _budget_part(f"{name}.{key}", key, before.get(key), after.get(key))


def _budget_part(where: str, key: str, old: Any, new: Any) -> Change:
    measure = _period if key == "period" else number
    before, after = measure(old), measure(new)
    if key not in ("epsilon", "delta", "period") or before is None or after is None:
        return Change("privacy budget", where, old, new, "major", "The budget is counted in another way.")
    more = after < before if key == "period" else after > before
    bump, effect = ("minor", "More of the data may be used.") if more else ("major", "Less of the data may be used.")
    return Change("privacy budget", where, old, new, bump, effect)


def _period(value: Any) -> float | None:
    """Days of an ISO 8601 duration such as P30D or P1M; None for any other."""
    found = re.fullmatch(r"P(\d+)([DWMY])", str(value))
    return int(found[1]) * DURATION_DAYS[found[2]] if found else None


def _offer(name: str, old: Any, new: Any) -> Iterator[Change]:
    if old is None:
        yield Change("offer", name, old, new, "minor", "There is an offer now.")
    else:
        yield Change("offer", name, old, new, "major", "What is offered, or its price, is another.")


def _estimate(name: str, old: Any, new: Any) -> Iterator[Change]:
    """What a company expects of itself is no promise to anybody."""
    yield Change("own property", name, old, new, "patch", "The company expects another demand of itself.")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


SPECIAL: Mapping[str, Callable[[str, Any, Any], Iterator[Change]]] = {
    "usagePolicy": _policy,
    "privacyBudget": _budget,
    "dataMarket": _offer,
    "expectedDemand": _estimate,
}
