"""The demand table, features, local models, backtests and the combination: everything a partner does on its own rows.

Importing this is light; LightGBM and Prophet are loaded by the functions that need them.
"""

from decai_forecast.demand.calibrate import Calibration, calibrate
from decai_forecast.demand.candidates import all_candidates, candidate_models, local_candidates
from decai_forecast.demand.censoring import mark_censored, unconstrain
from decai_forecast.demand.combine import Choice, candidates, choose, choose_groups, chosen, finished, short_history
from decai_forecast.demand.features import FEATURES
from decai_forecast.demand.local import (
    TREE_PARAMS,
    TREES,
    fit,
    fit_mean,
    predict,
    predict_on_top,
    predict_own,
    train_local,
)
from decai_forecast.demand.metrics import Scores, score, wape
from decai_forecast.demand.prepare import MAX_TRAINING_ROWS, Prepared, prepare
from decai_forecast.demand.quantiles import LEVELS, TRAINED, implied_mean, to_levels
from decai_forecast.demand.shared_mean import fit_shared_mean, with_shared_mean
from decai_forecast.demand.shared_tree_count import SharedOrigin, SharedTreeCount, choose_shared_tree_count
from decai_forecast.demand.table import build_table
from decai_forecast.demand.tree_count import Own, TreeCount, choose_tree_count, train_own

__all__ = [
    "FEATURES",
    "LEVELS",
    "MAX_TRAINING_ROWS",
    "TRAINED",
    "TREES",
    "TREE_PARAMS",
    "Calibration",
    "Choice",
    "Own",
    "Prepared",
    "Scores",
    "SharedOrigin",
    "SharedTreeCount",
    "TreeCount",
    "all_candidates",
    "build_table",
    "calibrate",
    "candidate_models",
    "candidates",
    "choose",
    "choose_groups",
    "choose_shared_tree_count",
    "choose_tree_count",
    "chosen",
    "finished",
    "fit",
    "fit_mean",
    "fit_shared_mean",
    "implied_mean",
    "local_candidates",
    "mark_censored",
    "predict",
    "predict_on_top",
    "predict_own",
    "prepare",
    "score",
    "short_history",
    "to_levels",
    "train_local",
    "train_own",
    "unconstrain",
    "wape",
    "with_shared_mean",
]
