"""How a message travels: in an envelope that says of whom it is, for which round and of which kind, signed by its sender.

::

    {"format": "decai-link/1", "kind": "submission", "sender": "acme", "round": "2026-12-07",
     "body": "{\\"as_of\\": ...}", "algorithm": "Ed25519", "signature": "<128 hexadecimal digits>"}

``body`` is the message as JSON text: what was signed is read, and nothing is written anew to check it. The signature is over
all the rest of the envelope, so that none serves as another kind, for another round or from another sender.

Messages by which a federation is founded belong to no round: theirs is called ``founding``. One that is carried as a file says
in its first line, ``about``, what it is and whether it is secret.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

from annotated_types import Len
from pydantic import Field, StringConstraints

from decai_forecast.documents.message import LARGEST_MESSAGE, read_message
from decai_forecast.documents.safe_json import JsonFault, read_json
from decai_forecast.errors import LinkError, MalformedMessage
from decai_forecast.link.messages import ROUND, Name, encoded
from decai_forecast.network import COORDINATOR

if TYPE_CHECKING:  # cryptography: not when Airflow reads a DAG file
    from decai_forecast.identity import Identity

__all__ = ["FORMAT", "NO_ROUND", "Envelope", "Heading", "Keys", "Kind", "enveloped", "introduced", "opened", "sealed"]

FORMAT = "decai-link/1"
NO_ROUND = "founding"
M = TypeVar("M")
Keys = bytes | tuple[bytes, ...] | None


class Kind(StrEnum):
    """What a message is."""

    SUBMISSION = "submission"
    FIGURES = "figures"
    STATEMENTS = "statements"
    COSIGNATURE = "cosignature"
    SHARED = "shared"
    COMPARISON = "comparison"
    CLOSING = "closing"
    PROGRESS = "progress"
    INVITATION = "invitation"
    ANSWER = "answer"
    ADMISSION = "admission"
    MEMBERS = "members"
    KEYS = "keys"
    REVOCATION = "revocation"
    PROPOSAL = "proposal"
    OPENING = "opening"


@dataclass(frozen=True)
class Heading:
    """What an envelope says on its outside: kind, sender and round."""

    kind: str
    sender: str
    round: str

    @property
    def who(self) -> str:
        """The sender, as a sentence begins."""
        return f"the {COORDINATOR}" if self.sender == COORDINATOR else self.sender

    @property
    def purpose(self) -> str:
        """What the signature is for."""
        return f"link {self.kind}"

    def statement(self, body: str, about: str = "") -> bytes:
        """What is signed."""
        said = [about] if about else []
        return json.dumps([FORMAT, self.kind, self.sender, self.round, body, *said]).encode()


Short = Annotated[str, Len(0, 200)]
RoundOrNone = Annotated[
    str,
    StringConstraints(pattern=rf"^({ROUND}|{NO_ROUND})$"),
    Field(description=f"a round such as 2026-12-07 or 2026-12-07.2, or {NO_ROUND}"),
]


@dataclass(frozen=True)
class Envelope:
    """As it travels; ``signature`` in hexadecimal digits. An envelope without one is read, and refused as unsigned.
    ``about``: what a file of it is, for people."""

    format: Short
    kind: Short
    sender: Name
    round: RoundOrNone
    body: Annotated[str, Len(0, LARGEST_MESSAGE)]
    algorithm: Short = ""
    signature: Short = ""
    about: Annotated[str, Len(0, 400)] = ""


def sealed(message: object, kind: Kind, round_id: str, identity: Identity, about: str = "") -> bytes:
    """The message in an envelope that ``identity`` signs."""
    return enveloped(encoded(message, indent=None).decode(), Heading(kind, identity.name, round_id), identity, about)


def enveloped(body: str, heading: Heading, identity: Identity, about: str = "") -> bytes:
    """Any text in an envelope; :func:`sealed` is for messages."""
    from decai_forecast.identity import ALGORITHM

    signature = identity.sign(heading.purpose, heading.statement(body, about)).hex()
    envelope = Envelope(FORMAT, heading.kind, heading.sender, heading.round, body, ALGORITHM, signature, about)
    said = {key: value for key, value in asdict(envelope).items() if key != "about" or about}
    return json.dumps(said, indent=1, sort_keys=True).encode()  # `about` is the first of the keys


def opened(data: bytes, form: type[M], heading: Heading, key: Keys, *, largest: int = LARGEST_MESSAGE) -> M:
    """The message of an envelope that must have this heading, and a signature of the sender's public ``key``: 32 bytes, or
    several of which one will do; None if the reader has pinned none. :class:`MalformedMessage`, or :class:`LinkError` with the
    code of what does not hold."""
    envelope = _envelope(data, heading, largest)
    _check_equal("other_sender", "sender", envelope.sender, heading.sender, heading.who)
    _check_signature(envelope, heading, key)
    _check_place(envelope, heading)
    return read_message(envelope.body.encode(), form, sender=heading.who)


def introduced(data: bytes, form: type[M], heading: Heading, key: Callable[[M], bytes], *, largest: int = LARGEST_MESSAGE) -> M:
    """As :func:`opened`, of a sender that is not known yet: the message itself names the ``key`` that it is signed with. So its
    sender has that key, and nothing was changed since; whose key it is must be asked in another way."""
    envelope = _envelope(data, heading, largest)
    _check_equal("other_sender", "sender", envelope.sender, heading.sender, heading.who)
    _check_place(envelope, heading)
    message = read_message(envelope.body.encode(), form, sender=heading.who)
    _check_signature(envelope, heading, key(message))
    return message


def _check_place(envelope: Envelope, heading: Heading) -> None:
    _check_equal("other_kind", "kind", envelope.kind, heading.kind, heading.who)
    _check_equal("other_round", "round", envelope.round, heading.round, heading.who)


def _envelope(data: bytes, heading: Heading, largest: int) -> Envelope:
    try:
        envelope = read_message(data, Envelope, sender=heading.who, largest=largest)
    except MalformedMessage:
        _check_format(_format(data) if len(data) <= largest else FORMAT, heading)
        raise
    _check_format(envelope.format, heading)
    return envelope


def _check_equal(code: str, what: str, given: str, expected: str, who: str) -> None:
    if given != expected:
        raise LinkError(code, f"{who} sent a message of {what} {given[:40]!r} where one of {str(expected)!r} belongs")


def _check_format(given: str, heading: Heading) -> None:
    if given != FORMAT:
        read = f"this release reads {FORMAT}; install the same one everywhere"
        raise LinkError("other_format", f"{heading.who} sent a message of format {given[:40]!r}; {read}")


def _format(data: bytes) -> str:
    """The format that an envelope names which is none of ours; ours if it names none."""
    with contextlib.suppress(UnicodeDecodeError, JsonFault, AttributeError):
        return str(read_json(data.decode()).value.get("format", FORMAT))
    return FORMAT


def _check_signature(envelope: Envelope, heading: Heading, key: Keys) -> None:
    from decai_forecast.identity import ALGORITHM, is_signed_by

    if not envelope.signature:
        raise LinkError("unsigned", f"{heading.who} sent a message without a signature; it is not used")
    keys = (key,) if isinstance(key, bytes) else tuple(key or ())
    if not keys:
        raise LinkError(
            "unknown_sender",
            f"no key of {heading.who} is pinned here, so that its signature cannot be checked; pin the one that it tells you",
        )
    written = Heading(envelope.kind, envelope.sender, envelope.round)
    stated, signature = written.statement(envelope.body, envelope.about), _digits(envelope.signature)
    signed = any(is_signed_by(one, written.purpose, stated, signature) for one in keys)
    if envelope.algorithm != ALGORITHM or not signed:
        raise LinkError("wrong_signature", f"{heading.who} sent a message that is not signed with the key pinned for it")


def _digits(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
