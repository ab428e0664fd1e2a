"""What each house may do over the link, whatever carries the messages: a folder (``folder.py``) or HTTPS (``client.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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
)

if TYPE_CHECKING:
    from decai_forecast.network.proposal import Proposal

__all__ = ["CompanyLink", "CoordinatorLink", "Inbox", "PublicLink"]


@dataclass(frozen=True)
class Inbox:
    """The submissions of a round by company, and of whom something came that was set aside, with the reason's code."""

    submissions: Mapping[str, Submission]
    set_aside: Mapping[str, str]


class PublicLink(Protocol):
    """What the coordinator has published, for everybody to read.

    Every message is checked before it is returned: :class:`~decai_forecast.errors.MalformedMessage`, or
    :class:`~decai_forecast.errors.LinkError` with the code of what does not hold.
    """

    def shared(self, round_id: str) -> SharedRound | None:
        """The round's shared forecaster; None before it is published."""

    def models(self, file: ModelFile) -> SharedModels:
        """The models that a :class:`SharedRound` names; :class:`~decai_forecast.errors.StoreError` if their bytes are not those
        that it names."""

    def comparison(self, round_id: str) -> Comparison | None:
        """The quartiles published in the round; None where there are none."""

    def closing(self, round_id: str) -> Closing | None:
        """How the round ended; None while it is open."""

    def closed(self, round_id: str) -> bool:
        """Whether nothing new may enter the round."""

    def progress(self, round_id: str) -> Progress | None:
        """How far the round's training is, or was when it ended; None before it begins."""

    def public_file(self, key: str) -> bytes | None:
        """The bytes of a public file, unchecked; None if there is none."""

    def log_file(self, name: str) -> bytes | None:
        """A file of the log of statements (``ledger/``), unchecked; None if it is not there."""

    def members(self) -> Members | None:
        """Who belongs to the federation; None where nobody was admitted, as on one host."""

    def proposal(self) -> Proposal | None:
        """Another network.yaml that the coordinator offers; nothing is done by it until it is accepted. None without one."""


class CompanyLink(PublicLink, Protocol):
    """A company's end: it sends under its own name, and reads what is published."""

    def submit(self, submission: Submission) -> None:
        """Tells the coordinator of the delivery; the last submission before the round closes counts."""

    def give_figures(self, round_id: str, figures: Figures) -> None:
        """Gives two figures of the report for comparison; the last ones count."""

    def give_statements(self, round_id: str, statements: Statements) -> None:
        """Gives what the company states of a round, for the log; the last ones count, and hold all before them."""

    def give_cosignature(self, round_id: str, cosignature: Cosignature) -> None:
        """Gives the company's signature of the log's newest checkpoint."""


class CoordinatorLink(PublicLink, Protocol):
    """The coordinator's end: it reads what companies sent, and publishes."""

    def rounds(self) -> list[str]:
        """Ids of the rounds for which anything came, oldest first; whatever else lies there is no round."""

    def submissions(self, round_id: str) -> Inbox:
        """What the companies of the network told of their deliveries; whatever else lies there is set aside."""

    def figures(self, round_id: str) -> list[Figures]:
        """What companies of the network gave for comparison; whatever cannot be read is left out."""

    def statements(self, round_id: str) -> Mapping[str, Statements]:
        """What companies state of the round; whatever cannot be read is left out."""

    def cosignatures(self, round_id: str) -> Mapping[str, Cosignature]:
        """What companies signed of the log in the round; whatever cannot be read is left out."""

    def publish_log_file(self, name: str, data: bytes) -> None:
        """Publishes a file of the log, in place of the one of this name."""

    def publish_models(self, models: SharedModels) -> ModelFile:
        """Publishes the models of one cut-off under their digest; the same again changes nothing."""

    def publish_shared(self, shared: SharedRound) -> bool:
        """Publishes the round's shared forecaster; False if it has one, which stays."""

    def publish_comparison(self, round_id: str, comparison: Comparison) -> bool:
        """Publishes the round's quartiles; False if it has some, which stay."""

    def publish_closing(self, closing: Closing) -> bool:
        """Closes the round for everybody; False if it is closed."""

    def publish_progress(self, round_id: str, progress: Progress) -> None:
        """Tells how far the training is, in place of what was told before."""

    def publish_members(self, members: Members) -> None:
        """Tells who belongs to the federation, in place of what was told before."""

    def publish_proposal(self, proposal: Proposal) -> None:
        """Offers another network.yaml, in place of what was offered before."""
