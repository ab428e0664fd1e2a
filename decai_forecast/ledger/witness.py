"""A witness (C2SP tlog-witness v1.0.0): cosigns a checkpoint of a log only if it continues the last one that it cosigned.

Its records lie in the participant's own store, numbered, each put once: of two requests at the same time one is the first,
and the other is compared with what that one wrote::

    <own store>/ledger/witness/<SHA-256 of the origin>/<number>   a checkpoint with the log's signature and the own cosignature
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from decai_forecast.errors import LedgerError, StoreError
from decai_forecast.ledger.formats.base64_text import encoded
from decai_forecast.ledger.formats.checkpoint import Checkpoint, number
from decai_forecast.ledger.formats.keys import SignatureKind, VerifierKey
from decai_forecast.ledger.formats.merkle import EMPTY_ROOT, is_consistent
from decai_forecast.ledger.formats.note import Note, SignatureLine
from decai_forecast.ledger.formats.receipt import proof_hashes
from decai_forecast.store import Store

__all__ = ["LARGEST_REQUEST", "Refusal", "Request", "Witness", "origin_hash"]

LARGEST_REQUEST = 110_000  # bytes: a note, and 63 hashes
CODES = {
    HTTPStatus.BAD_REQUEST: "witness_malformed", HTTPStatus.FORBIDDEN: "witness_unsigned",
    HTTPStatus.NOT_FOUND: "witness_unknown_log", HTTPStatus.CONFLICT: "witness_other_size",
    HTTPStatus.UNPROCESSABLE_ENTITY: "witness_inconsistent",
}  # fmt: skip
Clock = Callable[[], float]


class Refusal(LedgerError):
    """A checkpoint is not cosigned: with which status of HTTP, and the answer's text."""

    def __init__(self, status: HTTPStatus, text: str, body: str = "") -> None:
        super().__init__(CODES[status], text)
        self.status, self.body = status, body


@dataclass(frozen=True)
class Request:
    """``old``: the size that the witness is thought to have cosigned last; ``proof``: of consistency with it."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def to_bytes(self) -> bytes:
        lines = [f"old {self.old}", *map(encoded, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.note.to_bytes()

    @classmethod
    def parse(cls, data: bytes) -> Request:
        """:class:`Refusal` (400) for what is none."""
        try:
            head, blank, note = data.partition(b"\n\n")
            first, *proof = head.decode().split("\n")
            if not blank or not first.startswith("old ") or len(data) > LARGEST_REQUEST:
                raise ValueError("expected a line with the old size, the proof, an empty line, a checkpoint")
            return cls(number(first.removeprefix("old ")), proof_hashes(proof), Note.parse(note))
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"no request of a cosignature: {error}") from None


def origin_hash(origin: str) -> str:
    """By which the monitoring part names a log."""
    return sha256(origin.encode()).hexdigest()


@dataclass(frozen=True)
class Witness:
    """``name``: of its key; ``logs``: whose checkpoints it cosigns, by origin; ``store``: the participant's own."""

    name: str
    key: Ed25519PrivateKey
    logs: Mapping[str, Sequence[VerifierKey]]
    store: Store
    clock: Clock = time.time

    @property
    def verifier(self) -> VerifierKey:
        """By which its cosignatures are known."""
        return VerifierKey(self.name, SignatureKind.COSIGNATURE, self.key.public_key().public_bytes_raw())

    def add_checkpoint(self, request: Request) -> SignatureLine:
        """The cosignature; kept before it is given. :class:`Refusal` with the protocol's status."""
        checkpoint = self._signed_by_log(request.note)
        turn, last = self._last(checkpoint.origin)
        self._check(request, checkpoint, last)
        own_keys = self.logs[checkpoint.origin]
        by_log = tuple(line for line in request.note.lines if any((line.name, line.key_id) == (k.name, k.id) for k in own_keys))
        line = request.note.cosignature(self.name, self.key, int(self.clock()))
        record = Note(request.note.text, (*by_log, line))
        if not self.store.create_bytes(_record(checkpoint.origin, turn + 1), record.to_bytes()):
            raise self._conflict(checkpoint.origin)
        return line

    def latest(self, origin: str) -> Note | None:
        """The newest checkpoint of a log that it cosigned, with both signatures; None if there is none."""
        return self._last(origin)[1]

    def size(self, origin: str) -> int:
        """How many entries the newest cosigned checkpoint has; 0 if there is none."""
        last = self.latest(origin)
        return Checkpoint.parse(last.text).size if last else 0

    def _signed_by_log(self, note: Note) -> Checkpoint:
        try:
            checkpoint = Checkpoint.parse(note.text)
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"no checkpoint: {error}") from None
        keys = self.logs.get(checkpoint.origin)
        if keys is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"the log {checkpoint.origin[:60]!r} is not known to {self.name}")
        try:
            signed = bool(note.verified(keys))
        except ValueError as error:
            raise Refusal(HTTPStatus.FORBIDDEN, f"{checkpoint.origin}: {error}") from None
        if not signed:
            raise Refusal(HTTPStatus.FORBIDDEN, f"the log {checkpoint.origin} did not sign its checkpoint")
        return checkpoint

    def _check(self, request: Request, checkpoint: Checkpoint, last: Note | None) -> None:
        before = Checkpoint.parse(last.text) if last else Checkpoint(checkpoint.origin, 0, EMPTY_ROOT)
        if request.old > checkpoint.size:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"the old size {request.old} is larger than that of the checkpoint")
        if request.old != before.size:
            raise self._conflict(checkpoint.origin)
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise _split(checkpoint, "it has no entry, and its root is not that of the empty tree")
        if not is_consistent(before.size, checkpoint.size, request.proof, before.root, checkpoint.root):
            raise _split(checkpoint, f"it does not continue the {before.size} entries that {self.name} cosigned")

    def _conflict(self, origin: str) -> Refusal:
        size = self.size(origin)
        return Refusal(HTTPStatus.CONFLICT, f"{self.name} last cosigned {size} entries of {origin}", f"{size}\n")

    def _last(self, origin: str) -> tuple[int, Note | None]:
        """The number of the newest record, and the record."""
        names = self.store.children(_records(origin))
        if not names:
            return 0, None
        try:
            return int(names[-1]), Note.parse(self.store.read_bytes(f"{_records(origin)}/{names[-1]}"))
        except ValueError as error:
            raise StoreError(
                f"{self.store.owner}: {_records(origin)}/{names[-1]} is no checkpoint ({error}); put it back"
            ) from None


def _split(checkpoint: Checkpoint, why: str) -> Refusal:
    text = f"the checkpoint of {checkpoint.origin} over {checkpoint.size} entries is not cosigned: {why}"
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, text)


def _records(origin: str) -> str:
    return f"ledger/witness/{origin_hash(origin)}"


def _record(origin: str, turn: int) -> str:
    return f"{_records(origin)}/{turn:012}"
