"""A participant's own statements, in its own store: each is signed once, and is the same ever after.

::

    <own store>/ledger/statements/<round>/<kind>-<first digits of the digest of its subjects>.json   the entry of the log
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from decai_forecast.identity import Identity
from decai_forecast.ledger.admission import written
from decai_forecast.ledger.statements import Head, Salts, Statement, StepDone, sealed_statement
from decai_forecast.ledger.statements.statement import Subject
from decai_forecast.steps import done_records
from decai_forecast.store import Store, digest_json

__all__ = ["Notebook", "entries_of_round"]

FOLDER = "ledger/statements"


def _now() -> datetime:
    return datetime.now(UTC)


def entries_of_round(store: Store, round_id: str) -> list[bytes]:
    """All that the owner of ``store`` has stated in a round; no key is needed."""
    folder = f"{FOLDER}/{round_id}"
    return [store.read_bytes(f"{folder}/{name}") for name in store.children(folder)]


@dataclass(frozen=True)
class Notebook:
    """Of ``identity`` in one round of ``network``; ``store``: its own."""

    store: Store
    identity: Identity
    network: str
    round: str
    clock: Callable[[], datetime] = _now

    def entries(self) -> list[bytes]:
        """All that it has stated in the round."""
        return entries_of_round(self.store, self.round)

    def state(self, kind: type[Head], subjects: tuple[Subject, ...], **more: Any) -> None:
        """States it, unless it has: a statement is known by its kind and its subjects."""
        if not self.has(kind, subjects):
            said = kind(self.network, self.round, self.identity.name, written(self.clock()), **more)
            self.store.create_bytes(self._key(kind, subjects), sealed_statement(Statement(said, subjects), self.identity))

    def state_step(self, step: str) -> None:
        """States all that the step's records in its own store say."""
        for done in done_records(self.store, self.round, step):
            self.state(
                StepDone, (self.hide(f"step/{step}", done.outputs),), step=step, versions=done.versions,
                inputs=self.hidden(f"inputs/{step}", done.inputs), facts=self.hidden(f"facts/{step}", done.facts),
            )  # fmt: skip

    def has(self, kind: type[Head], subjects: tuple[Subject, ...]) -> bool:
        """Whether it is stated already."""
        return self.store.exists(self._key(kind, subjects))

    def hide(self, name: str, value: Any) -> Subject:
        """A subject that shows nothing of ``value`` (any JSON value) to whoever has not its salt."""
        return Subject(name, self.hidden(name, digest_json(value)), salted=True)

    def hidden(self, name: str, digest: str) -> str:
        """A digest, hidden by the salt of this name in this round."""
        return self._salts.hide(digest, self.round, name)

    def _key(self, kind: type[Head], subjects: tuple[Subject, ...]) -> str:
        digest = digest_json([kind.__name__, [subject.to_json() for subject in subjects]])
        return f"{FOLDER}/{self.round}/{kind.__name__.lower()}-{digest[:16]}.json"

    @property
    def _salts(self) -> Salts:
        return Salts.of(self.identity)
