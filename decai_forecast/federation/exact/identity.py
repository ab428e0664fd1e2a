"""Who takes part: long-lived signing keys of companies, and the roster that all sign.

A company knows the others' public keys beforehand (they are pinned, never taken from the coordinator), so nobody in
between can take a place or add one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from decai_forecast.federation.exact.errors import Refused, Tampered

__all__ = ["MAX_PARTIES", "MIN_PARTIES", "Identity", "Roster", "derive"]

MIN_PARTIES = 3  # of two, each could subtract itself from a sum and read the other
MAX_PARTIES = 200  # ranks fit a byte


def derive(secret: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """A 32-byte key for one purpose only (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt, b"decai exact 1|" + purpose.encode()).derive(secret)


@dataclass(frozen=True)
class Identity:
    """A company's own signing key (Ed25519, RFC 8032)."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def create(cls, name: str) -> Identity:
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, name: str, raw: bytes) -> Identity:
        return cls(name, Ed25519PrivateKey.from_private_bytes(raw))

    def to_bytes(self) -> bytes:
        """The secret key, 32 bytes; it never leaves the company."""
        return self.key.private_bytes_raw()

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def sign(self, purpose: str, data: bytes) -> bytes:
        """64 bytes; ``purpose`` keeps a signature from serving anything else."""
        return self.key.sign(_statement(purpose, data))

    def secret(self, purpose: str) -> bytes:
        """32 bytes that only this company can derive, the same every time."""
        return derive(self.to_bytes(), purpose)


def _statement(purpose: str, data: bytes) -> bytes:
    return hashlib.sha256(b"decai exact 1|" + purpose.encode() + b"|" + data).digest()


@dataclass(frozen=True)
class Roster:
    """The participants of one training in the order of their names: a participant's rank is its place."""

    members: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, public_keys: Mapping[str, bytes]) -> Roster:
        return cls(tuple(sorted(public_keys.items())))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.members)

    @property
    def size(self) -> int:
        return len(self.members)

    @property
    def digest(self) -> bytes:
        whole = hashlib.sha256(b"decai exact roster 1")
        for name, key in self.members:
            whole.update(len(name.encode()).to_bytes(2, "big") + name.encode() + key)
        return whole.digest()

    def rank(self, name: str) -> int:
        if name not in self.names:
            raise Refused(f"{name} is not on the roster; it names {', '.join(self.names)}")
        return self.names.index(name)

    def check(self, pinned: Mapping[str, bytes], minimum: int = MIN_PARTIES) -> None:
        """:class:`Refused` unless these are enough different companies, each with the key that is pinned for it."""
        if not max(MIN_PARTIES, minimum) <= self.size <= MAX_PARTIES:
            raise Refused(
                f"{self.size} participants; at least {max(MIN_PARTIES, minimum)} and at most {MAX_PARTIES} can train together"
            )
        if self.members != tuple(sorted(self.members)) or len(set(self.names)) < self.size:
            raise Refused("the roster must name each participant once, in alphabetical order")
        if len({key for _, key in self.members}) < self.size:
            raise Refused("two participants of the roster have the same key: one company must not count twice")
        for name, key in self.members:
            if pinned.get(name) != key:
                raise Refused(f"{name}: the roster's key is not the one pinned for it; ask {name} whether it has a new one")

    def verify(self, rank: int, purpose: str, data: bytes, signature: bytes) -> None:
        """:class:`Tampered`, naming the participant, unless it signed ``data`` for this purpose."""
        name, key = self.members[rank]
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, _statement(purpose, data))
        except InvalidSignature:
            raise Tampered(f"{name}: its signature of {purpose} is not valid; somebody else sent this or changed it") from None
