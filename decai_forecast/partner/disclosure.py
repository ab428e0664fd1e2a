"""What left a company in a round, and who got it: by its own record."""

from __future__ import annotations

from decai_forecast.federation.disclosure import disclosed_strategy
from decai_forecast.link import SharedRound
from decai_forecast.network import Privacy
from decai_forecast.partner.spending import spending
from decai_forecast.reports import Left
from decai_forecast.reports.compare import MINIMUM
from decai_forecast.store import Store
from decai_forecast.strategies import strategy_of

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


def disclosed(store: Store, partner: str, shared: SharedRound, privacy: Privacy | None, *, figures: bool) -> tuple[Left, ...]:
    """Everything that left in the round of ``shared``, whatever became of the training; ``figures``: two of the report, too."""
    member, strategy = partner in shared.members, disclosed_strategy(store, shared.round)
    training: tuple[Left, ...] = ()
    if member or strategy:
        given = strategy_of(strategy or shared.strategy).discloses
        training = tuple(Left(one.what, one.to) for one in given)
        training += (SCORED,) if member and shared.evaluation else ()
    noise = _noise(store, shared.round, privacy)
    return (*training, *noise, ANSWERED, *((COMPARED,) if figures else ()))


def _noise(store: Store, round_id: str, privacy: Privacy | None) -> tuple[Left, ...]:
    """What the round's private sums tell at most, by the company's own accountant; also of a training that did not end."""
    cost = spending(store, round_id, privacy) if privacy else None
    if not cost or not cost.tonight:
        return ()
    told = f"what noise leaves to be told of a training row, by all sums and models: {cost.words()}"
    return (Left(told, "all companies that train, and whoever reads the models"),)
