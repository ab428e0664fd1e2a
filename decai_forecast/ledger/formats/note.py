"""Signed notes (C2SP signed-note v1.0.0) and cosignatures (tlog-cosignature v1.0.1): text, a blank line, signature lines."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from decai_forecast.ledger.formats.base64_text import decoded, encoded
from decai_forecast.ledger.formats.keys import KEY_ID_BYTES, SignatureKind, VerifierKey, is_key_name

__all__ = ["LARGEST_NOTE", "MOST_SIGNATURES", "Note", "SignatureLine", "Signed"]

LARGEST_NOTE = 100_000  # bytes
MOST_SIGNATURES = 300  # of a note: a log and its witnesses
DASH = "\u2014"
TIME_BYTES = 8
LATEST = 2**63 - 1
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class SignatureLine:
    """Who signed, with which key (its first bytes), and the signature; of a cosignature with its time before it."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH} {self.name} {encoded(self.key_id + self.signature)}\n"

    @classmethod
    def parse(cls, line: str) -> SignatureLine:
        """A line without its end; :class:`ValueError` for what is none."""
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != DASH or not is_key_name(parts[1]):
            raise ValueError(f"{line[:40]!r} is no signature line")
        raw = decoded(parts[2])
        if len(raw) <= KEY_ID_BYTES:
            raise ValueError(f"the signature of {parts[1][:40]!r} is too short")
        return cls(parts[1], raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


@dataclass(frozen=True)
class Signed:
    """A signature that holds: by which key, and when (seconds since 1970), if it is a cosignature."""

    key: VerifierKey
    time: int | None


@dataclass(frozen=True)
class Note:
    """``text`` ends with a new line; it may have empty lines, the last of a note divides text and signatures."""

    text: str
    lines: tuple[SignatureLine, ...] = ()

    def to_bytes(self) -> bytes:
        return (self.text + "\n" + "".join(map(str, self.lines))).encode()

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """:class:`ValueError` for what is no signed note."""
        if len(data) > LARGEST_NOTE:
            raise ValueError(f"a note of {len(data):,} bytes; at most {LARGEST_NOTE:,} are read")
        whole = data.decode()  # UnicodeDecodeError is a ValueError
        if CONTROL.search(whole):
            raise ValueError("a note with a control character")
        head, blank, signatures = whole.rpartition("\n\n")
        if not blank or not signatures.endswith("\n"):
            raise ValueError("no signed note: text, an empty line, signature lines, each with its end of line")
        lines = signatures[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise ValueError(f"a note with {len(lines):,} signatures; at most {MOST_SIGNATURES} are read")
        return cls(head + "\n", tuple(map(SignatureLine.parse, lines)))

    def signed(self, name: str, key: Ed25519PrivateKey) -> Note:
        """With the signature of ``key`` over the text."""
        verifier = VerifierKey(name, SignatureKind.NOTE, key.public_key().public_bytes_raw())
        return self._with(SignatureLine(name, verifier.id, key.sign(self.text.encode())))

    def cosignature(self, name: str, key: Ed25519PrivateKey, time: int) -> SignatureLine:
        """Of a witness at ``time``, in seconds since 1970."""
        verifier = VerifierKey(name, SignatureKind.COSIGNATURE, key.public_key().public_bytes_raw())
        signature = key.sign(_cosigned(self.text, time))
        return SignatureLine(name, verifier.id, struct.pack(">Q", time) + signature)

    def with_lines(self, lines: Iterable[SignatureLine]) -> Note:
        """With these signatures, too; of each key the first stays."""
        note = self
        for line in lines:
            note = note._with(line)
        return note

    def _with(self, line: SignatureLine) -> Note:
        there = {(one.name, one.key_id) for one in self.lines}
        return self if (line.name, line.key_id) in there else replace(self, lines=(*self.lines, line))

    def verified(self, keys: Iterable[VerifierKey]) -> list[Signed]:
        """The signatures of these keys; others are left out. :class:`ValueError` if one of these does not hold: such a note is
        malformed, whoever else signed it."""
        known = {(key.name, key.id): key for key in keys}
        signed = dict[VerifierKey, Signed]()
        for line in self.lines:
            if (key := known.get((line.name, line.key_id))) is not None:
                signed.setdefault(key, Signed(key, _checked(self.text, line, key)))
        return list(signed.values())


def _checked(text: str, line: SignatureLine, key: VerifierKey) -> int | None:
    """The time of a cosignature; :class:`ValueError` for a signature that is not one of the key."""
    time, message, signature = None, text.encode(), line.signature
    if key.kind is SignatureKind.COSIGNATURE:
        if len(signature) <= TIME_BYTES:
            raise ValueError(f"the cosignature of {key.name!r} has no time")
        (time,) = struct.unpack(">Q", signature[:TIME_BYTES])
        message, signature = _cosigned(text, time), signature[TIME_BYTES:]
        if not 0 < time <= LATEST:
            raise ValueError(f"the cosignature of {key.name!r} has no time")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        raise ValueError(f"the signature of {key.name!r} does not hold") from None
    return time


def _cosigned(text: str, time: int) -> bytes:
    """What a witness signs."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()
