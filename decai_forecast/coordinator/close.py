"""Closing a round: at its deadline what is there counts, and what is missing is named with its reason."""

from __future__ import annotations

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.federate import keep_last, published, read_failure
from decai_forecast.coordinator.heartbeat import Pulse, pulse
from decai_forecast.coordinator.notify import notify
from decai_forecast.coordinator.roster import TrainingRoster, below_quorum, read_roster
from decai_forecast.coordinator.round_status import RoundStatus, round_status
from decai_forecast.coordinator.statements import record_round
from decai_forecast.link import Closing, ClosingStatus
from decai_forecast.round import Round

__all__ = ["close", "note_of_round"]


def close(coordinator: CoordinatorContext, round: Round) -> Closing:
    """Closes the round once; a second call finds it closed and changes nothing. Below quorum the notifier is called."""
    if (there := coordinator.link.closing(round.id)) is not None:
        return there
    closing = _closing(coordinator, round)
    if coordinator.link.publish_closing(closing) and closing.status is ClosingStatus.BELOW_QUORUM:
        notify(coordinator, f"round {round.id} of {coordinator.network.name} is below quorum", closing.note)
    record_round(coordinator, round.id)
    return coordinator.link.closing(round.id) or closing


def _closing(coordinator: CoordinatorContext, round: Round) -> Closing:
    roster, status = read_roster(coordinator, round.id), round_status(coordinator, round.id, round.as_of)
    members = tuple(sorted(roster.members)) if roster else ()
    late = tuple(partner for partner in status.ready if partner not in members) if roster else ()
    ended = ClosingStatus.CLOSED if roster else ClosingStatus.BELOW_QUORUM
    if not published(coordinator, round.id):
        keep_last(coordinator, round, ended)
    note = _note(coordinator, round, members, late, status) if roster else below_quorum(coordinator, round.id, status)
    return Closing(round.id, round.as_of, ended, members, late, status.missing(), note)


def note_of_round(coordinator: CoordinatorContext, round_id: str) -> str:
    """One sentence: who trained together, who is missing and why."""
    if (closing := coordinator.link.closing(round_id)) is not None:
        return closing.note
    roster, status = read_roster(coordinator, round_id), round_status(coordinator, round_id)
    delivered = f"{len(status.ready)} of {len(status.partners)} partners delivered"
    taking_part = _training(coordinator, roster) if roster else delivered
    missing = ", ".join(f"{partner} ({why})" for partner, why in sorted(status.missing().items()))
    return f"Round {round_id} of {coordinator.network.name}: {taking_part}{f'; missing: {missing}' if missing else ''}."


def _training(coordinator: CoordinatorContext, roster: TrainingRoster) -> str:
    """How the shared training of an open round stands, as far as can be known now."""
    many = f"{len(roster.members)} partners"
    if (shared := coordinator.link.shared(roster.round)) is not None:
        return f"{many} {shared.how()}"
    match pulse(coordinator, roster.round):
        case Pulse.WORKING:
            return f"{many} train together"
        case Pulse.LOST:
            return f"the shared training of {many} was killed; it is tried again, at the latest when the round is closed"
    if read_failure(coordinator, roster.round):
        return f"the shared training of {many} failed; it is tried again when the round is closed"
    return f"{many} are about to train together"


def _note(
    coordinator: CoordinatorContext, round: Round, members: tuple[str, ...], late: tuple[str, ...], status: RoundStatus
) -> str:
    shared = coordinator.link.shared(round.id)
    how = shared.how() if shared else "did not train together"
    parts = [f"Round {round.id} of {coordinator.network.name}: {len(members)} of {len(status.partners)} partners {how}"]
    if late:
        parts.append("late: " + ", ".join(late))
    if missing := status.missing():
        parts.append("missing: " + ", ".join(f"{partner} ({why})" for partner, why in sorted(missing.items())))
    return "; ".join(parts) + "."
