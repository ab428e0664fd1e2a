"""A log with its participants, made without a night: keys, statements of rounds, a published file, witnesses, and a policy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from decai_forecast.identity import Identity
from decai_forecast.ledger.admission import written
from decai_forecast.ledger.audit import Auditing, Colour, Line, audit
from decai_forecast.ledger.files import PublicFiles, StoreFiles, public_files
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.policy import Policy
from decai_forecast.ledger.keeper import Keeper
from decai_forecast.ledger.log import Log
from decai_forecast.ledger.names import fingerprint, key_of_log, origin_of, policy_of, witness_name
from decai_forecast.ledger.statements import (
    Closed,
    Event,
    Head,
    Membership,
    Published,
    Statement,
    StepDone,
    Submitted,
    public_subject,
    sealed_statement,
)
from decai_forecast.ledger.statements.statement import Subject
from decai_forecast.ledger.watching import watch_log
from decai_forecast.ledger.witness import Witness
from decai_forecast.pins import Pin
from decai_forecast.store import Store, digest_bytes

NETWORK, ROUND = "n", "2026-06-29"
ORIGIN = origin_of(NETWORK)
NAMES = ("acme", "bolt", "cargo")
EMPTY_ROOT = digest_bytes(b"")


@dataclass
class Made:
    """``folder``: with ``own`` (of who keeps the log), ``public``, and a store for each participant."""

    folder: Path
    identities: dict[str, Identity] = field(
        default_factory=lambda: {name: Identity.create(name) for name in (*NAMES, "coordinator")}
    )
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def files(self) -> StoreFiles:
        return StoreFiles(self.store("public"))

    @property
    def log(self) -> Log:
        return Log(ORIGIN, self.identities["coordinator"].key, self.store("own"), self.files)

    @property
    def policy(self) -> Policy:
        return policy_of(NETWORK, {name: Pin(one.public) for name, one in self.identities.items()}, NAMES)

    @property
    def keeper(self) -> Keeper:
        return Keeper(self.log, self.files, self.policy)

    @property
    def public(self) -> PublicFiles:
        return public_files(self.folder / "public")

    def store(self, name: str) -> Store:
        return Store(self.folder / name, name)

    def witness(self, name: str) -> Witness:
        key = key_of_log(ORIGIN, self.identities["coordinator"].public)
        clock = (self.now + timedelta(minutes=1)).timestamp
        return Witness(witness_name(ORIGIN, name), self.identities[name].key, {ORIGIN: (key,)}, self.store(name), clock)

    def entry(self, said: Head, *subjects: Subject, signer: str = "") -> bytes:
        return sealed_statement(Statement(said, subjects), self.identities[signer or said.participant])

    def head(self, name: str, round_id: str = ROUND, minutes: int = 0) -> tuple[str, str, str, str]:
        return NETWORK, round_id, name, written(self.now + timedelta(minutes=minutes))

    def step(self, name: str, step: str = "check", outputs: str = "a", inputs: str = "b", **head: Any) -> bytes:
        said = StepDone(*self.head(name, **head), step, inputs * 64, "c" * 64, {"decai-forecast": "0.1.0"})
        return self.entry(said, Subject(f"step/{step}", outputs * 64, salted=True))

    def submitted(self, name: str, round_id: str = ROUND, size: int = 0, root: str = EMPTY_ROOT) -> bytes:
        return self.entry(Submitted(*self.head(name, round_id), size, root), Subject("submission", "d" * 64, salted=True))

    def publish(self, key: str, data: bytes, kind: str = "publication", round_id: str = ROUND) -> bytes:
        """Writes a public file and states it."""
        self.store("public").write_bytes(key, data)
        head = self.head("coordinator", round_id)
        said = Closed(*head, NAMES) if kind == "closing" else Published(*head)
        return self.entry(said, public_subject(key, digest_bytes(data)))

    def membership(self, name: str, event: Event) -> bytes:
        key = fingerprint(self.identities[name].public)
        return self.entry(Membership(*self.head("coordinator"), name, key, event), public_subject(f"{event}/{name}", key))

    def round(self, round_id: str = ROUND) -> list[bytes]:
        """All entries of a small round."""
        shared = json.dumps({"body": json.dumps({"strategy": "bagging", "minimum": 3, "models": {}})}).encode()
        entries = [self.membership(name, Event.JOINED) for name in NAMES] if round_id == ROUND else []
        for name in NAMES:
            entries += [
                self.step(name, "pull", round_id=round_id),
                self.step(name, round_id=round_id),
                self.submitted(name, round_id),
            ]
        entries.append(self.publish(f"rounds/{round_id}/shared.json", shared, round_id=round_id))
        return [*entries, self.publish(f"rounds/{round_id}/closed.json", b"{}", "closing", round_id)]

    def keep(self, entries: Sequence[bytes], witnesses: Iterable[str] = NAMES) -> Note:
        """Appends, publishes, and has it witnessed."""
        keeper = self.keeper
        keeper.log.append(entries)
        note = keeper.log.publish()
        for name in witnesses:
            if (cosigned := watch_log(self.witness(name), ORIGIN, self.files)) is not None:
                note = keeper.cosigned(cosigned.checkpoint.size, [str(cosigned.line)])
        return note

    def lines(self, **asked: Any) -> dict[str, Line]:
        """The audit, by check."""
        return {line.check: line for line in audit(Auditing(self.public, self.policy, **asked))}

    def red(self, **asked: object) -> dict[str, list[tuple[str, str]]]:
        """Red checks with places and codes of their faults."""
        lines = self.lines(**asked)
        return {
            name: [(fault.place, fault.code) for fault in line.faults]
            for name, line in lines.items()
            if line.colour is Colour.RED
        }


def made(folder: Path) -> Made:
    """After one round, witnessed by all."""
    log = Made(folder)
    log.keep(log.round())
    return log
