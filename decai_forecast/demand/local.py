"""A partner's own LightGBM models over all of its series: one per trained quantile, and one for the mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.demand.features import FEATURES
from decai_forecast.demand.quantiles import MEAN, TRAINED, implied_mean, name_of
from decai_forecast.demand.target import from_target
from decai_forecast.strategies import MEAN_POWER, TREES

__all__ = [
    "TREES",
    "TREE_PARAMS",
    "fit",
    "fit_mean",
    "in_units",
    "predict",
    "predict_on_top",
    "predict_own",
    "train_local",
    "usual_trees",
]

TREE_PARAMS: Mapping[str, Any] = {  # of the shared trees
    "objective": "quantile",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "max_bin": 63,
    "feature_pre_filter": False,
    "metric": "None",
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # two tasks share two cores
    "verbosity": -1,
}
OWN_TREES = 160  # of a company's own models, where a quantile's own past does not say otherwise (see tree_count.py)
FEW_ROWS, MORE = 2_000, 4  # below so many rows so many times the trees, of smaller steps: one changed row moves the other
# items a third as much (decision 30)
ON_TOP = 20  # trees of the partner's own on the shared forecaster: more of them unlearn it
CARRIED = (LOCATION, ITEM, DATE, "h", "actual", "scale", "lot", "sale", "item_class")  # from the rows to their forecast
LOCAL = {"num_leaves": 8, "feature_fraction": 0.3}  # few rows: small trees, each on few features
LEAVES_OF_SALES = 8  # at least, of so many rows
WAY = 3.2  # the learning rate times the number of trees: how far own models go from the mean
BINNING = {"max_bin": TREE_PARAMS["max_bin"], "feature_pre_filter": False, "verbosity": -1}
TWEEDIE = {"objective": "tweedie", "tweedie_variance_power": MEAN_POWER}  # a mean with many zeros


def train_local(train: pd.DataFrame, *, seed: int, trees: int | Mapping[float, int] | None = None) -> dict[float, str]:
    """Quantile -> LightGBM model text, trained on FEATURES, ``target`` and ``weight``; same rows and seed, same text.

    ``trees``: how many, of each quantile where they differ; None: :func:`usual_trees`.
    """
    train = grown(train)
    return fit(train, TRAINED, params_of(train, seed), usual_trees(train) if trees is None else trees, seed=seed)


def usual_trees(train: pd.DataFrame) -> int:
    """How many trees an own model on these rows has, where nothing says otherwise. Many small steps in place of a few large
    ones: the sum hangs less on how each split happened to fall."""
    return OWN_TREES * (MORE if len(train) < FEW_ROWS else 1)


def fit(
    train: pd.DataFrame,
    quantiles: Sequence[float] = TRAINED,
    params: Mapping[str, Any] | None = None,
    trees: int | Mapping[float, int] = TREES,
    *,
    seed: int,
    start: Mapping[float, npt.NDArray[np.float64]] | None = None,
) -> dict[float, str]:
    """Quantile -> model text, with TREE_PARAMS changed by ``params``; ``trees`` of each quantile where they differ.

    ``start`` holds scores to boost on, per quantile.
    """
    import lightgbm as lgb

    data = dataset(train, train["target"].to_numpy())
    models = {}
    for quantile in quantiles:
        if start is not None:
            data.set_init_score(start[quantile])
        alpha = dict(TREE_PARAMS) | dict(params or {}) | {"alpha": quantile, "seed": seed}
        models[quantile] = str(lgb.train(alpha, data, trees if isinstance(trees, int) else trees[quantile]).model_to_string())
    return models


def fit_mean(train: pd.DataFrame, *, seed: int) -> str:
    """The model text of the mean of quantity / scale (Tweedie); empty where nothing was sold at all."""
    import lightgbm as lgb

    train = grown(train)
    ratio = from_target(train["target"].to_numpy(), 1.0)
    if not ratio.sum() > 0:
        return ""
    params = params_of(train, seed) | TWEEDIE | _least_sales(ratio)
    return str(lgb.train(params, dataset(train, ratio), usual_trees(train)).model_to_string())


def params_of(train: pd.DataFrame, seed: int) -> dict[str, Any]:
    """LightGBM's parameters of an own model on these rows."""
    step = {"learning_rate": WAY / usual_trees(train)}
    return dict(TREE_PARAMS) | LOCAL | _least_rows(train) | step | {"seed": seed}


def grown(train: pd.DataFrame) -> pd.DataFrame:
    """The rows with the company's whole history behind them; those that play a young company are for the shared forecaster."""
    return train[~train["young"]] if "young" in train else train


def _least_rows(train: pd.DataFrame) -> dict[str, int]:
    return {"min_data_in_leaf": _least_rows_of(len(train))}


def _least_rows_of(rows: int) -> int:
    return int(min(TREE_PARAMS["min_data_in_leaf"], max(5, rows // 50)))


def _least_sales(ratio: npt.NDArray[np.float64]) -> dict[str, int]:
    """A leaf of the mean holds as many sales as others hold rows: twenty days of a monthly order are no evidence."""
    least = _least_rows_of(len(ratio)) / max(float((ratio > 0).mean()), 1e-9)
    return {"min_data_in_leaf": int(min(least, max(5, len(ratio) // LEAVES_OF_SALES)))}


def dataset(train: pd.DataFrame, target: npt.NDArray[np.float64]) -> Any:
    """FEATURES of ``train`` for LightGBM, binned when first used."""
    import lightgbm as lgb

    return lgb.Dataset(
        train[list(FEATURES)].to_numpy(),
        target,
        weight=train["weight"].to_numpy() if "weight" in train else None,
        params=BINNING,
        feature_name=list(FEATURES),
        free_raw_data=False,
    )


def predict(models: Mapping[float, str], future: pd.DataFrame) -> pd.DataFrame:
    """Forecasts in units for the rows of ``future``: keys, ``h``, ``actual``, ``scale``, ``lot``, ``item_class``, q10,
    q50, q90 (not negative, not crossing).

    Model texts from outside must have been validated: LightGBM aborts the interpreter on a malformed one.
    """
    import lightgbm as lgb

    return in_units(future, [_scores(lgb.Booster(model_str=models[q]), future) for q in TRAINED])


def _scores(booster: Any, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The raw score of each row, from the features that the model has: a shared one may have one more than FEATURES."""
    X = rows[booster.feature_name()].to_numpy(np.float32)
    return np.asarray(booster.predict(X, num_threads=1), dtype=float)


def in_units(future: pd.DataFrame, raw: Sequence[npt.NDArray[np.float64]]) -> pd.DataFrame:
    """What :func:`predict` gives, from the models' scores of the trained quantiles, on the scale of the target."""
    out = future[[name for name in CARRIED if name in future]].copy()
    ordered = from_target(np.sort(np.column_stack(raw), axis=1), future["scale"].to_numpy()[:, None])
    for k, quantile in enumerate(TRAINED):
        out[name_of(quantile)] = ordered[:, k]
    return out


def predict_on_top(shared: Mapping[float, str], train: pd.DataFrame, future: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """As :func:`predict`: the shared forecaster with ``ON_TOP`` trees of the partner's own grown on what it leaves."""
    import lightgbm as lgb

    train = grown(train)
    boosters = {q: lgb.Booster(model_str=shared[q]) for q in TRAINED}
    start = {q: _scores(booster, train) for q, booster in boosters.items()}
    params = LOCAL | _least_rows(train) | {"learning_rate": TREE_PARAMS["learning_rate"]}
    own = fit(train, TRAINED, params, ON_TOP, seed=seed, start=start)
    both = [(boosters[q], lgb.Booster(model_str=own[q])) for q in TRAINED]
    return in_units(future, [_scores(shared_one, future) + _scores(own_one, future) for shared_one, own_one in both])


def predict_own(models: Mapping[float, str], mean: str, future: pd.DataFrame) -> pd.DataFrame:
    """As :func:`predict`, with the column ``mean``: of its own model, or implied by the quantiles."""
    out = predict(models, future)
    return out.assign(**{MEAN: predict_mean(mean, future) if mean else implied_mean(out)})


def predict_mean(model: str, future: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The mean in units of each row of ``future``."""
    import lightgbm as lgb

    ratio = lgb.Booster(model_str=model).predict(future[list(FEATURES)].to_numpy(np.float32), num_threads=1)
    return np.asarray(ratio * future["scale"].to_numpy(), dtype=float)
