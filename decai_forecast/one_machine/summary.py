"""A round at a glance, from what the stores say: for the command line, the pages and the run's note."""

from __future__ import annotations

from typing import Any

from decai_forecast.coordinator.close import read_closing
from decai_forecast.coordinator.federate import published, read_failure, read_progress
from decai_forecast.coordinator.roster import read_roster
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.quality import quality
from decai_forecast.partner.report import outbox_key
from decai_forecast.partner.spending import spending, verdict_in_words
from decai_forecast.partner.submit import standing
from decai_forecast.reports.send import Book
from decai_forecast.round import Round, in_time
from decai_forecast.steps import read_done

__all__ = ["note_of_round", "rounds_of", "summarise"]


def rounds_of(network: Network) -> list[Round]:
    """All rounds anybody has delivered for, newest first."""
    inbox, found = network.inbox(), {}
    for folder in inbox.fs.ls(inbox.root, detail=False) if inbox.fs.exists(inbox.root) else []:
        name = str(folder).rsplit("/", 1)[-1]
        days = [s["as_of"] for s in standing(network, name).submissions.values()]
        if days:
            found[name] = Round.of(name, min(days))
    return [found[name] for name in reversed(in_time(found))]


def summarise(network: Network, night: Round, *, scores: bool = True) -> dict[str, Any]:
    """Status, note and one row per partner (JSON); ``scores`` reads each partner's last 30 rounds for its quality."""
    closing, now, roster = read_closing(network, night.id), standing(network, night.id), read_roster(network, night.id)
    members = set(roster.members) if roster else set()
    missing = now.missing()
    return {
        "network": network.name,
        "simulated": network.simulated,
        "round": night.id,
        "as_of": night.as_of.isoformat(),
        "status": closing.status if closing else "open",
        "note": note_of_round(network, night.id),
        "training": _training(network, night.id),
        "failure": read_failure(network.store(COORDINATOR), night.id),
        "evaluation": _evaluation(network, night.id),
        "verdict": _verdict(network, night.id),
        "partners": [
            _partner(network, night, partner, now.submissions.get(partner, {}), missing.get(partner, ""), partner in members)
            | {"quality": quality(network.store(partner), night.id) if scores else None}
            for partner in network.partners
        ],
    }


def _training(network: Network, round_id: str) -> dict[str, Any] | None:
    """How far the shared training is; None before it begins, and where the strategy does not tell."""
    public = network.public()
    found = read_progress(public, round_id)
    finished = found is not None and published(public, round_id)
    return found and found | {"finished": finished and bool(public.read_json(f"rounds/{round_id}/shared.json")["members"])}


def _evaluation(network: Network, round_id: str) -> dict[str, Any] | None:
    """Whether the new shared forecaster shipped, why, and each partner's scores; None where there was none to compare with."""
    done = read_done(network.store(COORDINATOR), round_id, "federate")
    return done.facts.get("evaluation") if done else None


def _verdict(network: Network, round_id: str) -> str:
    """The same in a sentence."""
    there = published(network.public(), round_id)
    return verdict_in_words(network.public().read_json(f"rounds/{round_id}/shared.json")) if there else ""


def _partner(network: Network, night: Round, partner: str, submission: Any, why: str, member: bool) -> dict[str, Any]:
    store = network.store(partner)
    checked, combined, simulated = (read_done(store, night.id, step) for step in ("check", "combine", "simulate"))
    report = outbox_key(night.id, "report.html")
    scores = combined.facts["test"] if combined else {}
    return {
        "partner": partner,
        "verdict": submission.get("verdicts", {}).get("demand") or (submission.get("state") or "absent"),
        "why": why if why not in ("absent", "") else "",
        "late": submission.get("late", False),
        "checks": {name: facts["verdict"] for name, facts in checked.facts["data_sets"].items()} if checked else {},
        "rows": submission.get("rows", 0),
        "member": member,
        "privacy": spending(store, night.id, network.privacy) if network.privacy else None,
        "choice": combined.facts["choice"]["name"] if combined else "",
        "wape": {name: found["wape"] for name, found in scores.items()},
        "exposure": simulated.facts["exposure"] if simulated else "",
        "report": store.path(report) if store.exists(report) else "",
        "sent": [
            {"target": e.target, "kind": e.kind, "status": e.status, "attempts": e.attempts, "code": e.code}
            for e in Book(store).entries(night.id)
        ],
    }


def note_of_round(network: Network, round_id: str) -> str:
    """One sentence: who trained together, who is missing and why."""
    closing = read_closing(network, round_id)
    if closing is not None:
        return closing.note
    roster, now = read_roster(network, round_id), standing(network, round_id)
    said = (
        f"{len(roster.members)} partners train together"
        if roster
        else f"{len(now.ready)} of {len(network.partners)} partners delivered"
    )
    missing = ", ".join(f"{partner} ({why})" for partner, why in sorted(now.missing().items()))
    return f"Round {round_id} of {network.name}: {said}{f'; missing: {missing}' if missing else ''}."
