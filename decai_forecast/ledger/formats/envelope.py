"""Envelopes of signed statements: DSSE v1 (github.com/secure-systems-lab/dsse), as the log keeps them, byte by byte.

::

    {"payload":"<base64>","payloadType":"application/vnd.in-toto+json",
     "signatures":[{"keyid":"acme+ed25519+1f2e3d4c","sig":"<base64>"}]}

``keyid`` names who signed, the algorithm, and the first digits of the SHA-256 of the public key, so that another algorithm can
stand beside Ed25519. Of each statement and key exactly one envelope exists: keys in this order, no spaces.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from decai_forecast.ledger.formats.base64_text import decoded, encoded
from decai_forecast.ledger.formats.tiles import LARGEST_ENTRY

__all__ = ["ALGORITHM", "PAYLOAD_TYPE", "SignedEnvelope", "key_id", "pre_authentication"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
ALGORITHM = "ed25519"
DIGITS = 8  # of the digest of the key


def pre_authentication(payload: bytes) -> bytes:
    """What is signed (``PAE``)."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def key_id(name: str, public: bytes) -> str:
    """``acme+ed25519+1f2e3d4c``."""
    return f"{name}+{ALGORITHM}+{sha256(public).hexdigest()[:DIGITS]}"


@dataclass(frozen=True)
class SignedEnvelope:
    """``payload``: the statement's bytes; ``signature``: 64 bytes."""

    payload: bytes
    key_id: str
    signature: bytes

    @classmethod
    def sign(cls, payload: bytes, name: str, key: Ed25519PrivateKey) -> SignedEnvelope:
        """In the name of ``name``."""
        public = key.public_key().public_bytes_raw()
        return cls(payload, key_id(name, public), key.sign(pre_authentication(payload)))

    def to_bytes(self) -> bytes:
        signature = {"keyid": self.key_id, "sig": encoded(self.signature)}
        whole = {"payload": encoded(self.payload), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}
        return json.dumps(whole, separators=(",", ":")).encode()

    @classmethod
    def parse(cls, data: bytes) -> SignedEnvelope:
        """:class:`ValueError` for what is no envelope, or not written as :meth:`to_bytes` writes it."""
        if len(data) > LARGEST_ENTRY:
            raise ValueError(f"an entry of {len(data):,} bytes; a log takes {LARGEST_ENTRY:,}")
        try:
            whole = json.loads(data)
            (signature,) = whole["signatures"]
            envelope = cls(decoded(whole["payload"]), str(signature["keyid"]), decoded(signature["sig"]))
        except (KeyError, TypeError, RecursionError, AttributeError):
            raise ValueError("no envelope with a payload and one signature") from None
        if envelope.to_bytes() != data:
            raise ValueError("an envelope that is written otherwise than this release writes it")
        return envelope

    def is_signed_by(self, name: str, public: bytes) -> bool:
        """Whether ``name`` signed it with the key that belongs to ``public`` (32 bytes)."""
        if self.key_id != key_id(name, public):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(self.signature, pre_authentication(self.payload))
        except (InvalidSignature, ValueError):
            return False
        return True
