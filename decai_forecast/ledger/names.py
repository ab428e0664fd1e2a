"""How a network's log and its witnesses are called, and the policy by which a participant believes the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from decai_forecast.ledger.formats.keys import SignatureKind, VerifierKey
from decai_forecast.ledger.formats.policy import Group, Policy
from decai_forecast.network import COORDINATOR
from decai_forecast.store import Store

__all__ = [
    "GROUP", "fingerprint", "former_keys", "keep_former", "key_of_log", "keys_of", "majority", "origin_of", "participant_of",
    "policy_of", "witness_name",
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


def policy_of(network: str, pinned: Mapping[str, bytes], partners: tuple[str, ...], former: tuple[bytes, ...] = ()) -> Policy:
    """By the keys that a participant has pinned: the coordinator's log, and more than half of the partners as witnesses.
    ``former``: keys of coordinators before."""
    origin = origin_of(network)
    own = (pinned[COORDINATOR],) if COORDINATOR in pinned else ()
    logs = tuple(key_of_log(origin, key) for key in dict.fromkeys((*own, *former)))
    witnesses = {
        name: VerifierKey(witness_name(origin, name), SignatureKind.COSIGNATURE, key)
        for name, key in sorted(pinned.items())
        if name != COORDINATOR
    }
    members = tuple(name for name in witnesses if name in partners)
    group = {GROUP: Group(majority(len(members)), members)} if members else {}
    return Policy(logs, witnesses, group, GROUP if members else "none")


def keys_of(policy: Policy) -> dict[str, list[bytes]]:
    """By participant the public keys with which its statements may be signed: a participant has one key for all it signs."""
    keys = {COORDINATOR: [key.public for key in policy.logs]}
    for key in policy.witnesses.values():
        keys.setdefault(participant_of(key), []).append(key.public)
    return keys
