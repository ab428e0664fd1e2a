"""The mean of demand, learned over all companies' rows: Tweedie, as an own model's mean is (see local.fit_mean).

Trees of a logarithm multiply, as seasons and promotions do, and a mean with many zeros does not follow from three quantiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.demand.local import TREE_PARAMS, TREES, TWEEDIE, dataset
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import implied_mean
from decai_forecast.demand.target import LARGEST_RATIO, from_target

__all__ = ["fit_shared_mean", "with_shared_mean"]


def fit_shared_mean(train: pd.DataFrame, *, seed: int) -> str:
    """The model text of the mean of quantity / scale, from the pooled rows of all companies (see Prepared); empty where nothing
    was sold. A federation trains the same without pooling (``federation.exact``)."""
    import lightgbm as lgb

    ratio = from_target(train["target"].to_numpy(), 1.0)
    if not ratio.sum() > 0:
        return ""
    params: dict[str, Any] = dict(TREE_PARAMS) | TWEEDIE | {"seed": seed}
    return str(lgb.train(params, dataset(train, ratio), TREES).model_to_string())


def with_shared_mean(forecast: pd.DataFrame, model: str, future: pd.DataFrame) -> pd.DataFrame:
    """``forecast`` (q10, q50, q90 of the rows of ``future``) with ``mean``, in units: by ``model``, or as the quantiles imply
    it where ``model`` is empty.

    A text from outside must have been validated. No mean is beyond ``LARGEST_RATIO`` times the scale, as no target is.
    """
    return forecast.assign(mean=_predicted(model, future) if model else implied_mean(forecast))


def _predicted(model: str, future: pd.DataFrame) -> Floats:
    import lightgbm as lgb

    booster = lgb.Booster(model_str=model)
    ratio = booster.predict(future[booster.feature_name()].to_numpy(np.float32), num_threads=1)
    return np.asarray(np.minimum(ratio, LARGEST_RATIO) * future["scale"].to_numpy(float), dtype=float)
