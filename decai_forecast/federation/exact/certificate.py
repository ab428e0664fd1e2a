"""What all companies of an exact training sign at its end: that this model is the one that they grew together.

Kept by every company, published with the model, and checked before a model is used (model_certificates of the link).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decai_forecast.federation.exact.errors import Refused, Tampered
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.identity import is_signed_by

__all__ = ["LARGEST", "Certificate", "subject_of"]

FORMAT = "decai-certificate/1"
PURPOSE = "certificate"  # of the signatures
LARGEST = 100_000  # bytes of one as JSON: 200 companies have 60,000
BYTES = ("roster", "epoch", "transcript", "model")


def subject_of(cutoff: object, quantile: float | None) -> str:
    """What a model is of: ``2026-06-22/0.5``; ``2026-06-22/mean`` of a mean."""
    return f"{cutoff}/{'mean' if quantile is None else quantile}"


@dataclass(frozen=True)
class Certificate:
    """The signatures of all participants of a training, in the order of ``names``, under what the model is of (``subject``),
    who they were (digest of the ``roster``), the session (``epoch``), all that everybody saw (``transcript``) and the digest of
    the ``model``'s text. All are of 32 bytes; a signature of 64."""

    subject: str
    names: tuple[str, ...]
    roster: bytes
    epoch: bytes
    transcript: bytes
    model: bytes
    signatures: tuple[bytes, ...]

    @property
    def statement(self) -> bytes:
        """What is signed."""
        subject = hashlib.sha256(self.subject.encode()).digest()
        return subject + self.roster + self.epoch + self.transcript + self.model

    def verify(self, roster: KeyRoster) -> None:
        """:class:`Tampered` names the first participant whose signature is not valid."""
        if roster.digest != self.roster or roster.names != self.names or len(self.signatures) != roster.size:
            raise Tampered("the certificate belongs to another roster")
        for rank, signature in enumerate(self.signatures):
            roster.verify(rank, PURPOSE, self.statement, signature)

    def vouches(self, subject: str, text: str, pinned: Mapping[str, Sequence[bytes]], minimum: int) -> None:
        """Whether these companies grew the model ``text`` together, as what ``subject`` says.

        ``pinned``: the keys by which the reader knows companies, the newest first: a company may have signed with an earlier
        one. ``minimum``: how many must have signed, by the reader's own rule. :class:`Tampered` or :class:`Refused` if not.
        """
        if self.subject != subject:
            raise Tampered(f"the certificate is of {self.subject[:40]!r}, the model is given as {subject!r}")
        if self.model != hashlib.sha256(text.encode()).digest():
            raise Tampered(f"{subject}: the model is not the one that was signed")
        if unknown := [name for name in self.names if not pinned.get(name)]:
            raise Refused(f"{subject}: signed by {unknown[0][:40]!r}, whose key is not pinned here")
        signatures = dict(zip(self.names, self.signatures, strict=False))  # verify() compares their number
        keys = {name: self._signer(pinned[name], signatures.get(name, b"")) for name in self.names}
        roster = KeyRoster.of(keys)
        roster.check(keys, minimum)
        self.verify(roster)

    def _signer(self, keys: Sequence[bytes], signature: bytes) -> bytes:
        """Which of a company's keys has signed; the newest if none has."""
        return next((key for key in keys if is_signed_by(key, PURPOSE, self.statement, signature)), keys[0])

    def to_json(self) -> dict[str, Any]:
        """Bytes as hexadecimal digits."""
        whole = {name: getattr(self, name).hex() for name in BYTES}
        signatures = [signature.hex() for signature in self.signatures]
        return {"format": FORMAT, "subject": self.subject, "names": list(self.names), "signatures": signatures} | whole

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Certificate:
        """:class:`Tampered` for what is none."""
        try:
            if said["format"] != FORMAT:
                raise ValueError
            whole = {name: bytes.fromhex(said[name]) for name in BYTES}
            signatures = tuple(bytes.fromhex(one) for one in said["signatures"])
            return cls(str(said["subject"]), tuple(map(str, said["names"])), signatures=signatures, **whole)
        except (KeyError, TypeError, ValueError):
            raise Tampered("this is no certificate") from None

    def to_bytes(self) -> bytes:
        return json.dumps(self.to_json(), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: object) -> Certificate:
        """What another company sent; :class:`Tampered` for what is none."""
        try:
            if not isinstance(data, bytes) or len(data) > LARGEST:
                raise ValueError
            return cls.from_json(json.loads(data))
        except (ValueError, RecursionError):
            raise Tampered("this is no certificate") from None
