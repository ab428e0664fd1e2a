"""Who a participant is: its signing key, what it signs, and the keys by which it knows the others.

A participant has one identity, for everything that it signs: hellos and certificates of trainings, messages of the link,
reports, passports. It lies in the participant's own store::

    identity/key.json     {"algorithm": "Ed25519", "private_key": "..."}; never leaves the company
    identity/pinned.json  {"bolt": {"algorithm": "Ed25519", "public_key": "..."}}, by participant

Each record names its algorithm, so that others can be added; one that is not known is refused. Keys of others are pinned by a
way that the coordinator does not control, so nobody in between can take a place or add one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from decai_forecast.errors import IdentityError
from decai_forecast.store import Store

__all__ = ["ALGORITHM", "KEY_BYTES", "KEY_FILE", "PINNED_FILE", "Identity", "Keyring", "derive", "introduced", "is_signed_by"]

ALGORITHM = "Ed25519"  # RFC 8032
KEY_BYTES = 32  # of a private and of a public key
KEY_FILE, PINNED_FILE = "identity/key.json", "identity/pinned.json"
DOMAIN = b"decai exact 1|"  # before the purpose of everything that is signed or derived


def derive(secret: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """A 32-byte key for one purpose only (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt, DOMAIN + purpose.encode()).derive(secret)


def is_signed_by(public_key: bytes, purpose: str, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is :meth:`Identity.sign` of ``data`` for this purpose with the key that belongs to ``public_key``;
    no for what is no key or no signature at all."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _statement(purpose, data))
    except (InvalidSignature, ValueError):
        return False
    return True


def _statement(purpose: str, data: bytes) -> bytes:
    return hashlib.sha256(DOMAIN + purpose.encode() + b"|" + data).digest()


@dataclass(frozen=True)
class Identity:
    """A participant's own signing key."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

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
        """32 bytes that only this company can derive, the same every time."""
        return derive(self.to_bytes(), purpose)


class Keyring:
    """The keys in a participant's own store: its identity, and the public keys by which it knows others.

    What cannot be read raises :class:`IdentityError`, which names the file and never shows a key.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._name = store, store.owner

    @property
    def has_identity(self) -> bool:
        """Whether the participant has a key already."""
        return self._store.exists(KEY_FILE)

    def identity(self) -> Identity:
        """The participant's identity: made at the first call, the same ever after."""
        if not self.has_identity:
            self.adopt(Identity.create(self._name))
        return Identity.from_bytes(self._name, _key(self._store, self._json(KEY_FILE), KEY_FILE, "private_key"))

    def adopt(self, identity: Identity) -> bool:
        """Keeps ``identity`` as the participant's own, in a file that only its user reads; False if there is one: of two calls
        at the same time one is the first."""
        record = {"algorithm": ALGORITHM, "private_key": identity.to_bytes().hex()}
        made = self._store.create_bytes(KEY_FILE, json.dumps(record, indent=1, sort_keys=True).encode())
        if made and self._store.is_local:
            Path(self._store.path(KEY_FILE)).chmod(0o600)
        return made

    def pinned(self) -> dict[str, bytes]:
        """Participant -> the public key that this one knows it by, 32 bytes."""
        if not self._store.exists(PINNED_FILE):
            return {}
        records = self._json(PINNED_FILE)
        return {name: _key(self._store, one, f"{PINNED_FILE}, {name}", "public_key") for name, one in records.items()}

    def pin(self, keys: Mapping[str, bytes]) -> None:
        """Knows others by these keys from now on; writes nothing where all are known. :class:`IdentityError` if one of them is
        known by another key: a new key of a company must be confirmed by it, and the old one taken out by hand."""
        known = self.pinned()
        if changed := sorted(name for name, key in keys.items() if known.get(name, key) != key):
            raise IdentityError(
                f"{', '.join(changed)}: known by another key; ask whether it has a new one, then take the old one out of "
                f"{PINNED_FILE} in the store of {self._name}"
            )
        if set(keys) - set(known):
            everybody = {name: {"algorithm": ALGORITHM, "public_key": key.hex()} for name, key in (known | dict(keys)).items()}
            self._store.write_json(PINNED_FILE, everybody)

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
