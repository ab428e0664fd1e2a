"""The model is that of LightGBM's distributed learner on the pooled rows: where gains are equal, and where the serial one looks
away."""

import lightgbm as lgb
import numpy as np
import pytest
from training_parties import Grow, plan, pool, pooled, structure, trained

from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.exact.rows import Rows


def doubled(seed: int, size: int) -> Rows:
    """Small whole numbers with gaps and weights; each feature there twice, so that the best split always is, too."""
    rng = np.random.default_rng(seed)
    half = rng.integers(0, 4, (size, 5)).astype(np.float32)
    half[rng.random(half.shape) < 0.05] = np.nan
    known = np.nan_to_num(half)
    label = np.sqrt(rng.poisson(1 + known[:, 0] + known[:, 1] * (known[:, 2] > 1))).astype(np.float32)
    return Rows(np.hstack([half, half]), label, rng.choice([0.5, 1.0, 2.0], size))


def doubled_plan(alpha: float | None, lambda_l2: float) -> ExactPlan:
    tree = {"num_leaves": 12, "learning_rate": 0.2, "feature_fraction": 0.5, "lambda_l2": lambda_l2}
    names = tuple(f"f{k}" for k in range(10))
    return plan(feature_names=names, alpha=alpha, weighted=True, bag=0.7, least_weight=16.0, tree=tree)


@pytest.mark.parametrize("alpha", [None, 0.5])
def test_equal_gains_are_decided_as_in_one_pool(alpha: float | None, distributed: Grow) -> None:
    """With weights, bags and a choice of features: the same text as LightGBM's distributed learner on the pooled rows; and as
    its serial one where no feature can lose by being split (no lambda_l2)."""
    parts = [doubled(k, 300 + 100 * k) for k in range(3)]
    which, free = doubled_plan(alpha, 1.0), doubled_plan(alpha, 0.0)
    assert trained(parts, which)[0].text == pooled(parts, which, distributed)
    assert trained(parts, free)[0].text == pooled(parts, free) == pooled(parts, free, distributed)


def crossed() -> Rows:
    """The label rises with the first feature where the second is 0, and falls as much where it is 1."""
    X = np.tile(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), (15, 1))
    return Rows(X, np.where(X[:, 1] > 0, 2.5 - X[:, 0], X[:, 0]).astype(np.float32))


@pytest.mark.parametrize("lambda_l2", [0.0, 1.0])
def test_a_feature_that_gains_nothing_is_looked_at_again_below(lambda_l2: float, distributed: Grow) -> None:
    """A known difference from the serial learner, which drops it there for all leaves below, however much it gains."""
    parts, tree = [crossed()] * 3, {"num_leaves": 8, "learning_rate": 1.0, "lambda_l2": lambda_l2}
    which = plan(feature_names=("crossed", "side"), alpha=None, trees=1, tree=tree)
    text, other = trained(parts, which)[0].text, pooled(parts, which)
    assert text == pooled(parts, which, distributed)
    assert structure(text)[0][0] == "split_feature=1 0 0"
    assert structure(other)[0][0] == "split_feature=1"
    X, label, _ = pool(parts)
    ours, theirs = (np.abs(lgb.Booster(model_str=one).predict(X) - label).max() for one in (text, other))
    assert ours < 0.05
    assert theirs > 0.45


def light_beside_heavy() -> Rows:
    """Where the first feature is 0: one light row for each of 40 values of the second, and many heavy ones. Else light rows."""
    values = np.arange(1, 41, dtype=np.float32)
    side = np.repeat(np.array([0, 0, 1], np.float32), (40, 60, 400))
    value = np.concatenate([values, np.zeros(60, np.float32), np.tile(values, 10)])
    label, weight = np.repeat([3.0, 0.0, 20.0], (40, 60, 400)), np.repeat([0.5, 16.0, 0.25], (40, 60, 400))
    return Rows(np.stack([side, value], axis=1), label.astype(np.float32), weight)


def test_rows_are_estimated_from_weights(distributed: Grow) -> None:
    """Another known difference: LightGBM estimates a bin's rows as its share of the leaf's weight, times the leaf's rows, and
    takes no split with a side of no rows. The serial learner counts a leaf's rows, the distributed one estimates these, too."""
    parts, tree = [light_beside_heavy()] * 3, {"num_leaves": 8, "learning_rate": 1.0, "lambda_l2": 1.0}
    which = plan(feature_names=("side", "value"), alpha=None, weighted=True, trees=1, tree=tree)
    text, other = trained(parts, which)[0].text, pooled(parts, which)
    assert text == pooled(parts, which, distributed)
    assert structure(text)[0][0] == "split_feature=0 1"
    assert structure(other)[0][0] == "split_feature=0"
