"""The combination: own, shared, or the mean of both, chosen by each partner on its own rolling origins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.demand.metrics import score
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.periods import CHOICE_ORIGINS

__all__ = ["CANDIDATES", "Choice", "candidates", "choose"]

CANDIDATES = ("local", "shared", "mean")
CLEARLY = 0.01  # a candidate must beat the mean by 1 % of its WAPE: with three origins less is noise


@dataclass(frozen=True)
class Choice:
    """The chosen candidate, why, and the mean WAPE of each candidate over the origins it was chosen on."""

    name: str
    reason: str
    origins: int
    wape: Mapping[str, float]


def candidates(local: pd.DataFrame, shared: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """The candidates' forecasts of one cut-off, by name; without a shared one there is only ``local``."""
    if shared is None:
        return {"local": local}
    mean = local.copy()
    for name in map(name_of, TRAINED):
        mean[name] = (local[name].to_numpy(float) + shared[name].to_numpy(float)) / 2
    return {"local": local, "shared": shared, "mean": mean}


def choose(origins: Sequence[Mapping[str, pd.DataFrame]]) -> Choice:
    """Chooses on the candidates of the choice origins (oldest first), never on the test window.

    The mean of own and shared is the default: one that is chosen instead must beat it clearly and in most origins. With fewer
    than three origins it is the mean; where the cut-off to forecast has no shared forecaster, the caller is left with local.
    """
    judged = [found for found in origins if set(found) == set(CANDIDATES) and score(found["local"]) is not None]
    errors = {name: [_wape(found[name]) for found in judged] for name in CANDIDATES}
    means = {name: float(np.mean(values)) for name, values in errors.items() if values}
    if len(judged) < CHOICE_ORIGINS:
        return Choice(
            "mean",
            f"{len(judged)} of {CHOICE_ORIGINS} origins to judge on: the mean of both, or local where there is no shared one",
            len(judged),
            means,
        )
    best = min(CANDIDATES, key=lambda name: (means[name], CANDIDATES.index(name)))
    wins = sum(own < other for own, other in zip(errors[best], errors["mean"], strict=True))
    if best != "mean" and means[best] < (1 - CLEARLY) * means["mean"] and 2 * wins > len(judged):
        return Choice(best, f"better than the mean of both in {wins} of {len(judged)} origins", len(judged), means)
    return Choice("mean", "no candidate is clearly better than the mean of both", len(judged), means)


def _wape(forecast: pd.DataFrame) -> float:
    found = score(forecast)
    assert found is not None  # the rows of all candidates have the same actuals
    return found.wape
