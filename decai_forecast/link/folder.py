"""The link by folder: what a company sends lies in the inbox below its name, what is published in another folder.

::

    <inbox>/<company>/<round>/{submission,figures,statements,cosignature}.json
    <public>/...                                          published.py

Both may be on one host or in buckets, where a company needs to write below its own name only, and to read the public part.
Whoever reads a message checks it (``envelope.py``): one that is malformed, too large, not signed by its sender or speaks for
somebody else is set aside, and counts as if it had not come. So nobody can stop anybody else's round.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from decai_forecast.errors import DecaiError, MalformedMessage
from decai_forecast.ledger.files import LOG
from decai_forecast.link.envelope import NO_ROUND, Heading, Keys, Kind, enveloped, opened, sealed
from decai_forecast.link.keys import keys_of
from decai_forecast.link.messages import (
    Closing,
    Comparison,
    Cosignature,
    Figures,
    Members,
    ModelFile,
    Progress,
    SharedModels,
    SharedRound,
    Statements,
    Submission,
    encoded,
)
from decai_forecast.link.protocol import CompanyLink, CoordinatorLink, Inbox
from decai_forecast.link.published import MEMBERS_FILE, PROPOSAL_FILE, PublicReader, public_key
from decai_forecast.link.vouched import vouched_keys
from decai_forecast.network import COORDINATOR
from decai_forecast.network.proposal import Proposal
from decai_forecast.round import in_time, is_round
from decai_forecast.store import Store, digest_bytes

if TYPE_CHECKING:  # cryptography: not when Airflow reads a DAG file
    from decai_forecast.identity import Keyring

__all__ = ["LARGEST", "LARGEST_STATEMENTS", "CompanyFolder", "CoordinatorFolder", "inbox_key", "largest_of", "submission_in"]

log = logging.getLogger(__name__)
LARGEST = 64_000  # bytes of a company's message: a submission has some hundred
LARGEST_STATEMENTS = 500_000  # bytes: a night has some twenty, each of a kilobyte
M = TypeVar("M")


def largest_of(kind: str) -> int:
    """Bytes that a company's message of this kind may have."""
    return LARGEST_STATEMENTS if kind == Kind.STATEMENTS else LARGEST


def inbox_key(kind: Kind, round_id: str, company: str) -> str:
    """Where in the inbox a company's message of this kind lies."""
    return f"{company}/{round_id}/{kind}.json"


def submission_in(data: bytes, round_id: str, sender: str, key: Keys) -> Submission:
    """The submission in an envelope of ``sender``, checked against its public keys; it speaks for nobody else."""
    submission = opened(data, Submission, Heading(Kind.SUBMISSION, sender, round_id), key, largest=LARGEST)
    if (submission.partner, submission.round) != (sender, round_id):
        raise MalformedMessage(
            f"{sender}: its submission for round {round_id} is one of {submission.partner} for round {submission.round}"
        )
    return submission


class _PublicFolder(PublicReader):
    """The public part as a folder."""

    def __init__(self, public: Store, keyring: Keyring) -> None:
        self._public, self._keyring = public, keyring

    def _read(self, key: str) -> bytes | None:
        return _content(self._public, key, f"the {COORDINATOR}") if self._public.exists(key) else None

    def _exists(self, key: str) -> bool:
        return self._public.exists(key)

    def _vouched_keys(self, key: str, data: bytes) -> tuple[bytes, ...]:
        return vouched_keys(self._keyring, key, data)


class CompanyFolder(_PublicFolder, CompanyLink):
    """A company's end of the link: writes into the coordinator's inbox under its own name, reads what is published.

    ``keyring``: the company's own, to sign with, and with the coordinator's key, to check what is published.
    """

    def __init__(self, inbox: Store, public: Store, keyring: Keyring, partner: str) -> None:
        super().__init__(public, keyring)
        self._inbox, self._partner = inbox, partner

    def submit(self, submission: Submission) -> None:
        self._send(submission, Kind.SUBMISSION, submission.round)

    def give_figures(self, round_id: str, figures: Figures) -> None:
        self._send(figures, Kind.FIGURES, round_id)

    def give_statements(self, round_id: str, statements: Statements) -> None:
        self._send(statements, Kind.STATEMENTS, round_id)

    def give_cosignature(self, round_id: str, cosignature: Cosignature) -> None:
        self._send(cosignature, Kind.COSIGNATURE, round_id)

    def _send(self, message: object, kind: Kind, round_id: str) -> None:
        data = sealed(message, kind, round_id, self._keyring.identity())
        self._inbox.write_bytes(inbox_key(kind, round_id, self._partner), data)

    def _coordinator_key(self) -> bytes | None:
        return self._keyring.pinned().get(COORDINATOR)


class CoordinatorFolder(_PublicFolder, CoordinatorLink):
    """The coordinator's end of the link: reads its inbox, publishes.

    ``keyring``: the coordinator's own, to sign with, and with the companies' keys, to check what they sent. ``notes``: its own
    store, for notes of what is set aside. ``partners``: of the network; what lies below another name is not looked at.
    """

    def __init__(self, inbox: Store, public: Store, keyring: Keyring, notes: Store, partners: tuple[str, ...]) -> None:
        super().__init__(public, keyring)
        self._inbox, self._notes, self._partners = inbox, notes, partners

    def rounds(self) -> list[str]:
        return in_time({name for partner in self._partners for name in self._inbox.children(partner) if is_round(name)})

    def submissions(self, round_id: str) -> Inbox:
        submissions, aside = dict[str, Submission](), dict[str, str]()
        for sender in self._partners:
            try:
                if (data := self._sent(Kind.SUBMISSION, round_id, sender)) is not None:
                    submissions[sender] = submission_in(data, round_id, sender, keys_of(self._keyring, sender))
            except DecaiError as error:
                aside[sender] = error.code
                self._set_aside(round_id, sender, error)
        return Inbox(submissions, aside)

    def figures(self, round_id: str) -> list[Figures]:
        return list(self._opened(Figures, Kind.FIGURES, round_id).values())

    def statements(self, round_id: str) -> Mapping[str, Statements]:
        return self._opened(Statements, Kind.STATEMENTS, round_id)

    def cosignatures(self, round_id: str) -> Mapping[str, Cosignature]:
        return self._opened(Cosignature, Kind.COSIGNATURE, round_id)

    def _opened(self, form: type[M], kind: Kind, round_id: str) -> dict[str, M]:
        """By company; what cannot be read is left out, with a line in the log."""
        messages = dict[str, M]()
        for sender in self._partners:
            heading = Heading(kind, sender, round_id)
            try:
                if (data := self._sent(kind, round_id, sender)) is not None:
                    keys = keys_of(self._keyring, sender)
                    messages[sender] = opened(data, form, heading, keys, largest=largest_of(kind))
            except DecaiError as error:
                log.warning("%s for round %s are left out: %s", kind, round_id, error)
        return messages

    def publish_log_file(self, name: str, data: bytes) -> None:
        self._public.write_bytes(f"{LOG}/{name}", data)

    def publish_models(self, models: SharedModels) -> ModelFile:
        data = encoded(models)
        digest = digest_bytes(data)
        file = ModelFile(f"shared/{models.cutoff}/{digest[:16]}.json", digest)
        if not self._public.exists(file.key):
            self._public.write_bytes(file.key, data)
        return file

    def publish_shared(self, shared: SharedRound) -> bool:
        return self._publish(shared, Kind.SHARED, shared.round)

    def publish_comparison(self, round_id: str, comparison: Comparison) -> bool:
        return self._publish(comparison, Kind.COMPARISON, round_id)

    def publish_closing(self, closing: Closing) -> bool:
        return self._publish(closing, Kind.CLOSING, closing.round)

    def publish_progress(self, round_id: str, progress: Progress) -> None:
        data = sealed(progress, Kind.PROGRESS, round_id, self._keyring.identity())
        self._public.write_bytes(public_key(Kind.PROGRESS, round_id), data)

    def publish_members(self, members: Members) -> None:
        self._public.write_bytes(MEMBERS_FILE, sealed(members, Kind.MEMBERS, NO_ROUND, self._keyring.identity()))

    def publish_proposal(self, proposal: Proposal) -> None:
        heading = Heading(Kind.PROPOSAL, COORDINATOR, NO_ROUND)
        self._public.write_bytes(PROPOSAL_FILE, enveloped(proposal.text, heading, self._keyring.identity()))

    def _publish(self, message: object, kind: Kind, round_id: str) -> bool:
        """Once; False if there is one."""
        return self._public.create_bytes(public_key(kind, round_id), sealed(message, kind, round_id, self._keyring.identity()))

    def _coordinator_key(self) -> bytes | None:
        return self._keyring.identity().public

    def _sent(self, kind: Kind, round_id: str, sender: str) -> bytes | None:
        """What lies there; None where nothing does."""
        key = inbox_key(kind, round_id, sender)
        if not self._inbox.exists(key):
            return None
        if (size := self._inbox.size(key)) > largest_of(kind):
            raise MalformedMessage(f"{sender} sent a message of {size:,} bytes; it may have {largest_of(kind):,}")
        return _content(self._inbox, key, sender)

    def _set_aside(self, round_id: str, sender: str, error: DecaiError) -> None:
        """Notes, once for each text, whose message was not taken and why; a correct one takes its place."""
        why = f"{error}".encode()
        if self._notes.create_bytes(f"set_aside/{round_id}/{sender}-{digest_bytes(why)[:16]}.txt", why):
            log.warning("a submission for round %s is set aside: %s", round_id, error)


def _content(store: Store, key: str, who: str) -> bytes:
    try:
        return store.read_bytes(key)
    except IsADirectoryError:  # on a disk; an object store has no folders
        raise MalformedMessage(f"{who} sent a folder where a message belongs") from None
