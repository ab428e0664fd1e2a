"""Measures have the field's definitions."""

import numpy as np
import pytest

from decai_forecast.simulation import days_of_supply, hhi, standard_error
from decai_forecast.simulation.measures import first_below, low_quantile, served


def test_days_of_supply_as_in_catena_x() -> None:
    """CX-0145, table 12, days 0 to 4: full days, then the remaining stock over the next day's demand."""
    demand = np.array([40.0, 60, 50, 50, 60, 50])
    ahead = np.array([[*demand[day:], *[50.0] * day] for day in range(5)])
    found = days_of_supply(np.array([100.0, 60, 60, 110, 60]), ahead)
    assert found == pytest.approx([2.00, 1.00, 1.20, 2.00, 1.00])


def test_days_of_supply_beyond_the_horizon_are_not_a_number() -> None:
    """Stock that outlasts the horizon has no figure; no stock against demand lasts 0 days; no demand needs no stock."""
    found = days_of_supply(np.array([9.0, 0.0, 0.0, 5.0]), np.array([[1.0, 1], [2, 2], [0, 0], [0, 10]]))
    assert np.isnan(found[[0, 2]]).all()
    assert found[[1, 3]] == pytest.approx([0, 1.5])


def test_hhi_is_the_sum_of_squared_shares() -> None:
    """Shares .5, .3, .2 give 0.38."""
    assert hhi(np.array([0.5, 0.3, 0.2])) == pytest.approx(0.38)


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
    first = first_below(service, 0.9)
    assert first.tolist() == [1, np.inf, 0]
    assert low_quantile(first, 0.5) == 1
    assert np.isnan(low_quantile(first, 0.9))
