"""Quantiles found on summed counts are those of the sorted pool."""

import numpy as np
import pytest
from training_parties import alone, companies, together

from decai_forecast.federation.exact.bins import MIN_BIN_ROWS, agree_bins
from decai_forecast.federation.exact.order import Renewal, code, decode

AWKWARD = np.array([0.0, -0.0, 1e-40, -1e-40, 1.5, -1.5, 3e38, -3e38, 1e-10], np.float32)


def test_codes_are_ordered_as_values_are() -> None:
    """Back and forth without loss; minus zero is zero."""
    assert np.array_equal(decode(code(AWKWARD)), AWKWARD.astype(float))
    assert code(-0.0) == code(0.0)
    ordered = np.sort(AWKWARD)
    assert (np.diff(code(ordered).astype(np.int64)) >= 0).all()


def test_bins_are_those_of_the_pooled_rows() -> None:
    """With ties, gaps, a constant and a feature that one company lacks; the same digest everywhere."""
    parts = companies()
    parts[1].X[:, 0] = np.nan
    found = together([lambda session, k=k: agree_bins(session.secure_sum, parts[k].X, 15) for k in range(3)])
    X = np.concatenate([part.X for part in parts])
    pool = agree_bins(alone, X, 15)
    assert {one.digest for one in found} == {pool.digest}
    for feature, points in enumerate(pool.quantiles):
        known = np.sort(X[~np.isnan(X[:, feature]), feature])
        asked = min(60, len(known) // MIN_BIN_ROWS)
        ranks = np.ceil(len(known) * np.arange(1, asked + 1) / (asked + 1)).astype(int)
        assert np.array_equal(points[:asked], known[ranks - 1])


def test_a_feature_that_few_rows_know_gets_no_bins() -> None:
    """Its quantiles would be single rows' values."""
    X = np.full((500, 2), np.nan, np.float32)
    X[: MIN_BIN_ROWS - 1, 0], X[:, 1] = np.arange(MIN_BIN_ROWS - 1), np.arange(500)
    assert np.isnan(agree_bins(alone, X, 15).quantiles[0]).all()


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("weighted", [True, False])
def test_leaves_get_the_quantile_of_their_rows(alpha: float, weighted: bool) -> None:
    """Over ties, a leaf without rows and one with a single row."""
    rng = np.random.default_rng(3)
    values, leaf = np.round(rng.normal(size=400), 1).astype(np.float32).astype(float), rng.integers(0, 4, 400)
    leaf[0], steps = 5, rng.integers(0, 9, 400)
    steps[0] = 3
    found = Renewal(alpha, weighted, 1, 10**6).values(alone, values, steps, leaf, 6)
    assert np.isnan(found[4])
    assert found[5] == values[0]
    for k in range(4):
        own = (leaf == k) & (steps > 0)
        spread = np.sort(np.repeat(values[own], steps[own]) if weighted else values[own])
        rank = alpha * len(spread) if weighted else alpha * (len(spread) - 1)
        lower, upper = spread[int(rank)], spread[min(int(rank) + (not weighted), len(spread) - 1)]
        assert lower + (upper - lower) * (rank % 1) == pytest.approx(found[k], abs=1e-12)


def test_a_leaf_with_few_rows_has_no_value() -> None:
    """A quantile of three rows is a row."""
    rule = Renewal(0.5, True, 4, 100)
    found = rule.values(alone, np.arange(7.0), np.ones(7, np.int64), np.array([0, 0, 0, 1, 1, 1, 1]), 2)
    assert np.isnan(found[0])
    assert found[1] == 5.0
