"""A partner's own LightGBM models: one per trained quantile, over all of its series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.demand.features import FEATURES
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.demand.table import DATE, ITEM, LOCATION

__all__ = ["TREES", "TREE_PARAMS", "predict", "train_local"]

TREES = 80
TREE_PARAMS: Mapping[str, Any] = {  # of local and shared trees alike
    "objective": "quantile",
    "learning_rate": 0.08,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.7,
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


def train_local(train: pd.DataFrame, *, seed: int) -> dict[float, str]:
    """Quantile -> LightGBM model text, trained on FEATURES and ``target``; the same rows and seed give the same text."""
    import lightgbm as lgb

    rows = {"min_data_in_leaf": int(min(TREE_PARAMS["min_data_in_leaf"], max(5, len(train) // 50)))}
    fixed = {"max_bin": TREE_PARAMS["max_bin"], "feature_pre_filter": False, "verbosity": -1}
    data = lgb.Dataset(
        train[list(FEATURES)].to_numpy(),
        train["target"].to_numpy(),
        params=fixed,
        feature_name=list(FEATURES),
        free_raw_data=False,
    )
    models = {}
    for quantile in TRAINED:
        params = dict(TREE_PARAMS) | rows | {"alpha": quantile, "seed": seed}
        models[quantile] = str(lgb.train(params, data, TREES).model_to_string())
    return models


def predict(models: Mapping[float, str], future: pd.DataFrame) -> pd.DataFrame:
    """Forecasts in units for the rows of ``future``: keys, ``h``, ``actual``, q10, q50, q90 (not negative, not crossing).

    Model texts from outside must have been validated: LightGBM aborts the interpreter on a malformed one.
    """
    import lightgbm as lgb

    X = future[list(FEATURES)].to_numpy(np.float32)
    out = future[[LOCATION, ITEM, DATE, "h", "actual"]].copy()
    raw = [lgb.Booster(model_str=models[q]).predict(X, num_threads=1) for q in TRAINED]
    ordered = np.sort(np.column_stack(raw), axis=1).clip(min=0) * future["scale"].to_numpy()[:, None]
    for k, quantile in enumerate(TRAINED):
        out[name_of(quantile)] = ordered[:, k]
    return out
