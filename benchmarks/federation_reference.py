"""What one company with everybody's rows would train with LightGBM's serial or distributed learner, leaves renewed by sorting.

Written apart from the product's code where that has sums and searches; shares its gradients, bins, bags and model text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from federation_one_pool import LEARNERS, grow
from federation_run import Case, alone, load, people


def percentile(values: np.ndarray, steps: np.ndarray, alpha: float, weighted: bool) -> float:
    """The first value at which the weight so far exceeds ``alpha`` of the whole; LightGBM's percentile without weights."""
    if not weighted:
        falling, place = np.sort(values)[::-1], (len(values) - 1) * (1.0 - alpha)
        first, second = falling[int(place)], falling[min(int(place) + 1, len(values) - 1)]
        return float(first - (first - second) * (place - int(place)))
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(steps[order])
    return float(values[order][np.searchsorted(reached, reached[-1] * alpha, side="right")])


def pooled(case: Case, learner: str) -> str:
    """The model text; ``learner``: serial or distributed."""
    from decai_forecast.federation.exact.bins import agree_bins
    from decai_forecast.federation.exact.objectives import to_steps
    from decai_forecast.federation.exact.train import bag_of
    from decai_forecast.federation.exact.trees import leaf_values, model_of, tree_of, with_values

    plan, (X, label, weight) = case.plan(), load(case)
    steps = to_steps(np.ones(len(label)) if weight is None else weight)
    alpha, weighted = plan.objective.renews, plan.weighted
    if alpha is None:
        start = float(np.rint(label.astype(float) * steps * 2**20).sum() / 2**20 / steps.sum())
    else:
        start = percentile(label.astype(float), steps, alpha, weighted)
    form = plan.objective.format(int(steps.sum()), 2.0 ** np.ceil(np.log2(np.abs(label - start).max())), weighted)
    bins = agree_bins(alone, X, plan.max_bin)
    data = [bins.dataset(X, plan.max_bin, plan.feature_names) for _ in range(1 if learner == "serial" else LEARNERS)]
    sizes, score, trees = [len(load(case, range(k, k + 1))[1]) for k in range(case.parties)], np.full(len(label), start), []
    for number in range(plan.trees):
        bags = [bag_of(one.secret("bags"), plan, number, size) for one, size in zip(people(case), sizes, strict=True)]
        counted = np.where(np.concatenate(bags), steps, 0)
        gradients = plan.objective.gradients(score, label, counted, form)
        booster = (_serial if learner == "serial" else grow)(plan.params(number), data, gradients)
        tree = tree_of(booster)
        values, leaf = leaf_values(tree), booster.predict(X, pred_leaf=True, num_threads=1).ravel()
        if alpha is not None:
            values = _renewed(len(values), leaf, counted, (label - score).astype(np.float32), alpha, weighted)
            values *= plan.learning_rate
            tree = with_values(tree, values)
        score += values[leaf]
        trees.append(tree)
    return model_of(plan, start, trees).text()


def _serial(params: Mapping[str, Any], datasets: Sequence[Any], gradients: tuple[np.ndarray, np.ndarray]) -> Any:
    import lightgbm as lgb

    booster = lgb.Booster(dict(params) | {"tree_learner": "serial", "pre_partition": False}, datasets[0])
    booster.update(fobj=lambda *_: gradients)
    return booster


def _renewed(
    leaves: int, leaf: np.ndarray, counted: np.ndarray, residual: np.ndarray, alpha: float, weighted: bool
) -> np.ndarray:
    from decai_forecast.federation.exact.plan import MIN_LEAF_ROWS

    values = np.zeros(leaves)
    for k in range(leaves):
        own = (leaf == k) & (counted > 0)
        if own.sum() >= MIN_LEAF_ROWS:
            values[k] = percentile(residual[own].astype(float), counted[own], alpha, weighted)
    return values
