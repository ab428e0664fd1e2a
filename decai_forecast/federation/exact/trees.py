"""One grown tree out of LightGBM, and the finished trees as one standard model text without anything of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.model_text import ModelText, Tree, parse, sanitise

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["leaf_values", "leaves_of_rows", "model_of", "tree_of", "with_values"]


def tree_of(booster: lgb.Booster) -> Tree:
    """The only tree of ``booster``, without gains, counts and weights."""
    text = str(booster.model_to_string(num_iteration=1))
    # custom gradients: LightGBM writes no objective, which a model text of ours must have
    return sanitise(parse(text.replace("\nfeature_names=", "\nobjective=custom\nfeature_names=", 1))).trees[0]


def leaf_values(tree: Tree) -> npt.NDArray[np.float64]:
    return np.array([float(value) for value in tree["leaf_value"].split()])


def with_values(tree: Tree, values: npt.NDArray[np.float64]) -> Tree:
    return tree | {"leaf_value": " ".join(repr(float(value)) for value in values)}


def leaves_of_rows(
    values: npt.NDArray[np.float64], outputs: npt.NDArray[np.float64], booster: lgb.Booster, X: npt.NDArray[np.float32]
) -> npt.NDArray[np.int64]:
    """The leaf of each training row: read off its output where no two leaves have the same value (fast), else by the tree."""
    order = np.argsort(values)
    ordered = values[order]
    if len(values) == 1 or (np.diff(ordered) > 0).all():
        return np.asarray(order[np.searchsorted(ordered, outputs)], dtype=np.int64)
    return np.asarray(booster.predict(X, pred_leaf=True, num_iteration=1, num_threads=1), dtype=np.int64).ravel()


def model_of(plan: ExactPlan, start: float, trees: Sequence[Tree]) -> ModelText:
    """All trees as one model; ``start`` goes into the leaves of the first."""
    first = with_values(trees[0], leaf_values(trees[0]) + start)
    last = len(plan.feature_names) - 1
    header = {
        "version": "v4",
        "num_class": "1",
        "num_tree_per_iteration": "1",
        "label_index": "0",
        "max_feature_idx": str(last),
        "objective": plan.objective.name,
        "feature_names": " ".join(plan.feature_names),
        "feature_infos": "",
        "tree_sizes": "",
    }
    return sanitise(ModelText(header, (first, *trees[1:])))
