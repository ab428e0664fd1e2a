"""The engine follows its order of events and the closed forms of inventory theory."""

import numpy as np
import pytest

from decai_forecast.simulation.lost_sales import Outage, Policy, lost_sales, order_up_to, pipeline


def deterministic(levels: float, on_hand: float, lead: int, periods: int, review: int = 1) -> Policy:
    return Policy(
        np.full((1, periods), levels),
        np.array([float(on_hand)]),
        np.zeros((1, periods)),
        np.array([lead], dtype=np.int64),
        review,
    )


def test_base_stock_trajectory_by_hand() -> None:
    """Base stock 13, lead time 1, demand 12, 6, 11, 14: orders come a period late, 0, 5, 0, 12 are lost."""
    lost = lost_sales(np.array([[[12.0], [6], [11], [14]]]), deterministic(13, 13, 1, 4))
    assert lost.ravel().tolist() == [0, 5, 0, 12]


def test_no_demand_is_lost_with_stock_for_the_protection_interval() -> None:
    """Constant demand 10 and lead time 3: a level of 40 (lead time plus review) suffices, 39 does not."""
    demand = np.full((1, 20, 1), 10.0)
    assert lost_sales(demand, deterministic(40, 40, 3, 20)).sum() == 0
    assert lost_sales(demand, deterministic(39, 39, 3, 20)).sum() > 0


def test_a_longer_review_needs_more_stock() -> None:
    """Reviewed every second period the same flow needs one period's demand more."""
    demand = np.full((1, 20, 1), 10.0)
    assert lost_sales(demand, deterministic(50, 50, 3, 20, review=2)).sum() == 0
    assert lost_sales(demand, deterministic(40, 40, 3, 20, review=2)).sum() > 0


def test_outage_by_hand() -> None:
    """Level 30, lead time 2, demand 10: without shipments in periods 0 to 3, periods 3, 4 and 5 go empty, 6 is served."""
    lost = lost_sales(np.full((1, 10, 1), 10.0), deterministic(30, 30, 2, 10), Outage(4, np.ones(1))).ravel()
    assert lost[:7].tolist() == [0, 0, 0, 10, 10, 10, 0]


def test_a_second_source_keeps_its_share() -> None:
    """With half of the orders elsewhere an outage loses less than with all of them."""
    demand, policy = np.full((1, 12, 1), 10.0), deterministic(30, 30, 2, 12)
    half, all_of_it = (lost_sales(demand, policy, Outage(6, np.array([share]))).sum() for share in (0.5, 1.0))
    assert 0 < half < all_of_it


def test_order_up_to_level_is_the_normal_quantile() -> None:
    """N(50, 8), lead time 4: the level at .9 is 5 x 50 + 1.2816 x sqrt(5) x 8 = 272.9."""
    demand = np.random.default_rng(1).normal(50, 8, (1, 6, 100_000))
    levels, mean = order_up_to(demand, np.array([4], dtype=np.int64), 1, 0.9, 1)
    assert levels[0, 0] == pytest.approx(272.926, rel=1e-3)
    assert mean[0, 0] == pytest.approx(250, rel=1e-3)


@pytest.mark.parametrize(("z", "service"), [(0.5, 0.6915), (1.0, 0.8413), (1.645, 0.95)])
def test_cycle_service_level_in_the_first_cycle(z: float, service: float) -> None:
    """From a full position the stock-out probability of the first protection interval is 1 - Phi(z)."""
    demand = np.random.default_rng(2).normal(50, 8, (1, 5, 50_000))
    policy = deterministic(250 + z * 17.8885, 250 + z * 17.8885, 4, 5)
    first_order_too_late = Outage(1, np.ones(1))
    lost = lost_sales(demand, policy, first_order_too_late)
    assert 1 - (lost > 0).any(axis=1).mean() == pytest.approx(service, abs=0.01)


def test_pipeline_fills_up_to_the_level() -> None:
    """In transit is what stock lacks to the level, never more than the lead time's demand."""
    mean, lead = np.full((3, 4), 10.0), np.array([2, 2, 2], dtype=np.int64)
    found = pipeline(np.array([30.0, 30, 30]), np.array([30.0, 14, 0]), mean, lead)
    assert found.tolist() == [[0, 0, 0, 0], [8, 8, 0, 0], [10, 10, 0, 0]]
