"""What hides a digest that could be guessed: a salt that only the participant can make again, and can show to an auditor."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from decai_forecast.identity import Identity

__all__ = ["Salts", "hidden"]

PURPOSE = "ledger salt"


def hidden(salt: bytes, digest: str) -> str:
    """What a statement shows of ``digest``: its SHA-256 with the salt before it, hexadecimal."""
    return sha256(salt + digest.encode()).hexdigest()


@dataclass(frozen=True)
class Salts:
    """A participant's salts, one for each field of each statement, so that each can be shown alone."""

    secret: bytes

    @classmethod
    def of(cls, identity: Identity) -> Salts:
        return cls(identity.secret(PURPOSE))

    def salt(self, *place: str) -> bytes:
        """32 bytes, the same for the same place (round, statement, field)."""
        return hmac.digest(self.secret, "|".join(place).encode(), "sha256")

    def hide(self, digest: str, *place: str) -> str:
        """The digest, hidden by the salt of its place."""
        return hidden(self.salt(*place), digest)
