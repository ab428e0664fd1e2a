"""What left a company in a round, and who got it: by its own record."""

from __future__ import annotations

from decai_forecast.federation.left import strategy_given
from decai_forecast.link import SharedRound
from decai_forecast.network import Privacy
from decai_forecast.partner.spending import spending
from decai_forecast.reports import Left
from decai_forecast.reports.compare import MINIMUM
from decai_forecast.store import Store

__all__ = ["disclosed"]

COMPARED = Left(
    "service and forecast error of this report, two numbers",
    f"coordinator; quartiles over at least {MINIMUM} companies, to all participants",
)
SCORED = Left(
    "loss of the last and of the new shared forecaster on the newest own rows, and how many these are",
    "coordinator; the median and the worst gain, to all participants",
)
ANSWERED = Left("verdict, number of rows, error code", "coordinator")
TRAINED = {  # by strategy
    "exact": (
        Left(
            "sums over rows of the shared trees' bins and leaves, under masks that cancel only in the sum of all companies",
            "all companies that train; the relay passes them on and cannot open them",
        ),
        Left("number of training rows, public key, versions", "coordinator; the key, to all that train"),
    ),
    "bagging": (
        Left(
            "sanitised trees of each boosting round (no counts, ranges or weights of rows)",
            "coordinator; averaged, to all participants",
        ),
        Left("number of training rows, and the q10, q50 and q90 of the scale-free targets", "coordinator"),
    ),
    "cyclic": (
        Left(
            "a sanitised tree in each of its turns (no counts, ranges or weights of rows)",
            "coordinator; as it is, to all participants",
        ),
        Left("number of training rows, and the q10, q50 and q90 of the scale-free targets", "coordinator"),
    ),
}
TRAINED |= dict.fromkeys(
    ("median", "trimmed_mean"),
    (
        Left(
            "coefficients of an additive model of the scale-free targets: how they go over year and week, and after which past",
            "coordinator; averaged, to all participants",
        ),
        Left("number of training rows", "coordinator"),
    ),
)


def disclosed(store: Store, partner: str, shared: SharedRound, privacy: Privacy | None, *, figures: bool) -> tuple[Left, ...]:
    """Everything that left in the round of ``shared``, whatever became of the training; ``figures``: two of the report, too."""
    member, strategy = partner in shared.members, strategy_given(store, shared.round)
    training: tuple[Left, ...] = ()
    if member or strategy:
        training = TRAINED[strategy or shared.strategy]
        training += (SCORED,) if member and shared.evaluation else ()
    noise = _noise(store, partner, shared.round, privacy)
    return (*training, *noise, ANSWERED, *((COMPARED,) if figures else ()))


def _noise(store: Store, partner: str, round_id: str, privacy: Privacy | None) -> tuple[Left, ...]:
    """What the round's private sums tell at most, by the company's own accountant; also of a training that did not end."""
    cost = spending(store, partner, round_id, privacy) if privacy else None
    if not cost or not cost.tonight:
        return ()
    told = f"what noise leaves to be told of a training row, by all sums and models: {cost.words()}"
    return (Left(told, "all companies that train, and whoever reads the models"),)
