"""Changes of the terms: purpose, price, what may be done with the data, who is told, and the state of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.contracts.diff.change import Change
from decai_forecast.contracts.diff.market import own_changes
from decai_forecast.contracts.diff.permissions import words_changed
from decai_forecast.contracts.diff.values import entries, keyed, number, own, same

__all__ = ["term_changes"]

ENDING = ("deprecated", "retired")
TERMS = ("purpose", "usage", "limitations")
NAMES = (
    "name",
    "domain",
    "tags",
    "contractCreatedTs",
    "dataProduct",
    "context",
    "authoritativeDefinitions",
    "team",
    "apiVersion",
)
IDENTITY = ("id", "tenant", "kind")


def term_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Everything around the data."""
    yield from _identity(old, new)
    yield from _status(str(old.get("status")), str(new.get("status")))
    yield from _description(old.get("description") or {}, new.get("description") or {})
    yield from _price(old.get("price") or {}, new.get("price") or {})
    yield from _sources(old, new)
    yield from _support(old, new)
    yield from _roles(old, new)
    yield from own_changes(own(old), own(new))


def _identity(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in IDENTITY:
        if not same(old.get(key), new.get(key)):
            yield Change("identity", key, old.get(key), new.get(key), "major", "This is another contract, not another version.")
    for key in NAMES:
        if not same(old.get(key), new.get(key)):
            yield Change("text", key, old.get(key), new.get(key), "patch", "Only words for the reader changed.")


def _status(old: str, new: str) -> Iterator[Change]:
    if old == new:
        return
    ends = new in ENDING and (old not in ENDING or new == "retired")
    effect = "The data will no longer be delivered." if ends else "The contract is in another state."
    yield Change("status", "status", old, new, "major" if ends else "patch", effect)


def _description(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Whether a changed sentence allows less is for a lawyer to say: it counts as if it did."""
    for key in TERMS:
        if not same(old.get(key), new.get(key)):
            first = not old.get(key) and key != "limitations"
            bump = "minor" if first else "major"
            effect = "It was not said before." if first else "What was agreed about the use of the data reads differently."
            yield Change("terms", f"description.{key}", old.get(key), new.get(key), bump, effect)


def _price(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in ("priceCurrency", "priceUnit"):
        if not same(old.get(key), new.get(key)):
            effect = "The price is not comparable with the one that was agreed."
            yield Change("price", f"price.{key}", old.get(key), new.get(key), "major", effect)
    before, after = number(old.get("priceAmount")) or 0.0, number(new.get("priceAmount")) or 0.0
    if before != after:
        bump, effect = ("major", "The data cost more.") if after > before else ("minor", "The data cost less.")
        yield Change("price", "price.priceAmount", before, after, bump, effect)


def _sources(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Where the delivery is picked up is the network's affair, not the consumer's."""
    before, after = (keyed(entries(contract, "servers"), "server", "id") for contract in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if not same(before.get(name), after.get(name)):
            effect = "The delivery is picked up elsewhere; what is delivered is the same."
            yield Change("source", f"servers.{name}", before.get(name), after.get(name), "patch", effect)


def _support(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """A channel is known by what it is for: another address for the same is a patch."""
    before, after = (_channels(entries(contract, "support")) for contract in (old, new))
    for scope in sorted(before.keys() | after.keys()):
        gone, come = before.get(scope, set()) - after.get(scope, set()), after.get(scope, set()) - before.get(scope, set())
        where = f"support.{scope}"
        if gone and not come:
            yield Change("support removed", where, sorted(gone), None, "major", "There are fewer ways to reach somebody.")
        elif gone:
            yield Change("support moved", where, sorted(gone), sorted(come), "patch", "The channel has another address.")
        elif come:
            yield Change("support added", where, None, sorted(come), "minor", "There is one more way to reach somebody.")


def _channels(items: list[Mapping[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in items:
        found.setdefault(str(item.get("scope") or "any"), set()).add(str(item.get("channel")))
    return found


def _roles(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before, after = (keyed(entries(contract, "roles"), "role") for contract in (old, new))
    for role in sorted(before.keys() | after.keys()):
        where = f"roles.{role}"
        if role not in after:
            yield Change("role removed", where, role, None, "major", "Who had access through this role has none.")
        elif role not in before:
            yield Change("role added", where, None, role, "minor", "One more role gives access.")
        else:
            old_purposes, new_purposes = (own(node[role]).get("allowedPurposes") for node in (before, after))
            yield from words_changed(old_purposes, new_purposes, f"{where}.allowedPurposes", "purpose")
            plain = [{k: v for k, v in node[role].items() if k != "customProperties"} for node in (before, after)]
            if not same(*plain):
                yield Change("role", where, plain[0], plain[1], "major", "Who has access, or who grants it, is another.")
