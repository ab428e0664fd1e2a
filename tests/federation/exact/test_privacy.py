"""What noise a private training adds, what that promises, and what it refuses."""

import math
from decimal import Decimal, getcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_parties import companies, outcomes, plan, records, together

from decai_forecast.federation.exact.errors import Begun, Denied, OutOfRange, Refused
from decai_forecast.federation.exact.noise import DiscreteGaussian, Noise
from decai_forecast.federation.exact.privacy import Costs, Private, epsilon_of, private_for, rho_of
from decai_forecast.federation.exact.private import costs_of

TREE = {"num_leaves": 4, "max_depth": 2, "learning_rate": 0.2, "feature_fraction": 0.5}


@pytest.mark.parametrize(("sigma", "expected"), [(2, 9.8482), (5, 3.4630), (20, 0.7717)])
def test_epsilon_of_twelve_uses_is_what_other_accountants_say(sigma: float, expected: float) -> None:
    """Values of OpenDP for 12 sums of sensitivity 1 at delta 1e-6."""
    assert epsilon_of(12 / (2 * sigma**2), 1e-6) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("epsilon", [0.1, 1, 3, 10])
def test_the_budget_found_for_an_epsilon_promises_it(epsilon: float) -> None:
    """And nearly all of it is used."""
    assert 0.999 * epsilon <= epsilon_of(rho_of(epsilon, 1e-6), 1e-6) <= epsilon


@pytest.mark.parametrize(("epsilon", "delta"), [(0, 1e-6), (-1, 1e-6), (math.nan, 1e-6), (3, 0), (3, 0.5)])
def test_a_promise_of_nothing_is_refused(epsilon: float, delta: float) -> None:
    """An epsilon or delta without meaning is named."""
    with pytest.raises(Refused) as raised:
        rho_of(epsilon, delta)
    expected = "expected 0 < epsilon <= 100 and 0 < delta < 0.01, such as 3 and 1e-6"
    assert str(raised.value) == f"epsilon {epsilon}, delta {delta}: {expected}"


def test_all_releases_together_cost_the_budget_and_no_more() -> None:
    """Start, losses, and every tree's root, histograms (one per level) and leaves."""
    costs = costs_of(plan(trees=25, tree=TREE), Private(0.5, 1.5))
    assert costs == Costs(0.5, 25, 2, 3, 3)
    assert costs.spent == pytest.approx(0.5, rel=1e-12)


def test_the_noise_of_a_histogram_covers_what_one_row_changes_in_it() -> None:
    """A row stands in one bin of each feature, with a gradient and a weight: half its squared distance, in units of the
    noise, is what the accounting charges."""
    costs, bounds = Costs(0.5, 25, 2, 3, 3), (9.0, 1.0)
    worst = sum(3 * bound**2 / costs.sigma("hist", bound) ** 2 for bound in bounds)
    assert worst / 2 == pytest.approx(costs.of["hist"])


def test_drawn_noise_is_the_discrete_gaussian() -> None:
    """The table's distance from the distribution computed with fifty digits is below 2^-55."""
    getcontext().prec = 50
    one = DiscreteGaussian(7.3)
    chances = [(-(Decimal(k) ** 2) / (2 * Decimal(one.sigma) ** 2)).exp() for k in range(-one.reach, one.reach + 1)]
    upto = [0, *(int(x) for x in one._upto), 2**63]
    drawn = [Decimal(b - a) / 2**63 for a, b in pairwise(upto)]
    assert sum(abs(a / sum(chances) - b) for a, b in zip(chances, drawn, strict=True)) / 2 < Decimal(2) ** -55


def test_noise_has_its_deviation_and_no_bias() -> None:
    """Within five standard errors."""
    drawn = DiscreteGaussian(300.0).draw(40_000)
    assert abs(drawn.mean()) < 5 * 300 / 200
    assert abs(drawn.std() / 300 - 1) < 5 / math.sqrt(80_000)


@pytest.mark.parametrize("parties", [3, 5])
def test_the_noise_is_full_for_a_participant_though_another_adds_none(parties: int) -> None:
    """What the others but one add has the variance that was accounted."""
    one = Noise({"leaf": [100.0]}, parties, {"leaf": 100})
    shares = [one("leaf", 0, np.zeros(20_000, np.int64)) for _ in range(parties - 2)]
    assert np.sum(shares, axis=0).std() == pytest.approx(100, rel=0.03)


def test_what_has_no_noise_is_not_sent() -> None:
    """A phase that is not named, and a histogram more than the tree's depth allows."""
    noise = Noise({"hist": [10.0, 10.0]}, 3, {"hist": 1})
    with pytest.raises(Denied, match="bins: a private training has no noise for it"):
        noise("bins", 0, np.zeros(1, np.int64))
    for column in (0, 1):
        noise("hist", column, np.zeros(1, np.int64))
    with pytest.raises(Denied, match="asked for 2 times in a tree; its noise is made for 1"):
        noise("hist", 0, np.zeros(1, np.int64))


def test_noise_beyond_what_can_be_drawn_is_refused() -> None:
    """Too small an epsilon is named, not rounded."""
    with pytest.raises(OutOfRange, match="noise of 1e\\+06 steps"):
        DiscreteGaussian(1e6)


@pytest.mark.parametrize("changes", [{"alpha": None}, {"bag": 0.7}, {"tree": {"num_leaves": 4}}])
def test_a_plan_whose_cost_is_not_bounded_is_refused(changes: dict[str, Any]) -> None:
    """The mean, bags, and trees of any depth."""
    with pytest.raises(Refused, match="a private model is of a quantile, without bags, with a max_depth from 1 to 8"):
        costs_of(plan(**{"tree": TREE} | changes), Private(0.5, 1.5))


def test_companies_train_one_private_model_once(tmp_path: Path) -> None:
    """All end with the same text; a second one of the same rows would cost again and is refused by everybody."""
    parts, which = companies(3, 300, weighted=True), plan(weighted=True, trees=3, tree=TREE, private=private_for(50, 1e-6, 3))
    first, second = outcomes(parts, which, tmp_path), outcomes(parts, which, tmp_path)
    assert len({one.text for one in first}) == 1
    assert all(isinstance(one, Begun) for one in second)
    assert records(0, tmp_path).accountant.rho() == pytest.approx(rho_of(50, 5e-7) / 3)


def test_a_cut_off_has_one_budget(tmp_path: Path) -> None:
    """More quantiles than it was divided by are refused."""
    own, private = records(0, tmp_path), private_for(3, 1e-6, 2)
    for alpha in (0.1, 0.5):
        own.spend(plan(alpha=alpha, private=private), private.rho)
    with pytest.raises(Begun, match="are spent, and a model is paid for once"):
        own.spend(plan(alpha=0.9, private=private), private.rho)


def test_a_total_shows_the_noise_of_all() -> None:
    """Every participant's sum of zeros is the same noise, which none of them added alone."""

    def part(session):
        session.noise = Noise({"leaf": [50.0]}, session.size, {"leaf": 1})
        return session.secure_sum("leaf", np.zeros(2_000, np.int64), 8)

    sums = together([part] * 3)
    assert all((one == sums[0]).all() for one in sums)
    assert sums[0].std() == pytest.approx(50 * math.sqrt(3), rel=0.1)
