"""A round at a glance where one host holds all stores: for the command line, the pages and the run's note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from decai_forecast.coordinator.close import note_of_round
from decai_forecast.coordinator.context import CoordinatorContext, coordinator_context
from decai_forecast.coordinator.federate import read_failure, read_training
from decai_forecast.coordinator.roster import read_roster
from decai_forecast.coordinator.round_status import ABSENT, RoundStatus, round_status
from decai_forecast.network import Network
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.spending import Cost
from decai_forecast.partner.summary import PartnerSummary, partner_summary
from decai_forecast.round import Round

__all__ = ["gains_in_words", "privacy_in_words", "summarise"]


def summarise(network: Network, round: Round, *, scores: bool = True) -> dict[str, Any]:
    """Status, note and one row per company (JSON); ``scores`` reads each company's last 30 rounds for its quality."""
    coordinator = coordinator_context(network)
    closing, shared = coordinator.link.closing(round.id), coordinator.link.shared(round.id)
    status, roster = round_status(coordinator, round.id), read_roster(coordinator, round.id)
    members = set(roster.members) if roster else set()
    companies = {name: partner_summary(partner_context(network, name), round.id, scores=scores) for name in network.partners}
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
        "partners": [_row(name, status, name in members, summary) for name, summary in companies.items()],
    }


def _training(coordinator: CoordinatorContext, round_id: str, *, finished: bool) -> dict[str, Any] | None:
    """How far the shared training is; None before it begins, and where the strategy does not tell."""
    progress = coordinator.link.progress(round_id)
    return asdict(progress) | {"cutoff": progress.cutoff.isoformat(), "finished": finished} if progress else None


def _evaluation(coordinator: CoordinatorContext, round_id: str) -> dict[str, Any] | None:
    """Whether the new shared forecaster shipped, why, and each company's scores; None where there was none to compare with."""
    done = read_training(coordinator, round_id)
    return asdict(done.facts.evaluation) if done and done.facts.evaluation else None


def _row(partner: str, status: RoundStatus, member: bool, summary: PartnerSummary) -> dict[str, Any]:
    submission, why = status.submissions.get(partner), status.missing().get(partner, "")
    return {
        "partner": partner,
        "verdict": (submission.verdicts.get("demand") or submission.state) if submission else ABSENT,
        "why": why if why != ABSENT else "",
        "late": submission.late if submission else False,
        "rows": submission.rows if submission else 0,
        "member": member,
    } | asdict(summary)


def gains_in_words(evaluation: Mapping[str, Any] | None) -> str:
    """What each company's score says of the new forecaster; for the coordinator, who has the scores."""
    scores = (evaluation or {}).get("scores", {})
    gains = ", ".join(f"{partner} {100 * one['gain']:+.1f} %" for partner, one in sorted(scores.items()))
    return f"Loss saved on the newest rows, against the last forecaster: {gains}." if gains else ""


def privacy_in_words(partners: Sequence[Mapping[str, Any]]) -> str:
    """One line for all companies of a summary, who mostly have spent the same; empty without privacy."""
    groups: dict[str, list[str]] = {}
    for row in partners:
        if row["privacy"]:
            groups.setdefault(Cost(**row["privacy"]).words(), []).append(row["partner"])
    costs = "; ".join(f"{what}: {', '.join(names)}" for what, names in groups.items())
    return f"Differential privacy of a training row, {costs}." if costs else ""
