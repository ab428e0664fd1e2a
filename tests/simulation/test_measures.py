"""Measures have the field's definitions."""

import numpy as np
import pytest

from decai_forecast.simulation import days_of_supply, standard_error
from decai_forecast.simulation.measures import (
    bullwhip,
    first_failure,
    in_failure,
    loss_of_service,
    low_quantile,
    ripple,
    served,
    service_recovery,
)


def test_days_of_supply_beyond_the_horizon_are_not_a_number() -> None:
    """Stock that outlasts the horizon has no figure; no stock against demand lasts 0 days; no demand needs no stock."""
    found = days_of_supply(np.array([9.0, 0.0, 0.0, 5.0]), np.array([[1.0, 1], [2, 2], [0, 0], [0, 10]]))
    assert np.isnan(found[[0, 2]]).all()
    assert found[[1, 3]] == pytest.approx([0, 1.5])


def test_standard_error_is_binomial() -> None:
    """5 % of 1,000 replications is known to 0.7 points."""
    assert standard_error(np.array([0.05]), 1000)[0] == pytest.approx(0.0069, abs=1e-4)


def test_fill_rate_without_demand_is_unknown() -> None:
    """Nothing asked for, nothing served: no ratio."""
    assert np.isnan(served(np.array([0.0]), np.array([0.0])))[0]
    assert served(np.array([8.0]), np.array([2.0]))[0] == pytest.approx(0.75)


def test_time_to_failure_counts_periods_before_it() -> None:
    """The first period below the level; a quantile that lies beyond the horizon is unknown."""
    service = np.array([[1.0, 1, 0.5], [0.8, 1, 0.5], [0.7, 1, 0.5]])
    first = first_failure(in_failure(service, 0.9, 0.95))
    assert first.tolist() == [1, np.inf, 0]
    assert low_quantile(first, 0.5) == 1
    assert np.isnan(low_quantile(first, 0.9))


def test_recovery_counts_from_the_start_to_where_service_holds() -> None:
    """A failure begins below 90 % and ends at 95 %; service in between belongs to what was before."""
    service = np.array([0.92, 0.89, 0.93, 0.96, 0.91, 0.97])
    assert in_failure(service, 0.9, 0.95).tolist() == [False, True, True, False, False, False]
    assert service_recovery(in_failure(service, 0.9, 0.95)) == 3
    assert service_recovery(in_failure(service[1:], 0.9, 0.95)) == 2


def test_recovery_that_never_comes_is_not_a_number() -> None:
    """Per replication: none was needed, within the horizon, after a relapse, not within the horizon."""
    service = np.array([[1.0, 0.5, 0.5, 1.0], [1.0, 1.0, 1.0, 0.8], [0.94, 1.0, 0.8, 0.9], [1.0, 1.0, 1.0, 0.94]])
    found = service_recovery(in_failure(service, 0.9, 0.95))
    assert found[:3].tolist() == [0, 1, 3]
    assert np.isnan(found[3])


def test_a_failure_that_would_have_been_anyway_is_nobodys_doing() -> None:
    """What is within a point of service without the shock has not failed by it; what falls further has, until it is back."""
    usual = np.array([0.97, 0.80, 0.80, 0.80, 0.97])
    service = np.array([0.97, 0.795, 0.70, 0.795, 0.97])
    assert in_failure(service, 0.9, 0.95, usual).tolist() == [False, False, True, False, False]


def test_loss_of_service_is_an_area() -> None:
    """Two weeks 10 and 30 points below the target are 2.8 service-days; better service does not make up for it."""
    area, depth = loss_of_service(np.array([1.0, 0.85, 0.65, 0.99]), 0.95, 7)
    assert (float(area), float(depth)) == pytest.approx((2.8, 0.3))


def test_ripple_is_lost_service_of_the_others() -> None:
    """As a share of what they are asked for; nobody asks the last one."""
    found = ripple(np.array([90.0, 50, 0]), np.array([[90.0, 25, 0], [45, 50, 0]]), np.array([100.0, 50, 0]))
    assert found[:, :2] == pytest.approx(np.array([[0, 0.5], [0.45, 0]]))
    assert np.isnan(found[:, 2]).all()


def test_bullwhip_of_a_demand_that_stands_still_is_not_a_number() -> None:
    """The ratio of variances, from sums and sums of squares."""
    orders, demand = np.array([8.0, 12, 6, 14]), np.array([9.0, 11, 9, 11])
    sums = [np.array([[values.sum(), (values**2).sum()]]) for values in (orders, demand, np.full(4, 10.0))]
    assert bullwhip(sums[0], sums[1], 4)[0] == pytest.approx(orders.var() / demand.var())
    assert np.isnan(bullwhip(sums[0], sums[2], 4)[0])
