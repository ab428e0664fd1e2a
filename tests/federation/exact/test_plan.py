"""The plan of an exact training: what the demand models' parameters become, and what is part of its digest."""

from typing import Any

import pytest
from training_parties import FEATURES, plan

from decai_forecast.demand import TREE_PARAMS, TREES
from decai_forecast.errors import FederationError
from decai_forecast.federation.exact.errors import Refused
from decai_forecast.federation.exact.plan import ExactPlan, from_demand


def demanded(**changes: Any) -> ExactPlan:
    return from_demand(dict(TREE_PARAMS) | changes, "s", FEATURES, TREES, 7, alpha=0.9, weighted=True)


def test_the_demand_models_parameters_are_exact() -> None:
    """Whoever tunes them finds out here what the shared training cannot take."""
    made, params = demanded(), demanded().params(3)
    assert made.least_weight == TREE_PARAMS["min_data_in_leaf"]
    assert made.bag == TREE_PARAMS["bagging_fraction"]
    for name in ("num_leaves", "learning_rate", "lambda_l2", "max_bin", "feature_fraction"):
        assert params[name] == TREE_PARAMS[name]
    assert (params["objective"], params["min_data_in_leaf"], params["seed"]) == ("none", 1, 10)
    assert not {"bagging_fraction", "bagging_freq", "alpha"} & set(params)


@pytest.mark.parametrize(
    "changes",
    [{"bagging_freq": 5}, {"min_data_in_leaf": 5}, {"path_smooth": 1.0}, {"min_gain_to_split": 0.1}, {"linear_tree": True}],
)
def test_what_is_not_exact_is_refused_by_name(changes: dict[str, Any]) -> None:
    """As an error of the federation, with a code that may cross."""
    with pytest.raises(Refused, match=rf"{next(iter(changes)).split('_')[0]}|leaves of weight 5"):
        demanded(**changes)
    assert issubclass(Refused, FederationError)


@pytest.mark.parametrize(
    "changes",
    [{"seed": 8}, {"trees": 7}, {"alpha": 0.9}, {"subject": "x"}, {"weighted": True}, {"bag": 0.5}, {"tree": {"max_bin": 31}}],
)
def test_any_difference_is_another_plan(changes: dict[str, Any]) -> None:
    """Its digest tells; a default that is spelled out does not."""
    assert plan(**changes).digest != plan().digest
    assert plan(tree={"num_leaves": 31}).digest == plan(tree={}).digest
