"""How many of the shared forecaster's trees a partner uses: judged by time, on the origins its combination is chosen on.

The first trees of a boosted model are a smaller model, so using fewer costs no training and no message. The shared
forecasters of the choice origins know nothing of the windows after them, and the test window is not among these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from decai_forecast.demand.local import TREES, in_units
from decai_forecast.demand.metrics import pinball
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.periods import CHOICE_ORIGINS

__all__ = ["SharedOrigin", "SharedTreeCount", "choose_shared_tree_count"]

SMALLER = (40, 60, 80)  # trees
CLEARLY = 0.01  # what fewer trees must take off the loss, beside winning at each origin: less is noise (docs/decisions/0013)
MOST_JUDGED = 20_000  # rows of an origin; more tell hardly more, and a night waits for them


@dataclass(frozen=True)
class SharedOrigin:
    """One choice origin: quantile -> text of its shared forecaster (``TREES`` trees each, validated), the rows ``future`` that
    it forecasts (see Prepared), and the partner's own forecast of these (see predict)."""

    shared: Mapping[float, str]
    future: pd.DataFrame
    own: pd.DataFrame


@dataclass(frozen=True)
class SharedTreeCount:
    """``trees``: of each quantile's shared model, the first ones; None: all. ``reason`` in words; ``origins``: judged on so
    many; ``losses``: number of trees -> pinball loss of the mean of own and shared over all origins and quantiles, in units."""

    trees: int | None
    reason: str
    origins: int
    losses: Mapping[str, float] = field(default_factory=dict)


def choose_shared_tree_count(origins: Sequence[SharedOrigin], *, seed: int) -> SharedTreeCount:
    """All trees, unless fewer take off ``CLEARLY`` of the loss and win at each of the ``CHOICE_ORIGINS``.

    Judged is the mean of own and shared, the default of the combination. ``seed`` draws rows where there are very many.
    """
    judged = [losses for losses in (_losses(origin, seed) for origin in origins) if losses]
    total = {trees: sum(losses[trees] for losses in judged) for trees in (*SMALLER, TREES)} if judged else {}
    by_name = {str(trees): loss for trees, loss in total.items()}
    if len(judged) < CHOICE_ORIGINS:
        return SharedTreeCount(None, f"{len(judged)} of {CHOICE_ORIGINS} origins to judge on: all trees", len(judged), by_name)
    good = [k for k in SMALLER if total[k] < (1 - CLEARLY) * total[TREES] and all(one[k] < one[TREES] for one in judged)]
    if not good:
        return SharedTreeCount(None, "no smaller number is clearly better at each origin: all trees", len(judged), by_name)
    best = min(good, key=lambda trees: total[trees])
    gain = 1 - total[best] / total[TREES]
    return SharedTreeCount(best, f"{gain:.1%} less loss than with all trees, less at each origin", len(judged), by_name)


def _losses(origin: SharedOrigin, seed: int) -> dict[int, float]:
    """Number of trees -> loss; empty where nothing was sold or nothing is known."""
    import lightgbm as lgb

    rows = _judged(origin.future, seed)
    future, own = origin.future.iloc[rows], origin.own.iloc[rows]
    actual = future["actual"].to_numpy(float)
    if not actual.sum() > 0:
        return {}
    boosters = [lgb.Booster(model_str=origin.shared[q]) for q in TRAINED]
    X = future[boosters[0].feature_name()].to_numpy(np.float32)  # FEATURES, and the codes of a code book
    raw, done, losses = [np.zeros(len(X)) for _ in TRAINED], 0, dict[int, float]()
    for trees in (*SMALLER, TREES):
        part = {"start_iteration": done, "num_iteration": trees - done, "num_threads": 1}  # each tree is read once
        raw = [score + booster.predict(X, **part) for score, booster in zip(raw, boosters, strict=True)]
        losses[trees], done = _loss(actual, own, in_units(future, raw)), trees
    return losses


def _judged(future: pd.DataFrame, seed: int) -> np.ndarray:
    """The places of the rows with a known actual, or of a draw of them."""
    known = np.flatnonzero(np.isfinite(future["actual"].to_numpy(float)))
    if len(known) <= MOST_JUDGED:
        return known
    return np.sort(np.random.default_rng(seed).choice(known, MOST_JUDGED, replace=False))


def _loss(actual: Floats, own: pd.DataFrame, shared: pd.DataFrame) -> float:
    names = {q: name_of(q) for q in TRAINED}
    return sum(pinball(actual, (own[name].to_numpy(float) + shared[name].to_numpy(float)) / 2, q) for q, name in names.items())
