"""How likely a shelf is empty within the horizon, and whether such probabilities came true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.simulation.network.graph import Bools, Floats

__all__ = ["Reliability", "chance", "reliability"]

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """``error``: expected calibration error, the mean distance of what was said from what came, over ten bins by their rows.
    ``brier``: mean squared error of the probabilities. ``table``: per bin rows, said (mean probability), came (share)."""

    error: float
    brier: float
    table: pd.DataFrame


def chance(opening: Floats, receipts: Floats, demand: npt.NDArray[np.floating]) -> Floats:
    """[series]: share of replications that end at least one period with an empty shelf.

    ``opening``: units, [series]. ``receipts``: units, [series, period, replication] or of one replication; they arrive before
    the period's demand (``demand``, [series, period, replication]). What cannot be served is lost.
    """
    stock = np.maximum(opening, 0.0)[:, None]
    empty: Bools = np.zeros((demand.shape[0], demand.shape[2]), dtype=np.bool_)
    for t in range(demand.shape[1]):
        stock = np.maximum(stock + receipts[:, t] - demand[:, t], 0.0)
        empty |= stock <= 0
    return np.asarray(empty.mean(axis=1))


def reliability(said: Floats, came: Bools) -> Reliability:
    """Compares probabilities with what came, row by row."""
    place = np.minimum((said * BINS).astype(np.int64), BINS - 1)
    rows = pd.DataFrame({"bin": place, "said": said, "came": came.astype(float)})
    table = rows.groupby("bin").agg(rows=("said", "size"), said=("said", "mean"), came=("came", "mean"))
    error = float((table["rows"] * (table["said"] - table["came"]).abs()).sum() / len(rows))
    return Reliability(error, float(((said - came) ** 2).mean()), table.reset_index())
