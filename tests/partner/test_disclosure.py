"""What a company's report says has left it: by its own record, whatever became of the training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from parties import ROUND

from decai_forecast.federation.disclosure import record_disclosure
from decai_forecast.federation.exact.privacy import epsilon_of
from decai_forecast.link import Evaluation, SharedRound, SharedStatus
from decai_forecast.network import Privacy
from decai_forecast.partner.disclosure import ANSWERED, COMPARED, SCORED, disclosed
from decai_forecast.reports import Left
from decai_forecast.store import Store
from decai_forecast.strategies import all_strategies, strategy_of

SHARED = SharedRound(ROUND.id, ROUND.as_of, SharedStatus.TRAINED, ("a", "b", "c"), 3, ("a", "b", "c"), strategy="exact")
KEPT = replace(SHARED, status=SharedStatus.KEPT, members=(), strategy="")
SHIPS = Evaluation(True, "it is better")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "a")


def training(strategy: str) -> tuple[Left, ...]:
    return tuple(Left(one.what, one.to) for one in strategy_of(strategy).discloses)


def test_who_trained_nothing_answered(store: Store) -> None:
    """Its verdict, its rows and its code left, and nothing else."""
    assert disclosed(store, "a", KEPT, None, figures=False) == (ANSWERED,)


def test_figures_are_told_where_they_were_given(store: Store) -> None:
    """At the end."""
    assert disclosed(store, "a", KEPT, None, figures=True) == (ANSWERED, COMPARED)


@pytest.mark.parametrize("strategy", [one.name for one in all_strategies()])
def test_a_member_tells_what_its_strategy_discloses(store: Store, strategy: str) -> None:
    """Every strategy says something, and to whom."""
    lines = disclosed(store, "a", replace(SHARED, strategy=strategy), None, figures=False)
    assert lines == (*training(strategy), ANSWERED)
    assert len(lines) > 1
    assert all(line.what and line.to for line in lines)


def test_a_training_that_did_not_end_is_told(store: Store) -> None:
    """The company's own record counts, not what was published: sums that left have left."""
    record_disclosure(store, ROUND.id, "median")
    assert disclosed(store, "a", KEPT, None, figures=False) == (*training("median"), ANSWERED)


def test_the_own_record_counts_against_what_is_published(store: Store) -> None:
    """Whoever publishes another strategy does not change what left."""
    record_disclosure(store, ROUND.id, "bagging")
    assert disclosed(store, "a", SHARED, None, figures=False) == (*training("bagging"), ANSWERED)


def test_another_round_is_another_record(store: Store) -> None:
    """What left then is not told again."""
    record_disclosure(store, "2026-06-28", "bagging")
    assert disclosed(store, "a", KEPT, None, figures=False) == (ANSWERED,)


def test_a_comparison_of_forecasters_is_told_by_members(store: Store) -> None:
    """Who did not train, or was put out on the way, was not asked for its loss."""
    scored = replace(SHARED, evaluation=SHIPS)
    record_disclosure(store, ROUND.id, "exact")
    assert disclosed(store, "d", scored, None, figures=False) == (*training("exact"), ANSWERED)
    assert SCORED in disclosed(store, "a", scored, None, figures=False)
    assert SCORED not in disclosed(store, "a", SHARED, None, figures=False)


def test_without_a_private_training_no_noise_is_told(store: Store) -> None:
    """A network with privacy whose company has spent nothing this round."""
    assert disclosed(store, "a", KEPT, Privacy(3, 30), figures=False) == (ANSWERED,)


def test_what_noise_leaves_to_be_told_is_told(store: Store) -> None:
    """By the company's own accountant: this round's cost, all of it, and the budget; also where the training did not end."""
    store.write_json("federation/exact/spent/1.json", {"subject": "2026-06-29", "alpha": 0.5, "rho": 0.01, "round": ROUND.id})
    store.write_json(
        "federation/exact/spent/2.json", {"subject": "2026-06-22", "alpha": 0.5, "rho": 0.01, "round": "2026-06-22"}
    )
    noise, answered = disclosed(store, "a", KEPT, Privacy(3, 30), figures=False)
    assert answered == ANSWERED
    assert noise.to == "all companies that train, and whoever reads the models"
    tonight, all_rounds = (epsilon_of(rho, 1e-6 / 2) for rho in (0.01, 0.02))
    costs = f"epsilon {tonight:.2f} tonight, {all_rounds:.2f} of 30 spent (delta 1e-06)"
    assert noise.what == f"what noise leaves to be told of a training row, by all sums and models: {costs}"
