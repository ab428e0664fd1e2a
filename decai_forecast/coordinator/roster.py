"""The roster of a round: who trains together. Written once; every later start finds it and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from pydantic import TypeAdapter

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.round_status import RoundStatus, round_status
from decai_forecast.errors import BelowQuorum
from decai_forecast.round import Round

__all__ = ["TrainingRoster", "below_quorum", "read_roster", "round_of", "settle", "write_roster"]


@dataclass(frozen=True)
class TrainingRoster:
    """The companies of one shared training, the digests of what they train on, and why the others are not among them."""

    round: str
    as_of: date
    members: Mapping[str, str]  # company -> digest of what it trained on
    missing: Mapping[str, str]
    minimum: int

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"as_of": self.as_of.isoformat()}


ROSTER = TypeAdapter(TrainingRoster)


def read_roster(coordinator: CoordinatorContext, round_id: str) -> TrainingRoster | None:
    """The round's roster; None before its training began."""
    key = _key(round_id)
    return ROSTER.validate_python(coordinator.store.read_json(key)) if coordinator.store.exists(key) else None


def write_roster(coordinator: CoordinatorContext, round: Round) -> TrainingRoster:
    """Writes the roster from the inbox as it stands now, unless there is one; :class:`BelowQuorum` writes nothing."""
    if (roster := read_roster(coordinator, round.id)) is not None:
        return roster
    status, minimum = round_status(coordinator, round.id, round.as_of), coordinator.network.minimum
    if len(status.ready) < minimum:
        raise BelowQuorum(below_quorum(coordinator, round.id, status))
    members = {partner: status.submissions[partner].digest for partner in status.ready}
    roster = TrainingRoster(round.id, round.as_of, members, status.missing(), minimum)
    data = json.dumps(roster.to_json(), indent=1, sort_keys=True).encode()
    coordinator.store.create_bytes(_key(round.id), data)
    written = read_roster(coordinator, round.id)  # another start may have been first: its roster counts
    assert written is not None
    return written


def settle(coordinator: CoordinatorContext, round: Round, *, grace_over: bool) -> TrainingRoster | None:
    """The roster if the round can start now: all have answered, or the grace is over. None: wait.

    Raises :class:`BelowQuorum` only when waiting cannot help.
    """
    if (roster := read_roster(coordinator, round.id)) is not None:
        return roster
    settled = round_status(coordinator, round.id, round.as_of).settled
    if not (settled or grace_over):
        return None
    try:
        return write_roster(coordinator, round)
    except BelowQuorum:
        if settled:
            raise
        return None


def round_of(coordinator: CoordinatorContext, round_id: str) -> Round:
    """The round by its id; its ``as_of`` is that of the roster, or of what was delivered for it."""
    roster = read_roster(coordinator, round_id)
    return Round.of(round_id, roster.as_of if roster else round_status(coordinator, round_id).as_of)


def below_quorum(coordinator: CoordinatorContext, round_id: str, status: RoundStatus) -> str:
    """One sentence for people: how many are there, how many are needed, who is missing and why."""
    network = coordinator.network
    missing = ", ".join(f"{partner} ({why})" for partner, why in sorted(status.missing().items()))
    return (
        f"Round {round_id} of {network.name}: {len(status.ready)} of {len(network.partners)} partners delivered, "
        f"{network.minimum} are needed; missing: {missing or 'none'}. The last shared forecaster stays in use."
    )


def _key(round_id: str) -> str:
    return f"rounds/{round_id}/roster.json"
