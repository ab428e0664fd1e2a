"""Reading what the coordinator has published, whatever way its files come: envelopes with its signature, and models by their
digest.

The public part is plain files, so that any server of files can hold it::

    rounds/<round>/{shared,comparison,closed,progress}.json
    shared/<cut-off>/<first digits of the digest>.json
    members.json
    network.json
    log/...                                            tiles and checkpoints of the log of statements (ledger/)
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TypeVar

from decai_forecast.documents.message import LARGEST_MESSAGE, read_message
from decai_forecast.errors import MalformedMessage, StoreError
from decai_forecast.ledger.files import LOG
from decai_forecast.ledger.formats.tiles import is_log_file
from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, opened
from decai_forecast.link.messages import Closing, Comparison, Members, ModelFile, Progress, SharedModels, SharedRound
from decai_forecast.link.protocol import PublicLink
from decai_forecast.network import COORDINATOR
from decai_forecast.network.proposal import Proposal
from decai_forecast.round import is_round
from decai_forecast.store import digest_bytes

__all__ = [
    "LARGEST_MODELS",
    "MEMBERS_FILE",
    "PROPOSAL_FILE",
    "PublicReader",
    "content_type",
    "is_public",
    "largest_public",
    "public_key",
]

LARGEST_MODELS = 200_000_000  # bytes of the models of a cut-off: three models of 100 trees have a million
LARGEST_BUNDLE = 256 * 65_537  # bytes of as many entries of the log as lie in one file
MEMBERS_FILE, PROPOSAL_FILE = "members.json", "network.json"
FILES = {Kind.SHARED: "shared", Kind.COMPARISON: "comparison", Kind.CLOSING: "closed", Kind.PROGRESS: "progress"}
OF_ROUND = re.compile(rf"rounds/([^/]+)/({'|'.join(FILES.values())})\.json")
OF_MODELS = re.compile(r"shared/[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9a-f]{16}\.json")
M = TypeVar("M")
R = TypeVar("R", SharedRound, Closing)


def public_key(kind: Kind, round_id: str) -> str:
    """Where a round's message of this kind lies in the public part."""
    return f"rounds/{round_id}/{FILES[kind]}.json"


def is_public(key: str) -> bool:
    """Whether ``key`` is one that the public part can have: all else leads somewhere else."""
    of_round = OF_ROUND.fullmatch(key)
    if key.startswith(f"{LOG}/"):
        return is_log_file(key.removeprefix(f"{LOG}/"))
    return bool(key in (MEMBERS_FILE, PROPOSAL_FILE) or OF_MODELS.fullmatch(key) or (of_round and is_round(of_round[1])))


def largest_public(key: str) -> int:
    """Bytes that a public file may have."""
    if key.startswith("shared/"):
        return LARGEST_MODELS
    return LARGEST_BUNDLE if key.startswith(f"{LOG}/") else LARGEST_MESSAGE


def content_type(key: str) -> str:
    """What a web server says of a public file (of the log: C2SP tlog-tiles)."""
    if not key.startswith(f"{LOG}/"):
        return "application/json"
    return "application/octet-stream" if "/tile/" in key else "text/plain; charset=utf-8"


class PublicReader(PublicLink, ABC):
    """The reading half of both ends; a way of carrying files adds :meth:`_read` and :meth:`_coordinator_key`."""

    @abstractmethod
    def _read(self, key: str) -> bytes | None:
        """The bytes of a public file; None if it is not there."""

    @abstractmethod
    def _exists(self, key: str) -> bool:
        """Whether a public file is there."""

    @abstractmethod
    def _coordinator_key(self) -> bytes | None:
        """The public key of the coordinator's identity; None if it is not known."""

    @abstractmethod
    def _vouched_keys(self, key: str, data: bytes) -> tuple[bytes, ...]:
        """Keys of coordinators before, where the reader's own copy of the log has these very bytes (``vouched.py``)."""

    def shared(self, round_id: str) -> SharedRound | None:
        return _of_round(round_id, self._message(round_id, Kind.SHARED, SharedRound))

    def models(self, file: ModelFile) -> SharedModels:
        data = self._read(file.key)
        if data is None:
            raise StoreError(f"public: {file.key!r} is not in the store")
        if digest_bytes(data) != file.sha256:
            raise StoreError(f"{file.key!r} of the public folder is not the file that was published; it is not used")
        return read_message(data, SharedModels, sender=f"the {COORDINATOR}", largest=LARGEST_MODELS)

    def comparison(self, round_id: str) -> Comparison | None:
        return self._message(round_id, Kind.COMPARISON, Comparison)

    def closing(self, round_id: str) -> Closing | None:
        return _of_round(round_id, self._message(round_id, Kind.CLOSING, Closing))

    def closed(self, round_id: str) -> bool:
        return self._exists(public_key(Kind.CLOSING, round_id))

    def progress(self, round_id: str) -> Progress | None:
        return self._message(round_id, Kind.PROGRESS, Progress)

    def public_file(self, key: str) -> bytes | None:
        return self._read(key) if is_public(key) else None

    def log_file(self, name: str) -> bytes | None:
        return self._read(f"{LOG}/{name}")

    def members(self) -> Members | None:
        data, heading = self._read(MEMBERS_FILE), Heading(Kind.MEMBERS, COORDINATOR, NO_ROUND)
        return None if data is None else opened(data, Members, heading, self._coordinator_key())

    def proposal(self) -> Proposal | None:
        data, heading = self._read(PROPOSAL_FILE), Heading(Kind.PROPOSAL, COORDINATOR, NO_ROUND)
        return None if data is None else opened(data, Proposal, heading, self._coordinator_key())

    def _message(self, round_id: str, kind: Kind, form: type[M]) -> M | None:
        data = self._read(key := public_key(kind, round_id))
        if data is None:
            return None
        newest = self._coordinator_key()
        former = self._vouched_keys(key, data)
        return opened(data, form, Heading(kind, COORDINATOR, round_id), (newest, *former) if newest and former else newest)


def _of_round(round_id: str, message: R | None) -> R | None:
    """A message that is of another round than its envelope is not what was published there."""
    if message is not None and message.round != round_id:
        raise MalformedMessage(
            f"the {COORDINATOR} published a message of round {message.round} for round {round_id}; it is not used"
        )
    return message
