"""What can be stated, a frozen dataclass each: digests, codes and public facts, never contents.

A field of type :data:`Hidden` is the SHA-256 of a salt and a digest: nobody can guess what it is of, and whoever has the salt
can show it. Everything else is public in any case: rounds, names of participants, versions of this software.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Ge, Le, Len
from pydantic import Field, StringConstraints

__all__ = [
    "BY_COMPANIES", "BY_COORDINATOR", "FORMS", "Approved", "Approver", "Certified", "Closed", "Disclosed", "Evaluated", "Event",
    "Granted", "Head", "Listed", "Matter", "Membership", "PrivacySpent", "Published", "ReportSent", "StepDone", "Submitted",
    "TakenOver", "UsesMade", "Withdrawn", "type_of",
]  # fmt: skip

URN = "urn:decai-forecast:ledger"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
Round = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(\.([2-9]|[1-9][0-9]))?$")]
Moment = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
    Field(description="UTC, to the second: 2026-12-07T02:10:00Z"),
]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="SHA-256, hexadecimal")]
Hidden = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="SHA-256 of a secret salt and a digest, hexadecimal")
]
Short = Annotated[str, Len(1, 100)]
Size = Annotated[int, Ge(0), Le(2**63 - 1)]


@dataclass(frozen=True)
class Head:
    """Of every statement: in which ``network`` and ``round``, which ``participant`` (or the coordinator) states it, and
    when."""

    network: Short
    round: Round
    participant: Name
    at: Moment


@dataclass(frozen=True)
class StepDone(Head):
    """A step has its ``done.json``: of which ``inputs``, what it says of itself (``facts``), and what computed it."""

    step: Name
    inputs: Hidden
    facts: Hidden
    versions: Annotated[Mapping[Short, Short], Len(0, 20)]


@dataclass(frozen=True)
class Submitted(Head):
    """A company told the coordinator of its delivery. ``seen_size`` and ``seen_root``: the newest checkpoint that it had then
    verified, so that two views of one log meet in it."""

    seen_size: Size
    seen_root: Digest


@dataclass(frozen=True)
class Disclosed(Head):
    """A company's own record of what left it in the round."""


@dataclass(frozen=True)
class ReportSent(Head):
    """A company's report lies in its outbox; ``sent``: to so many addresses it went."""

    sent: Annotated[int, Ge(0), Le(1_000)]


@dataclass(frozen=True)
class PrivacySpent(Head):
    """A company's accountant of differential privacy, after the round."""


@dataclass(frozen=True)
class Published(Head):
    """The coordinator published a file; its subject names key and digest."""


@dataclass(frozen=True)
class Certified(Head):
    """A model that all who grew it have signed: its subject is the model's text. ``model``: what it is of, such as
    ``2026-06-22/0.5``; ``file``: the published file it lies in; ``certificate``: digest of their certificate."""

    model: Short
    file: Short
    certificate: Digest


@dataclass(frozen=True)
class Evaluated(Head):
    """Whether a new shared forecaster ships; its subject hides the scores of the companies."""

    promoted: bool


@dataclass(frozen=True)
class Closed(Head):
    """The round is closed: ``members`` trained together."""

    members: Annotated[tuple[Name, ...], Len(0, 200)]


class Matter(StrEnum):
    """What was approved."""

    NETWORK = "network"  # another network.yaml: by the coordinator who proposes it, by each company that accepts it
    ADMISSION = "admission"  # of a company, by its key
    KEYS = "keys"  # new keys of a company
    FORECASTER = "forecaster"  # a shared one goes into service


class Approver(StrEnum):
    """Who decided at the participant."""

    OPERATOR = "operator"  # a person, at a command
    RULE = "rule"  # the evaluation of the round, as network.yaml has it


@dataclass(frozen=True)
class Approved(Head):
    """Something holds from now on because this participant approved it; the subject is what: a file, a key, a proposal."""

    matter: Matter
    approver: Approver


class Event(StrEnum):
    """What became of a participant's key. ``exchanged``: by the one before it, which is taken for 14 more days."""

    JOINED = "joined"
    EXCHANGED = "exchanged"
    LEFT = "left"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Membership(Head):
    """A ``member`` whose public key (``key``: its SHA-256) counts from here on, or does not any more."""

    member: Name
    key: Digest
    event: Event


@dataclass(frozen=True)
class TakenOver(Head):
    """A participant keeps the log from entry ``size`` on, whose root was ``root``; ``key``: SHA-256 of the log's new key."""

    size: Size
    root: Digest
    key: Digest


@dataclass(frozen=True)
class Listed(Head):
    """A participant offers ``version`` of ``listing`` in the exchange; the subject is its public card."""

    listing: Short
    version: Annotated[int, Ge(1), Le(10**9)]


@dataclass(frozen=True)
class Granted(Head):
    """A participant gave a grant of ``listing``; who has it, and for what, is hidden. ``grant``: its id, hidden in the same way
    in all statements about it."""

    listing: Short
    grant: Hidden


@dataclass(frozen=True)
class UsesMade(Head):
    """The uses ``first`` to ``last`` of a ``grant``, which are numbered from 1 on without a gap; its subject hides them."""

    grant: Hidden
    first: Annotated[int, Ge(1), Le(2**31 - 1)]
    last: Annotated[int, Ge(1), Le(2**31 - 1)]


@dataclass(frozen=True)
class Withdrawn(Head):
    """A listing was taken back, or a grant ended before its time; the subject says which."""


FORMS: Mapping[str, type[Head]] = {
    f"{URN}:{name}:v1": form
    for name, form in (
        ("step", StepDone), ("submission", Submitted), ("disclosure", Disclosed), ("report", ReportSent),
        ("privacy", PrivacySpent), ("publication", Published), ("certificate", Certified), ("evaluation", Evaluated),
        ("closing", Closed), ("membership", Membership), ("takeover", TakenOver), ("approval", Approved),
        ("listing", Listed), ("grant", Granted), ("uses", UsesMade), ("withdrawal", Withdrawn),
    )
}  # fmt: skip
BY_COORDINATOR = (Published, Certified, Evaluated, Closed, Membership)  # nobody else can state these
BY_COMPANIES = (Submitted, Disclosed, ReportSent, PrivacySpent, TakenOver)
TYPES: Mapping[type[Any], str] = {form: name for name, form in FORMS.items()}


def type_of(form: Head) -> str:
    """The predicate type of a statement."""
    return TYPES[type(form)]
