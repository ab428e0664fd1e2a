"""Figure 5: what exact pooling is worth on real companies, against simpler ways to train together and against each alone.

All with the parameters, rows and weights of our demand models. *Lossless* is the reference that figure 1 shows to be, byte for
byte, what the companies train together; bagging and cyclic have as many boosting rounds. Median and trimmed mean are of the
coefficients of additive models (federation/coefficients.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from federation_run import Case, reference
from federation_sets import REAL, Array, Company, companies, write
from harness import figure

from decai_forecast.demand import FEATURES, TREE_PARAMS
from decai_forecast.federation.coefficients import trimmed
from decai_forecast.federation.fitting import fit
from decai_forecast.federation.fourier import Design
from decai_forecast.federation.robust import coordinate_median

__all__ = ["accuracy", "grown_together"]

TREES = 100
ALPHAS = (0.1, 0.5, 0.9)
WAYS = ("pooled", "lossless", "bagging", "cyclic", "median", "trimmed_mean", "local")
CLOSE = 0.01  # how far lossless may be from pooled, which has other bins and bags
Predict = Callable[[Array], Array]
Figures = list[dict[str, Any]]


def accuracy(folder: Path) -> tuple[Figures, dict[str, Any]]:
    figures, table = [], {}
    for name in REAL:
        parts = companies(name)
        write(folder / name, parts)
        scores = _scores(folder / name, parts)
        table[name] = scores | {"companies": len(parts), "rows": sum(len(part.y) for part in parts.values())}
        print(f"  {name}: " + ", ".join(f"{way} {value:.4f}" for way, value in scores.items()), flush=True)
        figures += _figures(name, scores)
    return figures, table


def _figures(name: str, scores: Mapping[str, float]) -> Figures:
    ours, rows = scores["lossless"], []
    for way in WAYS:
        ratio, told = ours / scores[way] - 1, f"{way}: {scores[way]:.4f}; lossless {ours:.4f}"
        if way != "lossless":
            most = CLOSE if way == "pooled" else 0.0
            rows.append(
                figure(f"5-wql_against_{way}-{name}", 100 * ratio, "%", told, None, f"<= {100 * most:g}", ratio <= most)
            )
    return rows


def _scores(folder: Path, parts: Mapping[str, Company]) -> dict[str, float]:
    """Way -> the partners' mean weighted quantile loss over the horizon."""
    losses = {way: np.zeros(len(parts)) for way in WAYS}
    for alpha in ALPHAS:
        for way, found in _forecasts(folder, list(parts.values()), alpha).items():
            for k, (part, target) in enumerate(zip(parts.values(), found, strict=True)):
                error = part.actual - part.units(target)
                losses[way][k] += 2 * np.maximum(alpha * error, (alpha - 1) * error).sum() / part.actual.sum() / len(ALPHAS)
    return {way: float(np.nanmean(loss[np.isfinite(loss)])) for way, loss in losses.items()}


def _forecasts(folder: Path, parts: Sequence[Company], alpha: float) -> dict[str, list[Array]]:
    """Way -> each company's horizon, in what the trees learn."""
    import lightgbm as lgb

    params = dict(TREE_PARAMS) | {"alpha": alpha, "seed": 1}
    whole = [np.concatenate([getattr(part, name) for part in parts]) for name in ("X", "y", "weight")]
    case = Case(folder, len(parts), TREES, len(FEATURES), alpha=alpha, weighted=True, demand=True)
    together = {"pooled": _grown(params, *whole), "lossless": lgb.Booster(model_str=reference(case, "distributed")[0]).predict}
    together |= {way: _averaged(params, parts, alpha, way) for way in ("bagging", "cyclic")}
    together |= _of_coefficients(parts, alpha)
    beyond = np.concatenate([part.future for part in parts])
    cuts = np.cumsum([len(part.future) for part in parts])[:-1]
    local = [_grown(params, part.X, part.y, part.weight)(part.future) for part in parts]
    return {way: np.split(model(beyond), cuts) for way, model in together.items()} | {"local": local}


def _grown(params: dict[str, Any], X: Array, y: Array, weight: Array) -> Predict:
    import lightgbm as lgb

    predict: Predict = lgb.train(params, lgb.Dataset(X, y, weight=weight, params=params), TREES).predict
    return predict


def _averaged(params: dict[str, Any], parts: Sequence[Company], alpha: float, way: str) -> Predict:
    start = float(np.quantile(np.concatenate([part.y for part in parts]), alpha))
    grown = grown_together(params, parts, start, way)
    return lambda X: start + sum(share * booster.predict(X, num_threads=1) for share, booster in grown)


def _of_coefficients(parts: Sequence[Company], alpha: float) -> dict[str, Predict]:
    design = Design.of(FEATURES, alpha)
    found = [fit(design, part.X, part.y.astype(float), part.weight, alpha) for part in parts]
    averages = {"median": coordinate_median(found), "trimmed_mean": trimmed(found)}
    return {way: partial(design.predict, vector) for way, vector in averages.items()}


def grown_together(
    params: dict[str, Any], parts: Sequence[Company], start: float, way: str, rounds: int = TREES
) -> list[tuple[float, Any]]:
    """Trees that each company grows on its own rows upon the common score, with their shares: all of a round weighted by rows
    (bagging), or one company's at a time (cyclic)."""
    import lightgbm as lgb

    data = [lgb.Dataset(p.X, p.y, weight=p.weight, params=params, free_raw_data=False).construct() for p in parts]
    X, sizes, grown = np.concatenate([part.X for part in parts]), [len(part.y) for part in parts], list[tuple[float, Any]]()
    score = np.full(len(X), start)
    for number in range(rounds):
        new = []
        own = np.split(score, np.cumsum(sizes)[:-1])
        for k in [number % len(parts)] if way == "cyclic" else range(len(parts)):
            booster = lgb.Booster(params | {"boost_from_average": False, "seed": number}, data[k].set_init_score(own[k]))
            booster.update()
            new.append((1.0 if way == "cyclic" else sizes[k] / len(X), booster))
        score = score + sum(share * booster.predict(X, num_threads=1) for share, booster in new)
        grown += new
    return grown
