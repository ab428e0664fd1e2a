"""Whether a round's shared training is at work: while it is, it says so every few seconds in the coordinator's store.

Who was killed says nothing any more. So others (the page, `close_round`) know within :data:`SILENT` seconds that they wait for
nobody, and on the same host at once.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import psutil
from pydantic import TypeAdapter

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.errors import FederationError

__all__ = ["BEAT", "SILENT", "Pulse", "TrainingElsewhere", "beating", "pulse"]

BEAT, SILENT = 10.0, 45.0  # seconds between two signs of life; after so many without one nobody is at work


class Pulse(StrEnum):
    """What is known of a round's training."""

    NONE = "none"  # none has begun, or the last one has ended in order
    WORKING = "working"
    LOST = "lost"  # it was killed, or its host was


class TrainingElsewhere(FederationError):
    """Another process trains this round just now; it is looked again later."""

    code = "training_elsewhere"
    passes = True


@dataclass(frozen=True)
class Sign:
    """A sign of life: who, and when (UTC)."""

    host: str
    pid: int
    at: datetime

    @classmethod
    def now(cls) -> Sign:
        return cls(socket.gethostname(), os.getpid(), datetime.now(UTC))

    @property
    def is_of_here(self) -> bool:
        return (self.host, self.pid) == (socket.gethostname(), os.getpid())

    def is_alive(self) -> bool:
        """A sign from the far future is none: the clock was set back, and whoever lives gives another one soon."""
        if self.host == socket.gethostname() and not psutil.pid_exists(self.pid):
            return False
        return abs((datetime.now(UTC) - self.at).total_seconds()) < SILENT


SIGN = TypeAdapter(Sign)


def pulse(coordinator: CoordinatorContext, round_id: str) -> Pulse:
    """Of the training of a round, from its last sign of life."""
    if (sign := _last(coordinator, round_id)) is None:
        return Pulse.NONE
    return Pulse.WORKING if sign.is_alive() else Pulse.LOST


@contextmanager
def beating(coordinator: CoordinatorContext, round_id: str) -> Iterator[None]:
    """Gives signs of life during the block; :class:`TrainingElsewhere` if another process does."""
    sign = _last(coordinator, round_id)
    if sign is not None and sign.is_alive() and not sign.is_of_here:
        raise TrainingElsewhere(f"round {round_id} is trained by process {sign.pid} on {sign.host} just now")
    ended = threading.Event()
    _give(coordinator, round_id)
    thread = threading.Thread(target=_beat, args=(coordinator, round_id, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(FileNotFoundError):  # another thread of this process may have ended at the same instant
            coordinator.store.remove(_key(round_id))


def _beat(coordinator: CoordinatorContext, round_id: str, ended: threading.Event) -> None:
    while not ended.wait(BEAT):
        _give(coordinator, round_id)


def _give(coordinator: CoordinatorContext, round_id: str) -> None:
    coordinator.store.write_json(_key(round_id), SIGN.dump_python(Sign.now(), mode="json"))


def _last(coordinator: CoordinatorContext, round_id: str) -> Sign | None:
    store, key = coordinator.store, _key(round_id)
    return SIGN.validate_python(store.read_json(key)) if store.exists(key) else None


def _key(round_id: str) -> str:
    return f"rounds/{round_id}/training.json"
