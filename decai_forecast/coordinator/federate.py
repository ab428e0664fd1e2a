"""The coordinator's step: has the shared forecasters of a round trained with Flower, and publishes them to every company.

A cut-off of the grid is trained once and reused by every later round; under differential privacy so is every other one, since
each training is paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date

from decai_forecast.coordinator.archive import Archive
from decai_forecast.coordinator.comparison import publish_comparison
from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.heartbeat import Pulse, TrainingElsewhere, beating, pulse
from decai_forecast.coordinator.roster import TrainingRoster, write_roster
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.coordinator.training import Scored, Trained, train
from decai_forecast.errors import FederationError
from decai_forecast.link import Evaluation, ModelFile, Noise, SharedRound, SharedStatus
from decai_forecast.round import Round
from decai_forecast.steps import Done, Step, Writer, read_done, run_step

__all__ = ["FEDERATE", "TrainingFacts", "federate", "keep_last", "published", "read_failure", "read_training", "training_over"]

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainingFacts:
    """What came of a round's shared training. ``models``: by cut-off, old ones and new ones; ``reused``: the old ones;
    ``ships``: the one in use from now on. ``rows``: by company, of the cut-off that ships. ``seconds``: of the training."""

    status: SharedStatus
    members: tuple[str, ...]
    models: Mapping[date, ModelFile]
    ships: ModelFile
    reused: tuple[date, ...] = ()
    reason: str = ""
    strategy: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    evaluation: Scored | None = None
    privacy: Noise | None = None


FEDERATE = Step("federate", TrainingFacts, libraries=("flwr", "lightgbm"))


def federate(coordinator: CoordinatorContext, round: Round, progress: Progress | None = None) -> Done[TrainingFacts]:
    """Has the roster's companies train together what they prepared. Nothing moves but sums, trees, counts and codes.

    Raises :class:`BelowQuorum` or :class:`FederationError`, of which :class:`TrainingElsewhere` says that another process is
    at it; a repetition after success changes nothing.
    """
    publish_comparison(coordinator, round)
    roster = write_roster(coordinator, round)
    archive = Archive.read(coordinator.store, coordinator.network.code_book)

    def work(_: Writer) -> TrainingFacts:
        return _trained(coordinator, round, roster, archive, progress)

    try:
        with beating(coordinator, round.id):
            done = run_step(coordinator.store, round.id, FEDERATE, roster.to_json(), work)
    except TrainingElsewhere:
        raise
    except FederationError as error:  # names and codes; it stays with the coordinator
        if error.code != "training_runs":  # what is trained elsewhere has not failed
            coordinator.store.write_json(_failure_key(round.id), {"code": error.code, "reason": str(error)})
        raise
    _announce(coordinator, round, done.facts, roster.missing)
    coordinator.store.remove(_failure_key(round.id))
    return done


def published(coordinator: CoordinatorContext, round_id: str) -> bool:
    """Whether the round has published its shared forecaster, a new one or the one kept."""
    return coordinator.link.shared(round_id) is not None


def training_over(coordinator: CoordinatorContext, round_id: str) -> bool:
    """The round has its shared forecaster, or nobody trains it just now: whoever was killed is not waited for."""
    return published(coordinator, round_id) or pulse(coordinator, round_id) is not Pulse.WORKING


def read_training(coordinator: CoordinatorContext, round_id: str) -> Done[TrainingFacts] | None:
    """The round's training; None if there was none."""
    return read_done(coordinator.store, round_id, FEDERATE)


def read_failure(coordinator: CoordinatorContext, round_id: str) -> str:
    """Why the shared training of a round failed; empty if it did not, or was repeated since."""
    key = _failure_key(round_id)
    return str(coordinator.store.read_json(key)["reason"]) if coordinator.store.exists(key) else ""


def keep_last(coordinator: CoordinatorContext, round: Round, reason: str) -> None:
    """Without a training: publishes, for this round, the shared forecasters that are already there."""
    publish_comparison(coordinator, round)
    network, archive = coordinator.network, Archive.read(coordinator.store, coordinator.network.code_book)
    missing = round_status(coordinator, round.id, round.as_of).missing()
    coordinator.link.publish_shared(
        SharedRound(
            round.id, round.as_of, SharedStatus.KEPT, network.partners, network.minimum, missing=missing, reason=reason,
            models=archive.trained, ships=archive.champion(network.calendar.floor(round.as_of)),
        )
    )  # fmt: skip


def _trained(
    coordinator: CoordinatorContext, round: Round, roster: TrainingRoster, archive: Archive, progress: Progress | None
) -> TrainingFacts:
    """Trains what no earlier round has trained, and decides which forecaster ships."""
    network, cutoffs = coordinator.network, coordinator.network.calendar.cutoffs(round.as_of)
    reusable = cutoffs.all if network.privacy else cutoffs.choice
    reused = {cutoff: archive.trained[cutoff] for cutoff in reusable if cutoff in archive.trained}
    if cutoffs.ship in reused:
        return _paid_before(cutoffs.ship, reused)
    champion = archive.champion(cutoffs.ship)
    in_use = coordinator.link.models(champion).models if champion else None
    trained = train(coordinator, roster, tuple(c for c in cutoffs.all if c not in reused), in_use, progress)
    return _judged(coordinator, roster, trained, cutoffs.ship, champion, reused)


def _judged(
    coordinator: CoordinatorContext,
    roster: TrainingRoster,
    trained: Trained,
    ship: date,
    champion: ModelFile | None,
    reused: Mapping[date, ModelFile],
) -> TrainingFacts:
    """The new forecaster ships, unless it is worse than the champion: then that serves on, and the new one is not published."""
    worse = champion is not None and trained.evaluation is not None and not trained.evaluation.promoted
    new = {cutoff: models for cutoff, models in trained.models.items() if not (worse and cutoff == ship)}
    files = {cutoff: coordinator.link.publish_models(models) for cutoff, models in new.items()}
    privacy = coordinator.network.privacy
    return TrainingFacts(
        status=SharedStatus.KEPT if worse else SharedStatus.TRAINED,
        members=tuple(sorted(set(roster.members) - set(trained.dropped))),
        models=dict(reused) | files, ships=champion if worse and champion else files[ship], reused=tuple(sorted(reused)),
        reason=trained.evaluation.reason if worse and trained.evaluation else "",
        strategy=coordinator.network.strategy, rows=trained.rows, dropped=trained.dropped, seconds=trained.seconds,
        evaluation=trained.evaluation, privacy=Noise(**asdict(privacy)) if privacy else None,
    )  # fmt: skip


def _paid_before(ship: date, reused: Mapping[date, ModelFile]) -> TrainingFacts:
    """A private round whose cut-off was trained before: again it would cost again."""
    why = f"the shared forecaster of {ship} is there; under differential privacy a cut-off is trained once"
    return TrainingFacts(SharedStatus.REUSED, (), dict(reused), reused[ship], tuple(sorted(reused)), why)


def _announce(coordinator: CoordinatorContext, round: Round, facts: TrainingFacts, missing: Mapping[str, str]) -> None:
    """What everybody may read: all but the rows and the scores of each company."""
    if published(coordinator, round.id):
        return
    network = coordinator.network
    if facts.status is SharedStatus.TRAINED:  # beside one that did not ship the others are suspect, too
        archive = Archive.read(coordinator.store, network.code_book)
        archive = archive.with_training(facts.models, max(facts.models), facts.ships)
        archive.write(coordinator.store, network.code_book)
    scored = facts.evaluation
    verdict = Evaluation(scored.promoted, scored.reason) if scored else None
    coordinator.link.publish_shared(
        SharedRound(
            round.id, round.as_of, facts.status, network.partners, network.minimum, facts.members, missing, facts.dropped,
            facts.models, facts.ships, facts.reused, facts.reason, facts.strategy, facts.seconds, facts.privacy, verdict,
        )
    )  # fmt: skip


def _failure_key(round_id: str) -> str:
    return f"rounds/{round_id}/failed.json"
