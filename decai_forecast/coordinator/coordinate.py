"""The coordinator's whole round: wait for the companies, have them train together, close."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.federate import federate, published
from decai_forecast.coordinator.roster import TrainingRoster, settle
from decai_forecast.coordinator.round_status import RoundStatus, round_status
from decai_forecast.errors import BelowQuorum, FederationError
from decai_forecast.link import Closing
from decai_forecast.round import Round

__all__ = ["Pauses", "coordinate"]

Progress = Callable[[str], None]
Training = Callable[[CoordinatorContext, Round, Progress], object]


@dataclass(frozen=True)
class Pauses:
    """Seconds: between two looks into the inbox, between two tries of a training that failed, between two lines of progress."""

    look: float = 2.0
    again: float = 30.0
    tell: float = 60.0


def coordinate(
    coordinator: CoordinatorContext,
    round: Round,
    until: datetime,
    progress: Progress,
    pauses: Pauses = Pauses(),
    training: Training = federate,
) -> Closing:
    """How the round ended. It waits, until ``until`` at most, for the quorum, then for the rest as long as the grace lasts; a
    ``training`` that failed is tried again; at last whoever has not answered is named. Repeating a closed round changes
    nothing."""
    if (closing := coordinator.link.closing(round.id)) is not None:
        return closing
    waiting = _Waiting(coordinator, round, until, progress, pauses)
    if waiting.for_roster() is not None:
        _train(training, coordinator, round, until, progress, pauses)
        waiting.for_the_rest()
    closing = close(coordinator, round)
    progress(closing.note)
    return closing


def _train(
    training: Training, coordinator: CoordinatorContext, round: Round, until: datetime, progress: Progress, pauses: Pauses
) -> None:
    while not published(coordinator, round.id):
        try:
            training(coordinator, round, progress)
        except FederationError as error:
            progress(f"federate: {error.code}: {error}")
            if datetime.now(UTC) + timedelta(seconds=pauses.again) >= until:
                return
            time.sleep(pauses.again)


class _Waiting:
    """Waits for what companies send, and tells how the round stands."""

    def __init__(
        self, coordinator: CoordinatorContext, round: Round, until: datetime, progress: Progress, pauses: Pauses
    ) -> None:
        self._coordinator, self._round, self._until, self._pauses = coordinator, round, until, pauses
        self._progress, self._line, self._at = progress, "", float("-inf")

    def for_roster(self) -> TrainingRoster | None:
        """Who trains together; None below the quorum."""
        grace_ends: datetime | None = None
        while True:
            status, now = self._status(), datetime.now(UTC)
            if grace_ends is None and len(status.ready) >= self._coordinator.network.minimum:
                grace_ends = now + timedelta(minutes=self._coordinator.network.grace_minutes)
            late, graceless = now >= self._until, grace_ends is not None and now >= grace_ends
            try:
                roster = settle(self._coordinator, self._round, grace_over=late or graceless)
            except BelowQuorum:
                return None
            if roster is not None or late:
                return roster
            time.sleep(self._pauses.look)

    def for_the_rest(self) -> None:
        """Until everybody has answered."""
        while not self._status().settled and datetime.now(UTC) < self._until:
            time.sleep(self._pauses.look)

    def _status(self) -> RoundStatus:
        status = round_status(self._coordinator, self._round.id, self._round.as_of)
        line = f"round {self._round.id}: {_in_words(status)}"
        if line != self._line or time.monotonic() - self._at >= self._pauses.tell:
            self._line, self._at = line, time.monotonic()
            self._progress(line)
        return status


def _in_words(status: RoundStatus) -> str:
    """``3 of 4 partners answered, 3 of them ready; silent: dove``."""
    count = len(status.partners) - len(status.silent)
    answered = f"{count} of {len(status.partners)} partners answered, {len(status.ready)} of them ready"
    return answered + (f"; silent: {', '.join(status.silent)}" if status.silent else "")
