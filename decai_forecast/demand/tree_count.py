"""How many trees a partner's own models get: judged by time, on the latest rows that the cut-off lets it know.

The rows are split at an earlier cut-off, ``JUDGED`` horizons back: models learn from the rows whose target lies before it and
are judged on those whose origin does not. Rows that reach over the split are on neither side, so
that nothing the models learnt was known later than the origin they are judged at. One training serves all numbers, since
the first trees of a large model are those of a small one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.demand import local
from decai_forecast.demand.features import FEATURES
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.demand.target import from_target

__all__ = ["Own", "TreeCount", "choose_tree_count", "train_own"]

JUDGED = 2  # horizons: one alone leaves a young company too few rows, and judged worse
PARTS = (0.5, 1.0, 1.5)  # of the usual number of trees; what looked best beyond did worse on what came (docs/decisions/0010)
CLEARLY = 0.01  # what another number than the usual one must take off the loss: less is noise
LEAST_LEARNT, LEAST_JUDGED = 50, 200  # rows; fewer tell nothing but their own accidents
MOST_LEARNT = 4_000  # rows; the best size hardly depends on their number, the time does
Loss = Callable[[Floats], float]


@dataclass(frozen=True)
class TreeCount:
    """``trees``: of the models q10, q50 and q90; ``reason``: how they were chosen, in words; ``judged``: on so many rows."""

    trees: Mapping[str, int]
    reason: str
    judged: int


@dataclass(frozen=True)
class Own:
    """A partner's own models: quantile -> text, the text of the mean (see fit_mean), and what they were allowed."""

    models: Mapping[float, str]
    mean: str
    tree_count: TreeCount


def train_own(train: pd.DataFrame, *, seed: int) -> Own:
    """All own models of a cut-off, each with its chosen number of trees, on all rows of ``train`` (see Prepared)."""
    chosen = choose_tree_count(train, seed=seed)
    trees = {quantile: chosen.trees[name_of(quantile)] for quantile in TRAINED}
    models = local.train_local(train, seed=seed, trees=trees)
    return Own(models, local.fit_mean(train, seed=seed), chosen)


def choose_tree_count(train: pd.DataFrame, *, seed: int) -> TreeCount:
    """The number of trees of each quantile's own model; the usual one where too few rows lie on a side of the split."""
    rows = local.grown(train)
    learnt, judged = _split(rows)
    usual = {name_of(quantile): local.usual_trees(rows) for quantile in TRAINED}
    if len(learnt) < LEAST_LEARNT or len(judged) < LEAST_JUDGED:
        counts = f"{len(learnt)} rows to learn from and {len(judged)} to judge on, of {LEAST_LEARNT} and {LEAST_JUDGED} needed"
        return TreeCount(usual, f"{counts}: the usual number of trees", len(judged))
    if len(learnt) > MOST_LEARNT:
        learnt = learnt.iloc[np.sort(np.random.default_rng(seed).choice(len(learnt), MOST_LEARNT, replace=False))]
    parts = _best_quantiles(learnt, judged, seed)
    return TreeCount(
        {name: int(part * usual[name]) for name, part in parts.items()},
        f"judged on the last {JUDGED} horizons before the cut-off",
        len(judged),
    )


def _split(train: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to learn from and rows to judge on; ``back`` + ``h`` is how far the origin lies before the cut-off."""
    back, h = train["back"].to_numpy(), train["h"].to_numpy()
    last = JUDGED * h.max(initial=0)  # periods
    return train[back > last], train[back + h <= last + 1]


def _best_quantiles(learnt: pd.DataFrame, judged: pd.DataFrame, seed: int) -> dict[str, float]:
    """Of each quantile the best part of the usual number of trees."""
    data = local.dataset(learnt, learnt["target"].to_numpy())
    actual = from_target(judged["target"].to_numpy(np.float64), 1.0)
    weight = judged["weight"].to_numpy(np.float64)  # the scale up to a factor: a loss times it is one in units

    def best(quantile: float) -> float:
        def loss(raw: Floats) -> float:
            over = actual - from_target(raw, 1.0)
            return float((np.maximum(quantile * over, (quantile - 1) * over) * weight).sum())

        return _best(local.params_of(learnt, seed) | {"alpha": quantile}, data, judged, local.usual_trees(learnt), loss)

    return {name_of(quantile): best(quantile) for quantile in TRAINED}


def _best(params: Mapping[str, Any], data: Any, judged: pd.DataFrame, usual: int, loss: Loss) -> float:
    """The part of the ``usual`` number of trees with the least loss, if it is clearly less than that of all of them."""
    import lightgbm as lgb

    booster, losses, grown = lgb.Booster(dict(params), data), dict[float, float](), 0
    rows: npt.NDArray[np.float32] = judged[list(FEATURES)].to_numpy(np.float32)
    for part in PARTS:
        for _ in range(int(part * usual) - grown):
            booster.update()
        grown = int(part * usual)
        losses[part] = loss(booster.predict(rows, num_threads=1))
    best = min(losses, key=lambda part: losses[part])
    return best if losses[best] < (1 - CLEARLY) * losses[1.0] else 1.0
