"""A company answers what its own files say: a coordinator's parameters, quantiles, features, trees and rounds do not count."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from members import FEATURES, SHIP, member, plan, rows

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import FederationError
from decai_forecast.federation import Plan
from decai_forecast.federation.ask import ask
from decai_forecast.federation.client_app import make_app
from decai_forecast.federation.gate.questions import Terms, check_plan, check_turn, quorum_of
from decai_forecast.federation.local_grid import LocalGrid
from decai_forecast.federation.preflight import OtherTerms
from decai_forecast.strategies import all_strategies

READING = {"num_leaves": 2000, "min_data_in_leaf": 1, "learning_rate": 1.0, "lambda_l2": 0.0, "max_bin": 2000}
TWELVE: dict[str, tuple[dict[str, Any], str]] = {  # what is asked otherwise -> the code that leaves
    "leaves that hold one row": ({"params": dict(TREE_PARAMS) | READING}, "other_terms"),
    "a parameter left out": ({"params": {k: v for k, v in TREE_PARAMS.items() if k != "lambda_l2"}}, "other_terms"),
    "an objective of its own": ({"params": dict(TREE_PARAMS) | {"objective": "regression_l1"}}, "other_terms"),
    "a file to write": ({"params": dict(TREE_PARAMS) | {"output_model": "model.txt"}}, "other_terms"),
    "nineteen quantiles": ({"quantiles": tuple(round(0.05 * k, 2) for k in range(1, 20))}, "other_terms"),
    "a quantile twice": ({"quantiles": (0.5, 0.5)}, "other_terms"),
    "the target as a feature": ({"feature_names": ("target", *FEATURES)}, "other_features"),
    "one feature alone": ({"feature_names": ("a",)}, "other_features"),
    "a column that is none": ({"feature_names": (*FEATURES, "customer")}, "other_features"),
    "more rounds": ({"rounds": 13}, "other_terms"),
    "more trees": ({"trees_per_round": 6}, "other_terms"),
    "another agreement": ({"agreed": "0" * 64}, "other_agreement"),
    "to wait for ever": ({"patience": 1e9}, "other_terms"),
}


def answer(folder: Path, which: Plan, kind: str, values: Mapping[str, Any], strategy: str) -> Any:
    """What a company whose own files say ``strategy`` answers."""
    one = member(folder, "victim", {SHIP: rows(size=300)})
    node = {"partner": "victim", "store": one.store, "agreed": "1" * 64, "strategy": strategy}
    with LocalGrid(make_app(), [node], which.to_config(), workers=1) as grid:
        (reply,) = ask(grid, grid.get_node_ids(), kind, values, 60, group="x").values()
    return reply.error.reason if reply.has_error() else dict(reply.content["config"])


@pytest.mark.parametrize("asked", TWELVE)
@pytest.mark.parametrize("strategy", [one.name for one in all_strategies()])
def test_nothing_leaves_for_a_question_that_is_not_the_companys(asked: str, strategy: str, tmp_path: Path) -> None:
    """For every strategy, a question for a training and one for what the company has."""
    changes, code = TWELVE[asked]
    basis = plan(strategy, rounds=1, turns=1)
    if asked in ("more rounds", "more trees"):
        own = Terms.of_release(strategy)
        changes = {"rounds": own.rounds + 1} if asked == "more rounds" else {"trees_per_round": own.trees_per_round + 1}
    which = replace(basis, **changes)
    values = {"cutoff": SHIP.isoformat(), "boosting-round": 0, "since": 0, "starts": [1.0] * len(which.quantiles)}
    values |= {f"trees-{quantile}": b"" for quantile in which.quantiles}
    assert answer(tmp_path, which, f"train.{strategy}", values, strategy) == code
    assert answer(tmp_path, which, "query", values, strategy)["code"] == code


def test_less_is_answered(tmp_path: Path) -> None:
    """Fewer trees, rounds and quantiles tell less than was agreed."""
    which = plan(rounds=1, quantiles=(0.5,))
    found = answer(tmp_path, which, "train.bagging", {"cutoff": SHIP.isoformat(), "boosting-round": 0, "since": 0,
                   "starts": [1.0], "trees-0.5": b""}, "bagging")  # fmt: skip
    assert found["rows"] == 300


@pytest.mark.parametrize(
    ("number", "since", "starts"), [(4, 0, [1.0]), (0, 1, [1.0]), (-1, -1, [1.0]), (0, 0, []), (0, 0, [float("nan")])]
)
def test_a_turn_lies_within_the_plan(number: int, since: int, starts: list[float]) -> None:
    with pytest.raises(OtherTerms):
        check_turn(plan(rounds=4, quantiles=(0.5,)), number, since, starts)


def test_after_a_few_trainings_of_a_cutoff_there_are_no_more_trees(tmp_path: Path) -> None:
    """Each other score that a coordinator sends is another look at the same rows."""
    which = plan(rounds=1, quantiles=(0.5,))
    codes = [
        answer(tmp_path, which, "train.bagging", {"cutoff": SHIP.isoformat(), "boosting-round": 0, "since": 0,
               "starts": [float(k)], "trees-0.5": b""}, "bagging") for k in range(9)
    ]  # fmt: skip
    assert [isinstance(one, dict) for one in codes] == [True] * 8 + [False]
    assert codes[-1] == "exact_refused"


@pytest.mark.parametrize(("own", "pinned", "expected"), [(8, 12, 8), (0, 12, 8), (0, 4, 3), (2, 12, 3), (0, 0, 3), (0, 7, 5)])
def test_the_quorum_is_the_companys_own(own: int, pinned: int, expected: int) -> None:
    """Its own file's, or two thirds of whom it has pinned, and never fewer than three."""
    assert quorum_of({"quorum": own} if own else {}, {f"p{k}": b"" for k in range(pinned)}) == expected


def test_what_cannot_be_read_is_malformed(tmp_path: Path) -> None:
    """Not the text of an error, which the coordinator could have chosen."""
    node = {"partner": "victim", "store": str(tmp_path), "agreed": ""}
    config = plan().to_config() | {"params": "{"}
    with LocalGrid(make_app(), [node], config, workers=1) as grid:
        (reply,) = ask(grid, grid.get_node_ids(), "train.bagging", {"cutoff": "x"}, 60, group="x").values()
    assert reply.error.reason == "malformed"


def test_a_private_network_is_not_asked_for_less_noise() -> None:
    with pytest.raises(FederationError, match="no privacy"):
        check_plan(plan("exact"), {"privacy": "epsilon 3"})
