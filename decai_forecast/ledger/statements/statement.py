"""A statement as bytes: in-toto Statement v1, signed in an envelope (``formats/envelope.py``).

::

    {"_type":"https://in-toto.io/Statement/v1",
     "predicate":{"at":"2026-12-07T02:10:00Z","network":"demo","participant":"acme","round":"2026-12-07",...},
     "predicateType":"urn:decai-forecast:ledger:step:v1",
     "subject":[{"digest":{"saltedSha256":"..."},"name":"step/check"}]}

Keys in the order of their letters, no spaces, ASCII: of each statement exactly one text exists, and what is written otherwise
is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from decai_forecast.errors import LedgerError
from decai_forecast.identity import Identity
from decai_forecast.ledger.formats.envelope import SignedEnvelope
from decai_forecast.ledger.statements.forms import FORMS, Digest, Head, Short, type_of

__all__ = ["PLAIN", "SALTED", "Statement", "Subject", "public_subject", "read_statement", "sealed_statement", "signer_of"]

TYPE = "https://in-toto.io/Statement/v1"
PLAIN, SALTED = "sha256", "saltedSha256"
MOST_SUBJECTS = 100
F = TypeVar("F")
ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # making one takes milliseconds
KEYS = {"_type", "predicate", "predicateType", "subject"}


@dataclass(frozen=True)
class Subject:
    """What a statement is about: a name, and its digest, plain (of public files) or salted."""

    name: Short
    digest: Digest
    salted: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "digest": {SALTED if self.salted else PLAIN: self.digest}}


def public_subject(name: str, digest: str) -> Subject:
    """A public file, by its SHA-256."""
    return Subject(name, digest)


@dataclass(frozen=True)
class Statement:
    """``said``: one of the forms of ``forms.py``."""

    said: Head
    subjects: tuple[Subject, ...]

    def to_bytes(self) -> bytes:
        predicate = _adapter(type(self.said)).dump_python(self.said, mode="json")
        subjects = [subject.to_json() for subject in self.subjects]
        return _canonical({"_type": TYPE, "predicateType": type_of(self.said), "predicate": predicate, "subject": subjects})

    @classmethod
    def parse(cls, data: bytes) -> Statement:
        """:class:`LedgerError` (``statement_malformed``) for what is none, or not written as :meth:`to_bytes` does."""
        try:
            whole = json.loads(data)
            if not isinstance(whole, dict) or set(whole) != KEYS or whole["_type"] != TYPE or _canonical(whole) != data:
                raise ValueError("no statement of in-toto, version 1, in the one text that it has")
            form = FORMS.get(str(whole["predicateType"]))
            if form is None:
                raise ValueError(f"{str(whole['predicateType'])[:80]!r} is no kind of statement that is known here")
            return cls(_adapter(form).validate_python(whole["predicate"], extra="forbid"), _subjects(whole["subject"]))
        except ValidationError as error:
            raise _malformed(_first(error)) from None
        except (ValueError, RecursionError) as error:
            raise _malformed(str(error) or "nested too deeply") from None


def sealed_statement(statement: Statement, identity: Identity) -> bytes:
    """The entry of the log: the statement, signed by ``identity``."""
    return SignedEnvelope.sign(statement.to_bytes(), identity.name, identity.key).to_bytes()


def signer_of(entry: bytes) -> tuple[SignedEnvelope, Statement]:
    """An entry's envelope and statement, not yet checked against a key. :class:`LedgerError` (``statement_malformed``)."""
    try:
        envelope = SignedEnvelope.parse(entry)
    except ValueError as error:
        raise _malformed(str(error)) from None
    return envelope, Statement.parse(envelope.payload)


def read_statement(entry: bytes, *keys: bytes) -> Statement:
    """The statement of an entry that its participant signed with one of ``keys``. :class:`LedgerError` with what does not
    hold."""
    envelope, statement = signer_of(entry)
    if not any(envelope.is_signed_by(statement.said.participant, key) for key in keys):
        who = f"{statement.said.participant}, in whose name it speaks"
        raise LedgerError("statement_signature", f"a statement of round {statement.said.round} is not signed by {who}")
    return statement


def _subjects(value: Any) -> tuple[Subject, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_SUBJECTS:
        raise ValueError(f"a statement has 1 to {MOST_SUBJECTS} subjects")
    return tuple(map(_subject, value))


def _subject(value: Any) -> Subject:
    if not isinstance(value, dict) or set(value) != {"name", "digest"} or not isinstance(value["digest"], dict):
        raise ValueError("a subject has a name and a digest")
    ((kind, digest),) = value["digest"].items() if len(value["digest"]) == 1 else (("", ""),)
    if kind not in (PLAIN, SALTED):
        raise ValueError(f"a subject has one digest, {PLAIN} or {SALTED}")
    given = {"name": value["name"], "digest": digest, "salted": kind == SALTED}
    return _adapter(Subject).validate_python(given)


def _adapter(form: type[F]) -> TypeAdapter[F]:
    """Between a form and JSON."""
    if form not in ADAPTERS:
        ADAPTERS[form] = TypeAdapter(form)
    return ADAPTERS[form]


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _first(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc']))[:60]}: {fault['msg'][:100]}"


def _malformed(why: str) -> LedgerError:
    return LedgerError("statement_malformed", f"no statement: {why}")
