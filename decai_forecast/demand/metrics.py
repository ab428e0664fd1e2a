"""How good a forecast was, in the field's measures; each is a ratio of sums over the rows with a known actual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import TRAINED, name_of

__all__ = ["Scores", "pinball", "score", "wape"]


@dataclass(frozen=True)
class Scores:
    """``wape``, ``bias`` of the median; ``wql`` over the trained quantiles; ``coverage`` of q10-q90 (nominal 0.8)."""

    wape: float
    bias: float
    wql: float
    coverage: float
    rows: int


def wape(actual: Floats, forecast: Floats) -> float:
    """Weighted absolute percentage error: sum |actual - forecast| / sum actual."""
    return float(np.abs(actual - forecast).sum() / actual.sum())


def pinball(actual: Floats, forecast: Floats, quantile: float) -> float:
    """Sum of the pinball (quantile) loss, in units."""
    error = actual - forecast
    return float(np.maximum(quantile * error, (quantile - 1) * error).sum())


def score(forecast: pd.DataFrame) -> Scores | None:
    """The scores of a frame with ``actual``, q10, q50, q90; None where nothing was sold or nothing is known."""
    known = forecast[np.isfinite(forecast["actual"])]
    actual = known["actual"].to_numpy(float)
    if not actual.sum() > 0:
        return None
    low, median, high = (known[name_of(q)].to_numpy(float) for q in TRAINED)
    wql = 2 * sum(pinball(actual, known[name_of(q)].to_numpy(float), q) for q in TRAINED) / len(TRAINED) / actual.sum()
    inside = float(((actual >= low) & (actual <= high)).mean())
    return Scores(wape(actual, median), float((median - actual).sum() / actual.sum()), float(wql), inside, len(actual))
