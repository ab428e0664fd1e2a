"""The roster of a round: who trains together. Written once; every later start finds it and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from decai_forecast.errors import BelowQuorum, DecaiError
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.submit import standing
from decai_forecast.round import Round

__all__ = ["Roster", "read_roster", "write_roster"]


@dataclass(frozen=True)
class Roster:
    """The partners of one shared training, their delivery digests, and why the others are not among them."""

    round: str
    as_of: str
    members: Mapping[str, str]  # partner -> digest of what it trained on
    missing: Mapping[str, str]
    minimum: int


def roster_key(round_id: str) -> str:
    return f"rounds/{round_id}/roster.json"


def read_roster(network: Network, round_id: str) -> Roster | None:
    store = network.store(COORDINATOR)
    return Roster(**store.read_json(roster_key(round_id))) if store.exists(roster_key(round_id)) else None


def write_roster(network: Network, night: Round) -> Roster:
    """Writes the roster from the inbox as it stands now, unless there is one; :class:`BelowQuorum` writes nothing."""
    if (there := read_roster(network, night.id)) is not None:
        return there
    now = standing(network, night.id)
    _same_night(night, now.submissions)
    if len(now.ready) < network.minimum:
        raise BelowQuorum(below_quorum(network, night.id))
    members = {partner: now.submissions[partner]["digest"] for partner in now.ready}
    roster = Roster(night.id, night.as_of.isoformat(), members, now.missing(), network.minimum)
    data = json.dumps(asdict(roster), indent=1, sort_keys=True).encode()
    network.store(COORDINATOR).create_bytes(roster_key(night.id), data)
    written = read_roster(network, night.id)  # another start may have been first: its roster counts
    assert written is not None
    return written


def _same_night(night: Round, submissions: Mapping[str, Mapping[str, Any]]) -> None:
    others = {p: s["as_of"] for p, s in submissions.items() if s["as_of"] != night.as_of.isoformat()}
    if others:
        said = ", ".join(f"{p}: {day}" for p, day in sorted(others.items()))
        raise DecaiError(
            f"round {night.id} is as of {night.as_of}, but there are deliveries as of another day ({said}); repeat those"
        )


def below_quorum(network: Network, round_id: str) -> str:
    """One sentence for people: how many are there, how many are needed, who is missing and why."""
    now = standing(network, round_id)
    missing = ", ".join(f"{partner} ({why})" for partner, why in sorted(now.missing().items()))
    return (
        f"Round {round_id} of {network.name}: {len(now.ready)} of {len(network.partners)} partners delivered, "
        f"{network.minimum} are needed; missing: {missing or 'none'}. The last shared forecaster stays in use."
    )
