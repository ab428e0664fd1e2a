"""Closing a round: at its deadline what is there counts, and what is missing is named with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from decai_forecast.coordinator.federate import keep_last, published
from decai_forecast.coordinator.notify import notify
from decai_forecast.coordinator.roster import below_quorum, read_roster
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.submit import standing
from decai_forecast.round import Round

__all__ = ["Closing", "close", "read_closing"]


@dataclass(frozen=True)
class Closing:
    """``status``: ``closed`` (trained together) or ``below_quorum`` (the last shared forecaster stays in use)."""

    round: str
    as_of: str
    status: str
    members: tuple[str, ...]
    late: tuple[str, ...]  # delivered after the roster was written: not in training, but with a report
    missing: Mapping[str, str]
    note: str


def closing_key(round_id: str) -> str:
    return f"rounds/{round_id}/closed.json"


def read_closing(network: Network, round_id: str) -> Closing | None:
    public = network.public()
    if not public.exists(closing_key(round_id)):
        return None
    raw: dict[str, Any] = public.read_json(closing_key(round_id))
    return Closing(**raw | {"members": tuple(raw["members"]), "late": tuple(raw["late"])})


def close(network: Network, night: Round) -> Closing:
    """Closes the round once; a second call finds it closed and changes nothing. Below quorum the notifier is called."""
    if (there := read_closing(network, night.id)) is not None:
        return there
    roster, now = read_roster(network, night.id), standing(network, night.id)
    members = tuple(sorted(roster.members)) if roster else ()
    late = tuple(p for p in now.ready if p not in members) if roster else ()
    status = "closed" if roster else "below_quorum"
    if not published(network.public(), night.id):
        keep_last(network, night, status)
    note = _note(network, night, members, late, now.missing()) if roster else below_quorum(network, night.id)
    closing = Closing(night.id, night.as_of.isoformat(), status, members, late, now.missing(), note)
    data = json.dumps(asdict(closing), indent=1, sort_keys=True).encode()
    if network.public().create_bytes(closing_key(night.id), data) and status == "below_quorum":
        notify(network, f"round {night.id} of {network.name} is below quorum", note)
    network.store(COORDINATOR).write_bytes(closing_key(night.id), data)
    return closing


def _note(network: Network, night: Round, members: tuple[str, ...], late: tuple[str, ...], missing: Mapping[str, str]) -> str:
    how = _how(network.public().read_json(f"rounds/{night.id}/shared.json"))
    parts = [f"Round {night.id} of {network.name}: {len(members)} of {len(network.partners)} partners {how}"]
    if late:
        parts.append("late: " + ", ".join(late))
    if missing:
        parts.append("missing: " + ", ".join(f"{partner} ({why})" for partner, why in sorted(missing.items())))
    return "; ".join(parts) + "."


def _how(shared: Mapping[str, Any]) -> str:
    if shared["status"] == "trained":
        return "trained together"
    if shared["status"] == "reused":
        return f"did not train: {shared['reason']}"
    if shared["members"]:  # the new forecaster did not ship
        return f"trained together, but the last shared forecaster stays in use: {shared['reason']}"
    return "could not train together, the last shared forecaster stays in use"
