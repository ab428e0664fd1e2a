"""Figure 1: is the model that of the pooled rows? Against the same gradients in one pool, and against stock ``lgb.train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from federation_run import Case, exact, load, make, reference, stock
from federation_sets import companies, ties, write
from harness import figure

from decai_forecast.demand import FEATURES

__all__ = ["compare", "equality", "figures_of"]

STRUCTURE = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
TREES = 60
MOST = {None: 1e-9}  # of the largest label; quantiles, whose residuals are float32, 1e-6
ROWS = 50_000  # that predictions are compared on
Figures = list[dict[str, Any]]


def equality(folder: Path) -> tuple[Figures, dict[str, Any]]:
    make(folder / "synthetic", 200_000)
    real = companies("iowa_small")
    write(folder / "iowa", real)
    ties(folder / "ties")
    cases = {"synthetic": [Case(folder / "synthetic", 4, TREES, alpha=alpha) for alpha in (None, 0.9)]}
    for name, parties, features in (("iowa", len(real), len(FEATURES)), ("ties", 12, 20)):
        demand = [Case(folder / name, parties, TREES, features, alpha=a, weighted=True, demand=True) for a in (0.1, 0.5, 0.9)]
        mean = Case(folder / name, parties, TREES, features, alpha=None, weighted=True, demand=True)
        cases[name] = [*demand, mean]
    figures, table = [], {}
    for name, those in cases.items():
        for case in those:
            rows, facts = _one(name, case)
            print(f"  {name} {loss(case)}: {facts}", flush=True)
            figures, table = figures + rows, table | {f"{name} {loss(case)}": facts}
    return figures, table


def loss(case: Case) -> str:
    return "mean" if case.alpha is None else f"q{round(100 * case.alpha)}"


def _one(name: str, case: Case) -> tuple[Figures, dict[str, Any]]:
    text, used = exact(case)
    same = {learner: text == reference(case, learner)[0] for learner in ("serial", "distributed")}
    told = f"{case.parties} companies, {TREES} trees"
    figures = [
        figure(
            f"1-same_bytes_{learner}-{name}_{loss(case)}",
            float(alike),
            "1 = yes",
            f"{learner} learner, one pool",
            1.0,
            "1",
            alike,
        )
        for learner, alike in same.items()
    ]
    facts = {"companies": case.parties, "rows": len(load(case)[1]), "same_bytes": same, "cpu": used["train_cpu_s"]}
    if case.demand:  # bags, and weighted percentiles, are not stock's (see the decision on them)
        return figures, facts
    found = compare(text, stock(case)[0], case)
    return figures + figures_of(f"{name}_{loss(case)}", told, found, MOST.get(case.alpha, 1e-6)), facts | found


def figures_of(which: str, told: str, found: dict[str, Any], most: float) -> Figures:
    """Trees like stock's, and how far predictions are apart."""
    unlike = found["trees"] - found["identical_trees"] - found["same_rows_trees"]
    apart = found["difference"]
    return [
        figure(f"1-trees_unlike_stock-{which}", unlike, "trees", f"lgb.train, {told}", found["trees"], "0", unlike == 0),
        figure(f"1-difference-{which}", apart * 1e9, "1e-9 of max|y|", "lgb.train", None, f"<= {most * 1e9:g}", apart <= most),
    ]


def structure(text: str) -> list[list[str]]:
    blocks = text.split("parameters:", maxsplit=1)[0].split("\nTree=")[1:]
    return [[line for line in block.splitlines() if line.partition("=")[0] in STRUCTURE] for block in blocks]


def compare(text: str, other: str, case: Case) -> dict[str, Any]:
    """``identical_trees``: the same splits, letter for letter. ``same_rows_trees``: other letters, but every training row lies
    in the same leaf as the same others, so gains are equal: a threshold between the same rows, or a doubled feature.
    ``difference``: of predictions, largest, as a share of the largest label."""
    import lightgbm as lgb

    X, y, _ = load(case)
    few = X[:: max(1, len(X) // ROWS)]
    ours, theirs = (lgb.Booster(model_str=one) for one in (text, other))
    apart = np.abs(ours.predict(few, num_threads=1) - theirs.predict(few, num_threads=1)).max() / np.abs(y).max()
    alike = [a == b for a, b in zip(structure(text), structure(other), strict=True)]
    unlike = [k for k, same in enumerate(alike) if not same]
    same_rows = [k for k in unlike if _same_rows(*(_leaves(one, X, k) for one in (ours, theirs)))]
    facts = {"trees": len(alike), "identical_trees": sum(alike), "same_rows_trees": len(same_rows), "unlike": unlike}
    return facts | {"difference": float(apart)}


def _leaves(booster: Any, X: np.ndarray, tree: int) -> np.ndarray:
    return np.asarray(booster.predict(X, pred_leaf=True, start_iteration=tree, num_iteration=1, num_threads=1)).ravel()


def _same_rows(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether both deal the rows out alike, whatever the leaves are called."""
    pairs = np.unique(np.stack([one, other]), axis=1)
    return bool(pairs.shape[1] == len(np.unique(one)) == len(np.unique(other)))
