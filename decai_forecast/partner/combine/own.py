"""What the company's own training left for the combination: rows to forecast and own models, by cut-off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.partner.facts import TrainFacts
from decai_forecast.steps import Done

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Alone", "alone_of", "own_models"]


@dataclass(frozen=True)
class Alone:
    """What a company has by itself at one cut-off: the rows to forecast, and its own forecast of them (a newcomer has none)."""

    future: pd.DataFrame
    local: pd.DataFrame | None


def alone_of(trained: Done[TrainFacts]) -> dict[date, Alone]:
    """By cut-off, oldest first, of those whose history sufficed."""
    return {cutoff: _alone(trained, cutoff) for cutoff in sorted(trained.facts.cutoffs)}


def own_models(trained: Done[TrainFacts], cutoff: date) -> Mapping[float, str]:
    """Quantile -> text of the company's own model; a newcomer has none."""
    if (name := f"local-{cutoff}.json") not in trained:
        return {}
    return {float(quantile): text for quantile, text in trained.json(name).items()}


def _alone(trained: Done[TrainFacts], cutoff: date) -> Alone:
    from decai_forecast.demand import predict_own

    future, own = trained.frame(f"future-{cutoff}.parquet"), own_models(trained, cutoff)
    return Alone(future, predict_own(own, trained.json(f"mean-{cutoff}.json"), future) if own else None)
