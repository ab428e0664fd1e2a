"""A network whose rounds are told and not run: what companies send and the coordinator publishes, without a night before it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from support import inbox, public

from decai_forecast.coordinator.context import CoordinatorContext, coordinator_context
from decai_forecast.identity import Keyring
from decai_forecast.link import State, Submission
from decai_forecast.link.envelope import Heading, Kind, enveloped
from decai_forecast.link.folder import inbox_key
from decai_forecast.link.published import public_key
from decai_forecast.network import COORDINATOR, Network, Participant
from decai_forecast.one_machine.introduce import introduce
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.round import Round

T = TypeVar("T")
ROUND = Round.of("2026-06-29")
DIGEST = "ab" * 32


class Parties:
    """The coordinator and its companies ``a``, ``b``, ..., and the folders between them."""

    def __init__(self, home: Path, partners: Iterable[str] = "abcd", **settings: Any) -> None:
        participants = tuple(Participant(partner) for partner in partners)
        self.network = Network(home, "n", "W", 13, participants, **settings)
        introduce(self.network)
        self.inbox, self.public = inbox(self.network), public(self.network)

    @property
    def coordinator(self) -> CoordinatorContext:
        return coordinator_context(self.network)

    def company(self, partner: str) -> PartnerContext:
        return partner_context(self.network, partner)

    def submit(self, partners: Iterable[str], **changes: Any) -> None:
        """The companies submit, each under its name."""
        for partner in partners:
            self.company(partner).link.submit(submission(partner, **changes))

    def send(self, partner: str, body: bytes, kind: Kind = Kind.SUBMISSION, round_id: str = ROUND.id, **changes: Any) -> None:
        """``body``, whatever it is, in an envelope that the company signs; bytes that are no text lie there as they are.
        ``changes`` by field of the envelope, after it was signed."""
        heading = Heading(kind, partner, round_id)
        try:
            data = enveloped(body.decode(), heading, Keyring(self.company(partner).store).identity())
        except UnicodeDecodeError:
            data = body
        if changes:
            data = json.dumps(json.loads(data) | changes).encode()
        self.inbox.write_bytes(inbox_key(kind, round_id, partner), data)

    def publish(self, body: bytes, kind: Kind) -> None:
        """``body``, whatever it is, in an envelope that the coordinator signs."""
        heading = Heading(kind, COORDINATOR, ROUND.id)
        identity = Keyring(self.coordinator.store).identity()
        self.public.write_bytes(public_key(kind, ROUND.id), enveloped(body.decode(), heading, identity))


def submission(partner: str, **changes: Any) -> Submission:
    """Of a company that is ready; ``changes`` by field."""
    given = Submission(partner, ROUND.id, ROUND.as_of, State.READY, digest=DIGEST, rows=10)
    return replace(given, **changes)


def at_once(number: int, work: Callable[[], T]) -> list[T]:
    """What ``number`` threads that begin together return."""
    results, ready = list[T](), threading.Barrier(number)

    def one() -> None:
        ready.wait()
        results.append(work())

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == number  # none raised
    return results
