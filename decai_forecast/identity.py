"""Who a participant is: its signing key, what it signs, and the keys by which it knows the others.

A participant has one identity, for everything that it signs: hellos and certificates of trainings, messages of the link,
reports, passports. It lies in the participant's own store::

    identity/key.json     {"algorithm": "Ed25519", "private_key": "..."}; never leaves the company
    identity/next.json    likewise, while `decai federation rotate` waits for the coordinator
    identity/pinned.json  {"bolt": {"algorithm": "Ed25519", "public_key": "..."}}, by participant (``pins.py``)

Whoever exchanges its key keeps a secret of the first one (``root``), so that what was drawn from it stays the same.

Each record names its algorithm, so that others can be added; one that is not known is refused. Keys of others are pinned by a
way that the coordinator does not control, so nobody in between can take a place or add one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from decai_forecast.errors import IdentityError
from decai_forecast.pins import Pin
from decai_forecast.store import Store

__all__ = [
    "ALGORITHM", "KEY_BYTES", "KEY_FILE", "NEXT_FILE", "PINNED_FILE", "Identity", "Keyring", "derive", "introduced",
    "is_signed_by",
]  # fmt: skip

ALGORITHM = "Ed25519"  # RFC 8032
KEY_BYTES = 32  # of a private and of a public key
KEY_FILE, NEXT_FILE, PINNED_FILE = "identity/key.json", "identity/next.json", "identity/pinned.json"
DOMAIN = b"decai exact 1|"  # before the purpose of everything that is signed or derived


def derive(secret: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """A 32-byte key for one purpose only (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt, DOMAIN + purpose.encode()).derive(secret)


def is_signed_by(public_key: bytes, purpose: str, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is :meth:`Identity.sign` of ``data`` for this purpose with the key that belongs to ``public_key``;
    no for what is no key or no signature at all."""
    try:
        _verifier(public_key).verify(signature, _statement(purpose, data))
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(256)
def _verifier(public_key: bytes) -> Ed25519PublicKey:
    """A training checks a signature of each company after every tree."""
    return Ed25519PublicKey.from_public_bytes(public_key)


def _statement(purpose: str, data: bytes) -> bytes:
    return hashlib.sha256(DOMAIN + purpose.encode() + b"|" + data).digest()


@dataclass(frozen=True)
class Identity:
    """A participant's own signing key. ``root``: what its secrets are derived from, where that is an earlier key."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)
    root: bytes = field(default=b"", repr=False)

    @classmethod
    def create(cls, name: str) -> Identity:
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, name: str, raw: bytes) -> Identity:
        """From the ``KEY_BYTES`` of :meth:`to_bytes`."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(raw))

    def to_bytes(self) -> bytes:
        """The private key, 32 bytes; it never leaves the company."""
        return self.key.private_bytes_raw()

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self.key.public_key().public_bytes_raw()

    def sign(self, purpose: str, data: bytes) -> bytes:
        """64 bytes; ``purpose`` keeps a signature from serving anything else."""
        return self.key.sign(_statement(purpose, data))

    def secret(self, purpose: str) -> bytes:
        """32 bytes that only this company can derive, the same every time, with an exchanged key too."""
        return derive(self.root or self.to_bytes(), purpose)

    def successor(self) -> Identity:
        """A new key of the same company."""
        return Identity(self.name, Ed25519PrivateKey.generate(), self.root or self.to_bytes())


class Keyring:
    """The keys in a participant's own store: its identity, and the public keys by which it knows others.

    What cannot be read raises :class:`IdentityError`, which names the file and never shows a key.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._name = store, store.owner

    @property
    def own_store(self) -> Store:
        """Of the participant."""
        return self._store

    @property
    def has_identity(self) -> bool:
        """Whether the participant has a key already."""
        return self._store.exists(KEY_FILE)

    def identity(self) -> Identity:
        """The participant's identity: made at the first call, the same ever after."""
        if not self.has_identity:
            self.adopt(Identity.create(self._name))
        return self._own(KEY_FILE)

    def adopt(self, identity: Identity) -> bool:
        """Keeps ``identity`` as the participant's own, in a file that only its user reads; False if there is one: of two calls
        at the same time one is the first."""
        return self._create(KEY_FILE, identity)

    def own_keys(self) -> tuple[bytes, ...]:
        """The public key of the own identity, and of the next one where there is one."""
        following = (self._own(NEXT_FILE).public,) if self._store.exists(NEXT_FILE) else ()
        return (self.identity().public, *following)

    @property
    def is_revoked(self) -> bool:
        """Whether the own key was taken back, as far as this participant has heard."""
        pin = self.pins().get(self._name)
        return bool(pin and pin.revoked and (not self.has_identity or pin.is_revoked(self.identity().public)))

    def retire(self) -> None:
        """Lays a key that was taken back aside: the next call of :meth:`identity` makes a new one, of a new line."""
        if not self.has_identity:
            return
        key = self.identity().public.hex()[:16]
        self._store.write_bytes(f"identity/retired/{key}.json", self._store.read_bytes(KEY_FILE))
        self._protect(f"identity/retired/{key}.json")
        self._store.remove(NEXT_FILE)
        self._store.remove(KEY_FILE)

    def next_identity(self) -> Identity:
        """The key that is to take the place of the own one: made at the first call, the same until :meth:`promote`."""
        if not self._store.exists(NEXT_FILE):
            self._create(NEXT_FILE, self.identity().successor())
        return self._own(NEXT_FILE)

    def promote(self) -> None:
        """The next key is the own one from now on; a second time nothing happens."""
        if not self._store.exists(NEXT_FILE):
            return
        old, new = self.identity(), self._own(NEXT_FILE)
        pin = self.pins().get(self._name)
        if pin is not None and pin.key == old.public != new.public:  # else it was interrupted after this
            self._write(self.pins() | {self._name: pin.succeeded(new.public, datetime.now(UTC))})
        self._store.write_bytes(KEY_FILE, self._store.read_bytes(NEXT_FILE))
        self._protect(KEY_FILE)
        self._store.remove(NEXT_FILE)

    def pins(self) -> dict[str, Pin]:
        """Participant -> the keys that this one knows it by; also of those whose keys were taken back."""
        return {name: self._pin(name, one) for name, one in self._records().items()}

    def pinned(self) -> dict[str, bytes]:
        """Participant -> the newest public key that this one knows it by, 32 bytes; without those taken back."""
        return {name: pin.key for name, pin in self.pins().items() if pin.key is not None}

    def taken(self, shown: Mapping[str, bytes]) -> dict[str, bytes]:
        """As :meth:`pinned`, with the key that a participant shows in ``shown`` where that is an earlier one still taken."""
        now, pins = datetime.now(UTC), self.pins()
        earlier = {name: key for name, key in shown.items() if name in pins and key in pins[name].taken(now)}
        return {name: pin.key for name, pin in pins.items() if pin.key is not None} | earlier

    def succeed(self, name: str, new: bytes) -> None:
        """Knows ``name`` by the key ``new`` from now on, and by the one before for a while. Whoever calls has checked that the
        old key has signed the new one."""
        pins = self.pins()
        self._write(pins | {name: pins[name].succeeded(new, datetime.now(UTC))})

    def revoke(self, name: str, key: bytes, day: date) -> bool:
        """Takes ``key`` of ``name`` for nothing any more; False if it was taken back before, or never pinned."""
        pins = self.pins()
        pin = pins.get(name, Pin(None))
        known = {pin.key, *(one.key for one in pin.earlier)}
        if key not in known:
            return False
        self._write(pins | {name: pin.without(key, day)})
        return True

    def supersede(self, name: str, new: bytes, day: date) -> None:
        """Knows ``name`` by the key ``new`` alone: the one before is lost, and taken back. Whoever calls has confirmed it."""
        pins = self.pins()
        before = pins.get(name, Pin(None))
        rest = before.without(before.key, day) if before.key is not None else before
        self._write(pins | {name: replace(rest, key=new)})

    def pin(self, keys: Mapping[str, bytes]) -> None:
        """Knows others by these keys from now on; writes nothing where all are known. :class:`IdentityError` if one of them is
        known by another key: a new key of a company must be confirmed by it, and the old one taken out by hand."""
        pins, known = self.pins(), self.pinned()
        if back := sorted(name for name, key in keys.items() if name in pins and pins[name].is_revoked(key)):
            raise IdentityError(f"{', '.join(back)}: this key was taken back; ask for the new one, and compare it aloud")
        if changed := sorted(name for name, key in keys.items() if known.get(name, key) != key):
            raise IdentityError(
                f"{', '.join(changed)}: known by another key; ask whether it has a new one, then take the old one out of "
                f"{PINNED_FILE} in the store of {self._name}"
            )
        if new := {name: key for name, key in keys.items() if name not in known}:
            before = {name: pins[name].revoked if name in pins else () for name in new}
            self._write(pins | {name: Pin(key, revoked=before[name]) for name, key in new.items()})

    def _records(self) -> Mapping[str, Any]:
        return self._json(PINNED_FILE) if self._store.exists(PINNED_FILE) else {}

    def _pin(self, name: str, record: Any) -> Pin:
        place = f"{PINNED_FILE}, {name}"
        changes = record if isinstance(record, dict) else {}
        bare = "public_key" not in changes and changes.get("revoked")
        key = None if bare else _key(self._store, record, place, "public_key")
        try:
            return Pin.from_json(key, changes)
        except (KeyError, TypeError, ValueError):
            raise _unreadable(self._store, place, "keys that were exchanged or taken back, each with its time") from None

    def _write(self, pins: Mapping[str, Pin]) -> None:
        self._store.write_json(PINNED_FILE, {name: {"algorithm": ALGORITHM} | pin.to_json() for name, pin in pins.items()})

    def _own(self, file: str) -> Identity:
        record = self._json(file)
        identity = Identity.from_bytes(self._name, _key(self._store, record, file, "private_key"))
        root = _key(self._store, record, file, "root") if "root" in record else b""
        return Identity(self._name, identity.key, root)

    def _create(self, file: str, identity: Identity) -> bool:
        record = {"algorithm": ALGORITHM, "private_key": identity.to_bytes().hex()}
        record |= {"root": identity.root.hex()} if identity.root else {}
        made = self._store.create_bytes(file, json.dumps(record, indent=1, sort_keys=True).encode())
        if made:
            self._protect(file)
        return made

    def _protect(self, file: str) -> None:
        """Only its user reads it."""
        if self._store.is_local:
            Path(self._store.path(file)).chmod(0o600)

    def _json(self, file: str) -> Mapping[str, Any]:
        try:
            value = self._store.read_json(file)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise _unreadable(self._store, file, "a JSON object")
        return value


def introduced(keyrings: Iterable[Keyring]) -> None:
    """Whoever has the stores of all these participants lets every one of them know the others by their keys.
    :class:`IdentityError` if a key is damaged, or not the one that somebody knows."""
    rings = list(keyrings)
    identities = [ring.identity() for ring in rings]
    keys = {identity.name: identity.public for identity in identities}
    for ring in rings:
        ring.pin(keys)


def _key(store: Store, record: Any, place: str, kind: str) -> bytes:
    """The ``kind`` of key in ``record``, which lies at ``place`` of the store."""
    record = record if isinstance(record, dict) else {}
    if (algorithm := record.get("algorithm")) != ALGORITHM:
        raise IdentityError(
            f"{store.owner}: {place} names the algorithm {str(algorithm)[:40]!r}; this release knows {ALGORITHM}. Install the "
            "release that wrote it, or put the file back from a backup"
        )
    try:
        raw = bytes.fromhex(str(record[kind]))
    except (KeyError, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise _unreadable(store, place, f"{kind}: {2 * KEY_BYTES} hexadecimal digits")
    return raw


def _unreadable(store: Store, place: str, expected: str) -> IdentityError:
    return IdentityError(f"{store.owner}: {place} is damaged, expected {expected}; put the file back from a backup")
