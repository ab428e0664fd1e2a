"""One shared training as the coordinator has it made: the plan from what the network agreed on, the runtime, the progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from decai_forecast.code_book import coded_by
from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.roster import TrainingRoster
from decai_forecast.link import CoordinatorLink, ModelCertificate, Progress, SharedModels
from decai_forecast.network import COORDINATOR, SEED, Network
from decai_forecast.strategies import strategy_of

if TYPE_CHECKING:
    from decai_forecast.federation import Member, Plan, Shared
    from decai_forecast.federation.progress import Step
    from decai_forecast.federation.run import Runtime

__all__ = ["Gain", "Scored", "Trained", "train"]

PACE = 5.0  # seconds between two writes of how far the training is
Texts = Mapping[float, str]
"""quantile -> text of a LightGBM model"""


@dataclass(frozen=True)
class Gain:
    """A company's loss with the forecaster in use and with the new one, on ``rows`` of its newest rows; ``gain``: the share of
    the first that the new one saves."""

    rows: int
    champion: float
    challenger: float
    gain: float


@dataclass(frozen=True)
class Scored:
    """Whether the new forecaster ships, why, and every company's score of it."""

    promoted: bool
    reason: str
    scores: Mapping[str, Gain]


@dataclass(frozen=True)
class Trained:
    """``rows``: company -> rows of the cut-off that ships; ``dropped``: company -> code of what put it out."""

    models: Mapping[date, SharedModels]
    rows: Mapping[str, int]
    dropped: Mapping[str, str]
    seconds: float
    evaluation: Scored | None


def train(
    coordinator: CoordinatorContext,
    roster: TrainingRoster,
    cutoffs: tuple[date, ...],
    champion: Texts | None,
    progress: Callable[[str], None] | None = None,
) -> Trained:
    """Has the companies of the roster train one forecaster for each cut-off; ``champion``: the one in use, to compare with.

    ``progress`` gets lines for people. :class:`FederationError` if the last cut-off, which ships, cannot be trained.
    """
    from decai_forecast.federation import Member, train_shared
    from decai_forecast.federation.progress import Limited

    network = coordinator.network
    members = [Member(partner, network.address(partner)) for partner in sorted(roster.members)]
    watch = Limited(partial(_publish_progress, coordinator.link, roster.round), PACE)
    shared = train_shared(
        members, _plan(network, roster, cutoffs), progress=progress, watch=watch, runtime=_runtime(network, members),
        champion=champion,
    )  # fmt: skip
    evaluation = TypeAdapter(Scored).validate_python(shared.verdict) if shared.verdict else None
    models = {cutoff: _signed(cutoff, texts, shared) for cutoff, texts in shared.models.items()}
    return Trained(models, dict(shared.rows), dict(shared.dropped), round(shared.seconds, 1), evaluation)


def _signed(cutoff: date, texts: Texts, shared: Shared) -> SharedModels:
    """As they are published: with the mean, where it was trained, and with certificates."""
    form = TypeAdapter(ModelCertificate)
    signed = {alpha: form.validate_json(one) for alpha, one in shared.certificates.get(cutoff, {}).items()}
    quantiles = {alpha: one for alpha, one in signed.items() if alpha is not None}
    return SharedModels(cutoff, texts, quantiles, shared.means.get(cutoff, ""), signed.get(None))


def _plan(network: Network, roster: TrainingRoster, cutoffs: tuple[date, ...]) -> Plan:
    from decai_forecast.demand import FEATURES
    from decai_forecast.federation import Plan
    from decai_forecast.federation.preflight import agreed_by

    privacy = network.privacy
    return Plan(
        round_id=roster.round,
        cutoffs=cutoffs[::-1] if privacy else cutoffs,  # what is left of a budget goes to the one that ships
        feature_names=coded_by(network.code_book, FEATURES)[0],
        minimum=roster.minimum,
        seed=SEED,
        strategy=network.strategy,
        mean=strategy_of(network.strategy).trains_the_mean and not privacy,
        agreed=agreed_by(network),
        early_stopping_rounds=network.early_stopping_rounds,
        code_book=network.code_book,
        **(asdict(privacy) if privacy else {}),
    )


def _runtime(network: Network, members: Sequence[Member]) -> Runtime | None:
    if network.runtime == "in_process":
        return None
    from decai_forecast.federation.superlink.link import Link, OverSuperLink

    return OverSuperLink(Link(network.home / "federation" / COORDINATOR), members)


def _publish_progress(link: CoordinatorLink, round_id: str, step: Step) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    far = asdict(step.far)
    link.publish_progress(
        round_id, Progress(step.cutoff, step.alpha, step.number, step.models, **far, at=now, line=step.line())
    )
