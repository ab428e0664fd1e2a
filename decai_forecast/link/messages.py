"""The messages that pass between a company and the coordinator: frozen types, checked by whoever receives them.

A company sends a :class:`Submission` and, if it opted in, its :class:`Figures`. The coordinator publishes to everybody the
:class:`SharedRound`, with the models that it names (:class:`SharedModels`), the :class:`Comparison` and the :class:`Closing`.
None of them holds a row, a text of an error or a path: codes, counts and digests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, Len
from pydantic import Field, StringConstraints, TypeAdapter

from decai_forecast.contracts import Verdict
from decai_forecast.documents import Fault
from decai_forecast.network import COORDINATOR

__all__ = [
    "Closing",
    "ClosingStatus",
    "Comparison",
    "Cosignature",
    "Evaluation",
    "Figures",
    "Members",
    "ModelCertificate",
    "ModelFile",
    "Noise",
    "Progress",
    "Quartiles",
    "Revocation",
    "SharedModels",
    "SharedRound",
    "SharedStatus",
    "State",
    "Statements",
    "Submission",
    "Succession",
    "encoded",
]

MANY = 10**12  # rows; more is no number of rows
MOST_CHANGES = 5_000  # of keys, of all companies in all years
LONGEST_NOTE = 200_000  # characters: a thousand companies, each with its reason
Name = Annotated[  # of a participant or a data set
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$"), Field(description="a name of 1 to 40 of a-z, 0-9 and _")
]
ROUND = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\.([2-9]|[1-9][0-9]))?"
RoundId = Annotated[
    str,
    StringConstraints(pattern=rf"^{ROUND}$"),
    Field(description="a round such as 2026-12-07 or 2026-12-07.2"),
]
Code = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9_]{0,40}$"), Field(description="a code of at most 40 of a-z, 0-9 and _")
]
Reason = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9_:]{1,82}$"), Field(description="a state and a code, such as failed:source_absent")
]
Digest = Annotated[
    str, StringConstraints(pattern=r"^([0-9a-f]{64})?$"), Field(description="a SHA-256 of 64 hexadecimal digits, or empty")
]
Signature = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{128}$"), Field(description="a signature of 128 hexadecimal digits")
]
PublicKey = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="64 hexadecimal digits in small letters")
]
Rows = Annotated[int, Ge(0), Le(MANY)]
Text = Annotated[str, Len(0, 2000)]
Note = Annotated[str, Len(0, LONGEST_NOTE)]


def encoded(message: Any, indent: int | None = 1) -> bytes:
    """The message as JSON, the same bytes for the same message."""
    value = TypeAdapter(type(message)).dump_python(message, mode="json")
    return json.dumps(value, indent=indent, sort_keys=True).encode()


class State(StrEnum):
    """What became of a company's delivery."""

    READY = "ready"  # delivered, accepted and trained
    NEWCOMER = "newcomer"  # receives the shared forecaster and has no part in training it
    REFUSED = "refused"  # by its own contract
    FAILED = "failed"  # for the reason that the code names


@dataclass(frozen=True)
class Submission:
    """What a company tells the coordinator of its delivery for a round.

    ``digest``: of what it trained on, so that a changed delivery is noticed; ``late``: it came after the time that its contract
    promises.
    """

    partner: Name
    round: RoundId
    as_of: date
    state: State
    code: Code = ""
    verdicts: Mapping[Name, Verdict] = field(default_factory=dict)
    rows: Rows = 0
    quarantined: Rows = 0
    digest: Digest = ""
    late: bool = False

    def faults(self) -> Iterator[Fault]:
        """What does not go together, for whoever receives it."""
        if self.quarantined > self.rows:
            yield Fault(("quarantined",), f"{self.quarantined:,} of {self.rows:,} rows; expected at most all of them")
        if self.state is State.READY and not self.digest:
            yield Fault(("digest",), "empty; a company that is ready names the digest of what it trained on")
        if self.state is not State.READY and not self.code:
            yield Fault(("code",), f"empty; a company that is {self.state} names why")

    @property
    def reason(self) -> str:
        """Why the company has no part in the training: ``failed:source_absent``."""
        return f"{self.state}:{self.code}"


@dataclass(frozen=True)
class Figures:
    """What a company that opted in gives of its report for comparison: the share of demand that it serves, and its forecast
    error (WAPE); None where it has none."""

    fill_rate: Annotated[float, Ge(0), Le(1)] | None = None
    wape: Annotated[float, Ge(0), Le(MANY)] | None = None


@dataclass(frozen=True)
class Statements:
    """What a company states of a round, for the log: signed envelopes as the log keeps them (``ledger/``), all so far."""

    entries: Annotated[tuple[Annotated[str, Len(1, 65_535)], ...], Len(1, 200)]


@dataclass(frozen=True)
class Cosignature:
    """That the first ``size`` entries of the log continue what the company saw before: its signature line (``ledger/``)."""

    size: Rows
    line: Annotated[str, Len(1, 500)]


@dataclass(frozen=True)
class Quartiles:
    """Of one figure over the companies that gave it, rounded."""

    companies: Annotated[int, Ge(1)]
    q25: float
    q50: float
    q75: float


@dataclass(frozen=True)
class Comparison:
    """Quartiles of the figures of round ``round``, by the figure's name."""

    round: RoundId
    measures: Mapping[Name, Quartiles]


class SharedStatus(StrEnum):
    """Where a round's shared forecaster comes from."""

    TRAINED = "trained"  # in this round
    KEPT = "kept"  # the last one stays in use
    REUSED = "reused"  # the cut-off was trained in an earlier round, and privacy lets it be trained once


@dataclass(frozen=True)
class Evaluation:
    """Whether the new shared forecaster ships in place of the last one, and why."""

    promoted: bool
    reason: Text


@dataclass(frozen=True)
class Noise:
    """The terms of differential privacy of a training."""

    epsilon: float
    budget: float
    delta: float


@dataclass(frozen=True)
class ModelFile:
    """Where the models of one cut-off lie in the public part of the link, and the SHA-256 of that file."""

    key: Annotated[str, StringConstraints(pattern=r"^shared/[0-9a-z./-]{1,100}\.json$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class SharedRound:
    """What a round publishes of its shared forecaster.

    ``models``: by cut-off; ``ships``: the one in use from now on, None before the first. ``expected``: all partners of the
    network; ``members``: who trained together; ``missing`` and ``dropped``: who did not, and why, in codes.
    """

    round: RoundId
    as_of: date
    status: SharedStatus
    expected: tuple[Name, ...]
    minimum: Annotated[int, Ge(1)]
    members: tuple[Name, ...] = ()
    missing: Mapping[Name, Reason] = field(default_factory=dict)
    dropped: Mapping[Name, Reason] = field(default_factory=dict)
    models: Mapping[date, ModelFile] = field(default_factory=dict)
    ships: ModelFile | None = None
    reused: tuple[date, ...] = ()
    reason: Text = ""
    strategy: Code = ""
    seconds: Annotated[float, Ge(0)] = 0.0
    privacy: Noise | None = None
    evaluation: Evaluation | None = None

    def verdict(self) -> str:
        """One sentence on the new forecaster against the last one; empty where there was nothing to compare."""
        if self.evaluation is None:
            private = self.privacy is not None and self.status is SharedStatus.TRAINED
            return (
                "The new shared forecaster ships uncompared: scores are exact, and its training is private." if private else ""
            )
        if self.evaluation.promoted:
            return f"The new shared forecaster ships: {self.evaluation.reason}."
        return f"The new shared forecaster does not ship, the last one stays in use: {self.evaluation.reason}."

    def how(self) -> str:
        """How the members' round went, as the end of a sentence about them."""
        if self.status is SharedStatus.TRAINED:
            return "trained together"
        if self.status is SharedStatus.REUSED:
            return f"did not train: {self.reason}"
        if self.members:  # the new forecaster did not ship
            return f"trained together, but the last shared forecaster stays in use: {self.reason}"
        return "could not train together, the last shared forecaster stays in use"


@dataclass(frozen=True)
class ModelCertificate:
    """What all who grew a model together signed, in hexadecimal digits (federation/exact/certificate.py)."""

    format: Literal["decai-certificate/1"]
    subject: Annotated[str, Len(1, 100)]
    names: Annotated[tuple[Name, ...], Len(1, 200)]
    roster: Digest
    epoch: Digest
    transcript: Digest
    model: Digest
    signatures: Annotated[tuple[Signature, ...], Len(1, 200)]


@dataclass(frozen=True)
class SharedModels:
    """The shared forecaster of one cut-off: the text of a LightGBM model for each quantile and of the ``mean`` (empty: none was
    trained, and the quantiles imply it); and, where companies sign what they grow together, their certificates."""

    cutoff: date
    models: Mapping[float, str]
    certificates: Mapping[float, ModelCertificate] = field(default_factory=dict)
    mean: str = ""
    mean_certificate: ModelCertificate | None = None


class ClosingStatus(StrEnum):
    """How a round ended."""

    CLOSED = "closed"  # trained together
    BELOW_QUORUM = "below_quorum"  # the last shared forecaster stays in use


@dataclass(frozen=True)
class Closing:
    """How a round ended, for everybody. ``late``: delivered after the training began, so that they only get the report."""

    round: RoundId
    as_of: date
    status: ClosingStatus
    members: tuple[Name, ...]
    late: tuple[Name, ...]
    missing: Mapping[Name, Reason]
    note: Note


@dataclass(frozen=True)
class Progress:
    """How far a shared training is: tree ``tree`` of ``trees`` of the ``model``-th of ``models``, its ``loss``, and the bytes
    that each company ``sent`` and ``received``. ``quantile``: None while the mean is trained. ``at``: UTC, ISO 8601; ``line``:
    all of it, for people."""

    cutoff: date
    quantile: Annotated[float, Ge(0), Le(1)] | None
    model: Rows
    models: Rows
    tree: Rows
    trees: Rows
    loss: float
    sent: Rows
    received: Rows
    at: Text
    line: Text


@dataclass(frozen=True)
class Succession:
    """That ``partner`` exchanged its key ``old`` for ``new``. Both have signed it: who knows the old one knows whose the new
    one is."""

    partner: Name
    old: PublicKey
    new: PublicKey
    by_old: Signature
    by_new: Signature


@dataclass(frozen=True)
class Revocation:
    """That the key of ``partner`` was taken back on ``day`` (UTC)."""

    partner: Name
    key: PublicKey
    day: date


@dataclass(frozen=True)
class Members:
    """Who belongs to the federation: company -> the public key of its identity (Ed25519), and that of the ``coordinator``.
    ``waiting``: invited and not admitted yet. A company believes none of the keys before it has asked the companies, unless
    ``successions`` lead to it from the one that it knows. ``revoked``: keys that are worth nothing any more."""

    network: Annotated[str, Len(1, 100)]
    coordinator: PublicKey
    keys: Mapping[Name, PublicKey]
    waiting: tuple[Name, ...] = ()
    algorithm: Literal["Ed25519"] = "Ed25519"
    successions: Annotated[tuple[Succession, ...], Len(0, MOST_CHANGES)] = ()
    revoked: Annotated[tuple[Revocation, ...], Len(0, MOST_CHANGES)] = ()

    def faults(self) -> Iterator[Fault]:
        """Two that would be known by one key, or a company that would be taken for the coordinator."""
        if COORDINATOR in self.keys:
            yield Fault(("keys", COORDINATOR), "the coordinator is no company", key=True)
        if len({self.coordinator, *self.keys.values()}) <= len(self.keys):
            yield Fault(("keys",), "one key twice; each participant has its own")
        back = {one.key for one in self.revoked}
        for partner, key in self.keys.items():
            if key in back:
                yield Fault(("keys", partner), "a key that was taken back")
