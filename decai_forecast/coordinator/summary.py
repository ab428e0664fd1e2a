"""A round at a glance, from what the coordinator has: submissions, roster, training, closing. No figure of a company."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from decai_forecast.coordinator.close import note_of_round
from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.federate import read_failure, read_training
from decai_forecast.coordinator.roster import read_roster
from decai_forecast.coordinator.round_status import ABSENT, RoundStatus, round_status
from decai_forecast.network import COORDINATOR
from decai_forecast.round import Round

__all__ = ["coordinator_summary"]


def coordinator_summary(coordinator: CoordinatorContext, round: Round) -> dict[str, Any]:
    """Status, note and one row per company of the network (JSON)."""
    network, link = coordinator.network, coordinator.link
    closing, shared = link.closing(round.id), link.shared(round.id)
    status, roster = round_status(coordinator, round.id), read_roster(coordinator, round.id)
    members = set(roster.members) if roster else set()
    return {
        "network": network.name,
        "simulated": network.simulated,
        "round": round.id,
        "as_of": round.as_of.isoformat(),
        "status": closing.status if closing else "open",
        "note": note_of_round(coordinator, round.id),
        "training": _training(coordinator, round.id, finished=shared is not None and bool(shared.members)),
        "failure": read_failure(coordinator, round.id),
        "evaluation": _evaluation(coordinator, round.id),
        "verdict": shared.verdict() if shared else "",
        "expires": _expires(coordinator),
        "partners": [_row(name, status, name in members) for name in network.partners],
    }


def _expires(coordinator: CoordinatorContext) -> list[str]:
    """Certificates that end within thirty days, of companies that are apart."""
    from decai_forecast.federation.superlink.link import Link

    link, now = Link(coordinator.network.home / "federation" / COORDINATOR), datetime.now(UTC)
    if coordinator.network.link.way != "https" or not link.is_founded:
        return []
    return [one.line(now) for one in link.expiries() if one.is_near(now)]


def _training(coordinator: CoordinatorContext, round_id: str, *, finished: bool) -> dict[str, Any] | None:
    """How far the shared training is; None before it begins, and where the strategy does not tell."""
    progress = coordinator.link.progress(round_id)
    return asdict(progress) | {"cutoff": progress.cutoff.isoformat(), "finished": finished} if progress else None


def _evaluation(coordinator: CoordinatorContext, round_id: str) -> dict[str, Any] | None:
    """Whether the new shared forecaster shipped, why, and each company's scores; None where there was none to compare with."""
    done = read_training(coordinator, round_id)
    return asdict(done.facts.evaluation) if done and done.facts.evaluation else None


def _row(partner: str, status: RoundStatus, member: bool) -> dict[str, Any]:
    submission, why = status.submissions.get(partner), status.missing().get(partner, "")
    return {
        "partner": partner,
        "verdict": (submission.verdicts.get("demand") or submission.state) if submission else ABSENT,
        "why": why if why != ABSENT else "",
        "late": submission.late if submission else False,
        "rows": submission.rows if submission else 0,
        "member": member,
    }
