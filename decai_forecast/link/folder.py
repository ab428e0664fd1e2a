"""The link by folder: what a company sends lies in the coordinator's inbox under its name, what is published in another.

Both folders may be on one host or in a bucket. Whoever reads a message checks it (documents/): one that is malformed, too large
or speaks for somebody else is set aside, and counts as if it had not come. So nobody can stop anybody else's round.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter

from decai_forecast.documents.message import read_message
from decai_forecast.errors import DecaiError, MalformedMessage, StoreError
from decai_forecast.link.messages import (
    Closing,
    Comparison,
    Figures,
    ModelFile,
    Progress,
    SharedModels,
    SharedRound,
    Submission,
)
from decai_forecast.round import in_time, is_round
from decai_forecast.store import Store, digest_bytes

__all__ = ["CompanyFolder", "CoordinatorFolder", "Inbox", "PublicFolder"]

log = logging.getLogger(__name__)
LARGEST = 64_000  # bytes of a company's message: a submission has some hundred
LARGEST_MODELS = 200_000_000  # bytes of the models of a cut-off: three models of 100 trees have a million
COORDINATOR = "the coordinator"  # the sender of what is published
STRANGER = "stranger"  # stands for whoever is no partner in the name of a note
M = TypeVar("M")
R = TypeVar("R", SharedRound, Closing)


@dataclass(frozen=True)
class Inbox:
    """The submissions of a round by company, and of whom something came that was set aside, with the reason's code."""

    submissions: Mapping[str, Submission]
    set_aside: Mapping[str, str]


class PublicFolder:
    """What the coordinator has published, for everybody to read."""

    def __init__(self, public: Store) -> None:
        self._public = public

    def shared(self, round_id: str) -> SharedRound | None:
        """The round's shared forecaster; None before it is published. :class:`MalformedMessage` for what is none."""
        return _of_round(round_id, self._read(_shared_key(round_id), SharedRound))

    def models(self, file: ModelFile) -> SharedModels:
        """The models that a :class:`SharedRound` names; :class:`StoreError` if their bytes are not those that it names."""
        data = _content(self._public, file.key, COORDINATOR)
        if digest_bytes(data) != file.sha256:
            raise StoreError(f"{file.key!r} of the public folder is not the file that was published; it is not used")
        return read_message(data, SharedModels, sender=COORDINATOR, largest=LARGEST_MODELS)

    def comparison(self, round_id: str) -> Comparison | None:
        """The quartiles published in the round; None where there are none."""
        return self._read(_comparison_key(round_id), Comparison)

    def closing(self, round_id: str) -> Closing | None:
        """How the round ended; None while it is open."""
        return _of_round(round_id, self._read(_closing_key(round_id), Closing))

    def closed(self, round_id: str) -> bool:
        """Whether nothing new may enter the round."""
        return self._public.exists(_closing_key(round_id))

    def progress(self, round_id: str) -> Progress | None:
        """How far the round's training is, or was when it ended; None before it begins."""
        return self._read(_progress_key(round_id), Progress)

    def _read(self, key: str, kind: type[M]) -> M | None:
        if not self._public.exists(key):
            return None
        return read_message(_content(self._public, key, COORDINATOR), kind, sender=COORDINATOR)


class CompanyFolder(PublicFolder):
    """A company's end of the link: writes into the coordinator's inbox under its own name, reads what is published."""

    def __init__(self, inbox: Store, public: Store, partner: str) -> None:
        super().__init__(public)
        self._inbox, self._partner = inbox, partner

    def submit(self, submission: Submission) -> None:
        """Tells the coordinator of the delivery; the last submission before the round closes counts."""
        self._inbox.write_bytes(_submission_key(submission.round, self._partner), encoded(submission))

    def give_figures(self, round_id: str, figures: Figures) -> None:
        """Gives two figures of the report for comparison; the last ones count."""
        self._inbox.write_bytes(f"{round_id}/compare/{self._partner}.json", encoded(figures))


class CoordinatorFolder(PublicFolder):
    """The coordinator's end of the link: reads its inbox, publishes."""

    def __init__(self, inbox: Store, public: Store, partners: tuple[str, ...]) -> None:
        super().__init__(public)
        self._inbox, self._partners = inbox, partners

    def rounds(self) -> list[str]:
        """Ids of the rounds for which anything came, oldest first; whatever else lies there is no round."""
        return in_time(filter(is_round, self._inbox.children()))

    def submissions(self, round_id: str) -> Inbox:
        """What the companies of the network told of their deliveries; whatever else lies there is set aside."""
        submissions, aside = dict[str, Submission](), dict[str, str]()
        for sender in self._senders(round_id):
            try:
                submissions[sender] = self._submission(round_id, sender)
            except DecaiError as error:
                aside[sender] = error.code
                self._set_aside(round_id, sender, error)
        return Inbox(submissions, aside)

    def figures(self, round_id: str) -> list[Figures]:
        """What companies of the network gave for comparison; whatever cannot be read is left out."""
        figures = []
        for sender in self._senders(f"{round_id}/compare"):
            try:
                figures.append(self._message(f"{round_id}/compare", Figures, sender))
            except DecaiError as error:
                log.warning("figures for round %s are left out: %s", round_id, error)
        return figures

    def publish_models(self, models: SharedModels) -> ModelFile:
        """Publishes the models of one cut-off under their digest; the same again changes nothing."""
        data = encoded(models)
        digest = digest_bytes(data)
        file = ModelFile(f"shared/{models.cutoff}/{digest[:16]}.json", digest)
        if not self._public.exists(file.key):
            self._public.write_bytes(file.key, data)
        return file

    def publish_shared(self, shared: SharedRound) -> bool:
        """Publishes the round's shared forecaster; False if it has one, which stays."""
        return self._public.create_bytes(_shared_key(shared.round), encoded(shared))

    def publish_comparison(self, round_id: str, comparison: Comparison) -> bool:
        """Publishes the round's quartiles; False if it has some, which stay."""
        return self._public.create_bytes(_comparison_key(round_id), encoded(comparison))

    def publish_closing(self, closing: Closing) -> bool:
        """Closes the round for everybody; False if it is closed."""
        return self._public.create_bytes(_closing_key(closing.round), encoded(closing))

    def publish_progress(self, round_id: str, progress: Progress) -> None:
        """Tells how far the training is, in place of what was told before."""
        self._public.write_bytes(_progress_key(round_id), encoded(progress))

    def _senders(self, folder: str) -> list[str]:
        """Under whose names messages lie in a folder of the inbox."""
        return [name.removesuffix(".json") for name in self._inbox.children(folder) if name.endswith(".json")]

    def _submission(self, round_id: str, sender: str) -> Submission:
        submission = self._message(round_id, Submission, sender)
        if (submission.partner, submission.round) != (sender, round_id):
            raise MalformedMessage(
                f"{sender}: its submission for round {round_id} is one of {submission.partner} for round {submission.round}"
            )
        return submission

    def _message(self, folder: str, kind: type[M], sender: str) -> M:
        if sender not in self._partners:
            raise MalformedMessage(f"{sender[:40]!r} is no partner of this network; there are {', '.join(self._partners)}")
        key = f"{folder}/{sender}.json"
        if (size := self._inbox.size(key)) > LARGEST:
            raise MalformedMessage(f"{sender} sent a message of {size:,} bytes; it may have {LARGEST:,}")
        return read_message(_content(self._inbox, key, sender), kind, sender=sender, largest=LARGEST)

    def _set_aside(self, round_id: str, sender: str, error: DecaiError) -> None:
        """Notes, once for each text, whose message was not taken and why; a correct one takes its place."""
        why, whose = f"{error}".encode(), sender if sender in self._partners else STRANGER
        if self._inbox.create_bytes(f"{round_id}/set_aside/{whose}-{digest_bytes(why)[:16]}.txt", why):
            log.warning("a submission for round %s is set aside: %s", round_id, error)


def _content(store: Store, key: str, sender: str) -> bytes:
    try:
        return store.read_bytes(key)
    except IsADirectoryError:  # on a disk; an object store has no folders
        raise MalformedMessage(f"{sender} sent a folder where a message belongs") from None


def _of_round(round_id: str, message: R | None) -> R | None:
    """A message that is of another round than the place it lies at is not what was published there."""
    if message is not None and message.round != round_id:
        raise MalformedMessage(
            f"{COORDINATOR} published a message of round {message.round} for round {round_id}; it is not used"
        )
    return message


def encoded(message: Any) -> bytes:
    """The message as JSON, the same bytes for the same message."""
    value = TypeAdapter(type(message)).dump_python(message, mode="json")
    return json.dumps(value, indent=1, sort_keys=True).encode()


def _submission_key(round_id: str, partner: str) -> str:
    return f"{round_id}/{partner}.json"


def _shared_key(round_id: str) -> str:
    return f"rounds/{round_id}/shared.json"


def _comparison_key(round_id: str) -> str:
    return f"rounds/{round_id}/comparison.json"


def _closing_key(round_id: str) -> str:
    return f"rounds/{round_id}/closed.json"


def _progress_key(round_id: str) -> str:
    return f"rounds/{round_id}/progress.json"
