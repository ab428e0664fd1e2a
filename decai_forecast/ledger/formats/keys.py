"""Verifier keys of signed notes (``vkey``): a name, the kind of signature, and a public key.

::

    example.com/log+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from decai_forecast.ledger.formats.base64_text import decoded, encoded

__all__ = ["SignatureKind", "VerifierKey", "is_key_name"]

PUBLIC_KEY_BYTES = 32  # of Ed25519
KEY_ID_BYTES = 4
NO_NAME = re.compile(r"[\s+\x00-\x1f\x7f]")


class SignatureKind(IntEnum):
    """The signature type byte; 6 is free for ML-DSA-44 (tlog-cosignature)."""

    NOTE = 1  # Ed25519 over the text of the note
    COSIGNATURE = 4  # Ed25519 over a time and the text of a checkpoint


def is_key_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no space, no ``+``."""
    return bool(name) and NO_NAME.search(name) is None


@dataclass(frozen=True)
class VerifierKey:
    """``public``: 32 bytes, Ed25519."""

    name: str
    kind: SignatureKind
    public: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise ValueError(f"{self.name[:40]!r} is no name of a key")
        if len(self.public) != PUBLIC_KEY_BYTES:
            raise ValueError(f"a public key of {len(self.public)} bytes; Ed25519 has {PUBLIC_KEY_BYTES}")

    @property
    def id(self) -> bytes:
        """Four bytes that a signature names its key by."""
        return sha256(self.name.encode() + b"\n" + self._material).digest()[:KEY_ID_BYTES]

    @property
    def _material(self) -> bytes:
        return bytes([self.kind]) + self.public

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encoded(self._material)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """:class:`ValueError` for what is no verifier key, or one of a kind that is not known here."""
        name, _, rest = text.partition("+")
        key_id, _, material = rest.partition("+")
        raw = decoded(material)
        if not raw or raw[0] not in tuple(SignatureKind):
            raise ValueError(f"{name[:40]!r}: a key of a kind that is not known here; known are Ed25519 notes and cosignatures")
        key = cls(name, SignatureKind(raw[0]), raw[1:])
        if key.id.hex() != key_id:
            raise ValueError(f"{name[:40]!r}: its id is {key.id.hex()}, not {key_id[:20]!r}")
        return key
