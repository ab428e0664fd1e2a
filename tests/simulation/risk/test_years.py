"""Years of random events, against what is known of compound Poisson sums."""

from __future__ import annotations

import numpy as np
import pytest

from decai_forecast.simulation.risk.years import Cost, expected, year_of


def exponential(rate: float, mean: float, lengths: tuple[int, ...] = (7,)) -> Cost:
    loss = np.random.default_rng(1).exponential(mean, (1, 50_000))
    return Cost(rate, lengths, np.repeat(loss / loss.mean() * mean, len(lengths), axis=0))


@pytest.mark.parametrize("rate", [0.1, 1.0, 5.0])
def test_the_mean_is_exact_and_the_quiet_years_are_those_of_poisson(rate: float) -> None:
    """Wald: rate times mean; no event with probability exp(-rate)."""
    found = year_of([exponential(rate, 100.0)], seed=3)
    assert found.expected == pytest.approx(100.0 * rate)
    assert found.quiet == pytest.approx(np.exp(-rate), abs=0.012)


def test_value_at_risk_is_that_of_one_rare_exponential_loss() -> None:
    """Of at most about one event a year: P(loss > x) = rate exp(-x / mean) where two hardly come together."""
    found = year_of([exponential(0.2, 100.0)], seed=3)
    alone = 100.0 * np.log(0.2 / 0.05)
    assert alone * 0.95 < found.value_at_risk < alone * 1.2
    assert found.expected_beyond > found.value_at_risk


def test_lengths_are_as_likely_and_losses_linear_between_them() -> None:
    """Days 10 to 30, a loss of 2 a day: 40 in the mean, none above 60."""
    cost = Cost(1.0, (10, 20, 30), np.array([[20.0], [40.0], [60.0]]))
    assert expected(cost) == pytest.approx(40.0)
    rare = year_of([Cost(0.01, cost.lengths, cost.loss)], seed=1)
    assert rare.expected == pytest.approx(0.4)
    assert rare.value_at_risk == 0.0


def test_events_add_up_and_more_of_them_change_no_other() -> None:
    """Each has draws of its own."""
    one, other = exponential(1.0, 100.0), exponential(0.5, 40.0)
    both = year_of([one, other], seed=3)
    assert both.expected == pytest.approx(year_of([one], seed=3).expected + year_of([other], seed=3).expected)
    assert both.value_at_risk > year_of([one], seed=3).value_at_risk
    assert year_of([one, other], seed=3) == both
    assert year_of([], seed=3).expected == 0
