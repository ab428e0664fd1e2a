"""The coordinator's reception: what a company sends over HTTPS is checked before it is laid into the inbox.

So nothing half, foreign or malformed is written, and the sender hears at once why. Whoever reads the inbox checks again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from decai_forecast.errors import LinkError
from decai_forecast.identity import Keyring
from decai_forecast.link.envelope import Heading, Kind, opened
from decai_forecast.link.folder import inbox_key, largest_of, submission_in
from decai_forecast.link.keys import keys_of
from decai_forecast.link.messages import Cosignature, Figures, Statements
from decai_forecast.link.published import is_public
from decai_forecast.round import is_round
from decai_forecast.store import Store

__all__ = ["MOST_ROUNDS", "Reception"]

FORMS: Mapping[Kind, type[object]] = {
    Kind.FIGURES: Figures, Kind.STATEMENTS: Statements, Kind.COSIGNATURE: Cosignature,
}  # fmt: skip
MOST_ROUNDS = 5_000  # of a company in the inbox: a night each for thirteen years, and at most 3.5 GB


@dataclass(frozen=True)
class Reception:
    """``inbox`` and ``public``: the coordinator's folders; ``keyring``: its own, with the companies' keys; ``partners``: who
    belongs to the network now, for a company that joins while the service runs."""

    inbox: Store
    public: Store
    keyring: Keyring
    partners: Callable[[], tuple[str, ...]]

    def take(self, kind: Kind, round_id: str, company: str, data: bytes) -> None:
        """Lays the envelope that ``company`` sent into its place; the same once more changes nothing.
        :class:`~decai_forecast.errors.LinkError` or :class:`~decai_forecast.errors.MalformedMessage` for what is not taken."""
        self._check(kind, round_id, company, data)
        key = inbox_key(kind, round_id, company)
        if not (self.inbox.exists(key) and self.inbox.read_bytes(key) == data):
            self._check_room(company, round_id)
            self.inbox.write_bytes(key, data)

    def published(self, key: str) -> bytes | None:
        """The bytes of a public file; None if there is none of this name."""
        if not is_public(key) or not self.public.exists(key):
            return None
        with contextlib.suppress(IsADirectoryError):
            return self.public.read_bytes(key)
        return None

    def _check_room(self, company: str, round_id: str) -> None:
        """No company fills the coordinator's disk with rounds that never were."""
        rounds = self.inbox.children(company)
        if round_id not in rounds and len(rounds) >= MOST_ROUNDS:
            raise LinkError("too_many", f"{company} has sent messages for {len(rounds):,} rounds; it may for {MOST_ROUNDS:,}")

    def _check(self, kind: Kind, round_id: str, company: str, data: bytes) -> None:
        if company not in self.partners():
            raise LinkError("unknown_sender", f"{company[:40]!r} is no partner of this network")
        if not is_round(round_id):
            raise LinkError("other_round", f"{company} sent a message for {round_id[:40]!r}, which is no round")
        key = keys_of(self.keyring, company)
        if kind is Kind.SUBMISSION:
            submission_in(data, round_id, company, key)
        else:
            opened(data, FORMS[kind], Heading(kind, company, round_id), key, largest=largest_of(kind))
