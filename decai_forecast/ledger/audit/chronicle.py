"""What the statements of a log say together: who may sign when, what is said twice, what contradicts, and what later checks
need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.admission import AHEAD, moment, written
from decai_forecast.ledger.audit.key_times import KeyTimes
from decai_forecast.ledger.audit.lines import Fault
from decai_forecast.ledger.formats.merkle import leaf_hash
from decai_forecast.ledger.names import fingerprint
from decai_forecast.ledger.statements import (
    BY_COMPANIES,
    BY_COORDINATOR,
    Certified,
    Closed,
    Head,
    Membership,
    Published,
    Statement,
    StepDone,
    Submitted,
    signer_of,
)
from decai_forecast.network import COORDINATOR

__all__ = ["Certificate", "Chronicle", "Claim", "View"]


@dataclass(frozen=True)
class Claim:
    """That a public file has this digest: of which round, at which entry."""

    round: str
    digest: str
    entry: int


@dataclass(frozen=True)
class Certificate:
    """That a model of a public file is signed by all who grew it; digests of its text and of the certificate."""

    round: str
    model: str
    text: str
    digest: str
    entry: int


@dataclass(frozen=True)
class View:
    """A checkpoint that a participant had verified when it signed the statement of entry ``entry``."""

    participant: str
    size: int
    root: bytes
    entry: int


@dataclass
class Chronicle:
    """``keys``: by participant, of the policy; ``witnessed``: so many entries were cosigned, the last time at ``witnessed_at``;
    ``now``: of the audit. No statement may be from later than it was cosigned."""

    keys: Mapping[str, list[bytes]]
    witnessed: int
    witnessed_at: datetime
    now: datetime
    count: int = 0
    faults: list[Fault] = field(default_factory=list)
    files: dict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    certificates: dict[str, list[Certificate]] = field(default_factory=lambda: defaultdict(list))
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)  # round -> who trained together
    heard: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # round -> company -> its submission
    views: list[View] = field(default_factory=list)
    times: KeyTimes = field(default_factory=KeyTimes)
    digests: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))  # (round, participant) -> hidden
    _there: dict[bytes, int] = field(default_factory=dict)
    _said: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)
    _networks: set[str] = field(default_factory=set)

    def take(self, index: int, entry: bytes) -> None:
        """The next entry of the log."""
        self.count += 1
        first = self._there.setdefault(leaf_hash(entry), index)
        try:
            if first != index:
                raise LedgerError("statement_repeated", f"the same as entry {first}")
            self._note(index, self._checked(index, entry))
        except LedgerError as error:
            self.faults.append(Fault(f"entry {index}", error.code, str(error)))

    def _checked(self, index: int, entry: bytes) -> Statement:
        envelope, statement = signer_of(entry)
        said = statement.said
        keys = self.keys.get(said.participant)
        if keys is None:
            raise LedgerError("statement_sender", f"{said.participant} is no participant of the policy")
        key = next((one for one in keys if envelope.is_signed_by(said.participant, one)), None)
        if key is None:
            who = f"{said.participant}, in whose name it speaks"
            raise LedgerError("statement_signature", f"a statement of round {said.round} is not signed by {who}")
        if (why := self.times.fault(fingerprint(key), said)) is not None:
            raise LedgerError("statement_key", f"signed with a key of {said.participant} that counts no more since {why}")
        if moment(said.at) > (latest := self.witnessed_at if index < self.witnessed else self.now) + AHEAD:
            raise LedgerError("statement_time", f"of {said.at}, and it was in the log by {written(latest)}")
        self._networks.add(said.network)
        if len(self._networks) > 1:
            raise LedgerError("statement_network", f"of the network {said.network!r}; entry 0 is of another")
        return statement

    def _note(self, index: int, statement: Statement) -> None:
        said, subjects = statement.said, statement.subjects
        _check_speaker(said)
        self.digests[said.round, said.participant] |= {one.digest for one in subjects}
        if isinstance(said, StepDone):
            self.digests[said.round, said.participant] |= {said.inputs, said.facts}
            self._once(index, (said.participant, said.round, said.step, said.inputs), subjects[0].digest)
        elif isinstance(said, Submitted):
            self.heard[said.round][said.participant] = subjects[0].digest
            self.views.append(View(said.participant, said.seen_size, bytes.fromhex(said.seen_root), index))
        elif isinstance(said, Published | Closed | Certified | Membership):
            self._of_coordinator(index, statement)

    def _of_coordinator(self, index: int, statement: Statement) -> None:
        """Claims that only the coordinator can make."""
        said = statement.said
        if isinstance(said, Certified):
            subject = statement.subjects[0]
            entry = Certificate(said.round, said.model, subject.digest, said.certificate, index)
            self.certificates[said.file].append(entry)
            return
        if isinstance(said, Membership):
            self.times.note(index, said)
            return
        for subject in statement.subjects:
            self._once(index, (said.participant, subject.name), subject.digest)
            self.files[subject.name].append(Claim(said.round, subject.digest, index))
        if isinstance(said, Closed):
            self.members[said.round] = said.members

    def _once(self, index: int, place: tuple[str, ...], digest: str) -> None:
        """Of the same thing only one digest may be stated."""
        before, entry = self._said.setdefault(place, (digest, index))
        if before != digest:
            raise LedgerError(
                "statement_contradicts", f"{place[0]} states of {', '.join(place[1:3])} another digest than entry {entry}"
            )


def _check_speaker(said: Head) -> None:
    """Some things only the coordinator can state, some only a company."""
    if isinstance(said, BY_COORDINATOR) and said.participant != COORDINATOR:
        raise LedgerError("statement_sender", f"{said.participant} states what only the {COORDINATOR} can")
    if isinstance(said, BY_COMPANIES) and said.participant == COORDINATOR:
        raise LedgerError("statement_sender", f"the {COORDINATOR} states what only a company can")
