"""How a network's log and its witnesses are called, and the policy by which a participant believes the log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from decai_forecast.ledger.formats.keys import SignatureKind, VerifierKey
from decai_forecast.ledger.formats.policy import Group, Policy
from decai_forecast.network import COORDINATOR
from decai_forecast.pins import Pin
from decai_forecast.store import Store

if TYPE_CHECKING:  # cryptography: not when Airflow reads a DAG file
    from decai_forecast.identity import Keyring

__all__ = [
    "GROUP", "fingerprint", "former_keys", "keep_former", "key_of_log", "keys_of", "known_pins", "majority", "origin_of",
    "participant_of", "policy_of", "witness_name",
]  # fmt: skip

GROUP = "participants"
FORMER = "ledger/former.json"  # in a participant's own store
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def origin_of(network: str) -> str:
    """The name of a network's log, as the first line of its checkpoints."""
    return f"decai-forecast/{NOT_IN_NAMES.sub('-', network)}"


def witness_name(origin: str, participant: str) -> str:
    """The name of a participant's cosignatures."""
    return f"{origin}/{participant}"


def participant_of(witness: VerifierKey) -> str:
    """Whose cosignatures have this key."""
    return witness.name.rsplit("/", 1)[-1]


def key_of_log(origin: str, public: bytes) -> VerifierKey:
    """Of checkpoints that are signed with the key that belongs to ``public``."""
    return VerifierKey(origin, SignatureKind.NOTE, public)


def fingerprint(public: bytes) -> str:
    """SHA-256 of a public key, hexadecimal."""
    return sha256(public).hexdigest()


def majority(count: int) -> int:
    """More than half, so that two views of a log cannot both have a quorum of honest witnesses."""
    return count // 2 + 1


def former_keys(store: Store) -> tuple[bytes, ...]:
    """The keys of coordinators that were there before, by a participant's own record; what they signed is still checked."""
    return tuple(bytes.fromhex(text) for text in store.read_json(FORMER)) if store.exists(FORMER) else ()


def keep_former(store: Store, key: bytes) -> None:
    """Adds the key of a coordinator that is gone."""
    store.write_json(FORMER, sorted({one.hex() for one in (*former_keys(store), key)}))


def known_pins(ring: Keyring) -> dict[str, Pin]:
    """By which keys a participant knows everybody, itself too."""
    identity, pins = ring.identity(), ring.pins()
    return pins | {identity.name: replace(pins.get(identity.name, Pin(None)), key=identity.public)}


def policy_of(network: str, pins: Mapping[str, Pin], partners: tuple[str, ...], former: tuple[bytes, ...] = ()) -> Policy:
    """By the keys that a participant has pinned: the coordinator's log, and more than half of the partners as witnesses.

    Keys that were exchanged or taken back are witnesses, too, for the statements that they signed while they counted
    (``audit/key_times.py``); for the quorum only those count that are taken now. ``former``: keys of coordinators before.
    """
    origin, now, coordinator = origin_of(network), datetime.now(UTC), pins.get(COORDINATOR, Pin(None))
    logs = tuple(key_of_log(origin, key) for key in dict.fromkeys((*coordinator.ever, *former)))
    companies = {name: pin for name, pin in sorted(pins.items()) if name != COORDINATOR}
    witnesses = {called: key for name, pin in companies.items() for called, key in _witnesses(origin, name, pin)}
    groups = {f"{name}.keys": Group(1, _taken(name, pin, now)) for name, pin in companies.items()}
    groups = {name: group for name, group in groups.items() if len(group.members) > 1}
    members = tuple(
        f"{name}.keys" if f"{name}.keys" in groups else name
        for name, pin in companies.items()
        if name in partners and pin.key is not None
    )
    # whoever was taken back still counts: else a coordinator would take back nine of twelve, and two would be more than half
    needed = min(majority(sum(name in partners for name in companies)), len(members))
    whole = {GROUP: Group(needed, members)} if members else {}
    return Policy(logs, witnesses, groups | whole, GROUP if members else "none")


def _witnesses(origin: str, name: str, pin: Pin) -> Iterator[tuple[str, VerifierKey]]:
    for key in dict.fromkeys(pin.ever):
        yield _called(name, pin, key), VerifierKey(witness_name(origin, name), SignatureKind.COSIGNATURE, key)


def _taken(name: str, pin: Pin, now: datetime) -> tuple[str, ...]:
    return tuple(_called(name, pin, key) for key in dict.fromkeys(pin.taken(now))) if pin.key is not None else ()


def _called(name: str, pin: Pin, key: bytes) -> str:
    """The newest key is called as its participant, an older one also by its first digits."""
    return name if key == pin.key else f"{name}.{fingerprint(key)[:8]}"


def keys_of(policy: Policy) -> dict[str, list[bytes]]:
    """By participant the public keys with which its statements may be signed: a participant has one key for all it signs."""
    keys = {COORDINATOR: [key.public for key in policy.logs]}
    for key in policy.witnesses.values():
        keys.setdefault(participant_of(key), []).append(key.public)
    return keys
