"""What companies train together is what one company with all of their rows would train."""

import lightgbm as lgb
import numpy as np
import pytest
from training_parties import companies, plan, pool, pooled, rows, stock, structure, trained

ALPHAS = [None, 0.1, 0.5, 0.9]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_the_model_is_that_of_the_pooled_rows_to_the_last_bit(alpha: float | None, weighted: bool) -> None:
    """With private bags and a choice of features per tree: the same text, at every participant."""
    parts = companies(weighted=weighted)
    which = plan(alpha=alpha, weighted=weighted, bag=0.7, tree={"num_leaves": 8, "learning_rate": 0.2, "feature_fraction": 0.5})
    assert {one.text for one in trained(parts, which)} == {pooled(parts, which)}


@pytest.mark.parametrize("weighted", [False, True])
def test_the_mean_of_demand_is_that_of_the_pooled_rows_to_the_last_bit(weighted: bool) -> None:
    """Tweedie, whose hessians are no weights: the same text at every participant."""
    parts = companies(weighted=weighted)
    tree = {"num_leaves": 8, "learning_rate": 0.2, "feature_fraction": 0.5}
    which = plan(alpha=None, tweedie=1.3, weighted=weighted, bag=0.7, tree=tree)
    assert {one.text for one in trained(parts, which)} == {pooled(parts, which)}


@pytest.mark.parametrize("power", [1.1, 1.3, 1.7])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_mean_of_demand_is_what_stock_lightgbm_trains(power: float, weighted: bool) -> None:
    """Against ``lgb.train`` with ``objective=tweedie`` on the squared labels: the same splits, means within 1e-6 of theirs."""
    parts = companies(weighted=weighted)
    which = plan(alpha=None, tweedie=power, weighted=weighted, least_weight=80.0)  # no leaf of fewer than ten rows
    text, other = trained(parts, which)[0].text, stock(parts, which)
    X = pool(parts)[0]
    assert structure(text) == structure(other.model_to_string())
    ours, theirs = lgb.Booster(model_str=text).predict(X, num_threads=1), other.predict(X, num_threads=1)
    assert np.abs(ours / theirs - 1).max() <= 1e-6


@pytest.mark.parametrize(("alpha", "weighted"), [(None, False), (None, True), (0.1, False), (0.5, False), (0.9, False)])
def test_it_is_what_stock_lightgbm_trains(alpha: float | None, weighted: bool) -> None:
    """Against ``lgb.train`` with its own objective: the same splits; values apart by rounding, at most 1e-6 (1e-9 for the
    mean) of the largest label."""
    parts, which = companies(weighted=weighted), plan(alpha=alpha, weighted=weighted)
    text, other = trained(parts, which)[0].text, stock(parts, which)
    X, label, _ = pool(parts)
    assert structure(text) == structure(other.model_to_string())
    apart = np.abs(lgb.Booster(model_str=text).predict(X, num_threads=1) - other.predict(X, num_threads=1)).max()
    assert apart <= (1e-9 if alpha is None else 1e-6) * np.abs(label).max()


@pytest.mark.parametrize("count", [4, 5])
def test_more_participants_than_a_tree_has_features(count: int) -> None:
    """Some own no block of the histogram and still see the same tree."""
    parts = companies(count, size=120)
    which = plan(alpha=0.5, trees=3, tree={"num_leaves": 6, "feature_fraction": 0.4})
    assert {one.text for one in trained(parts, which)} == {pooled(parts, which)}


def test_a_company_with_a_single_row_changes_the_model_as_its_row_does() -> None:
    """Nobody is too small to take part."""
    parts = companies(3)
    parts[1] = type(parts[1])(parts[1].X[:1], parts[1].label[:1])
    which = plan(alpha=0.9, trees=3)
    assert trained(parts, which)[0].text == pooled(parts, which)


def test_rows_whose_number_is_a_power_of_two() -> None:
    """The bound of the sums then lies on the edge of what is exact."""
    parts = [rows(k, size) for k, size in enumerate((300, 300, 424))]
    which = plan(alpha=None, trees=2)
    assert trained(parts, which)[0].text == pooled(parts, which)
