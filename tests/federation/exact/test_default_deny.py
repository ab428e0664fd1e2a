"""LightGBM gets an answer to what is allowed, in its order; to anything else nothing is sent and the training ends."""

from dataclasses import replace
from functools import partial, partialmethod
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from training_parties import bins_of, companies, outcomes, plan, records, together

from decai_forecast.federation.exact import train as training
from decai_forecast.federation.exact.bins import agree_bins
from decai_forecast.federation.exact.collectives import Collectives
from decai_forecast.federation.exact.dry_run import shares_of
from decai_forecast.federation.exact.errors import Denied, OutOfRange, PeerLost, Refused
from decai_forecast.federation.exact.fixed_point import Column, Format
from decai_forecast.federation.exact.objectives import Quantile
from decai_forecast.federation.exact.rows import Rows
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.exact.train import limits_of, train

FORM = Format(Column(6, 2**30), Column(6, 2**30))
ROWS = 2**20
HISTOGRAM = 1120  # bytes: 16 for each of 70 bins


def grown(part: Rows, params: dict[str, Any], gradients: tuple[np.ndarray, np.ndarray] | None, session: SecureSession) -> int:
    """Grows one tree as the training does, with other parameters or gradients; the steps it took."""
    which = plan()
    data = bins_of([part], which).dataset(part.X, which.max_bin, which.feature_names)
    data.set_label(part.label)
    share = shares_of(data, which.params(0), session.size).of_tree(which.params(0))
    with Collectives(session, FORM, limits_of(data, FORM, which, ROWS), 1.0) as collectives:
        booster = lgb.Booster(which.params(0) | {"num_machines": session.size} | params, data)
        collectives.begin_tree(0, share)
        before = session.traffic.steps
        try:
            booster.update(fobj=None if gradients is None else lambda *_: gradients)
        finally:
            steps = session.traffic.steps - before
            try:
                collectives.end_tree()
            except Exception as error:
                error.add_note(f"steps {steps}")
                raise
    return steps


def each(params: dict[str, Any], gradients: Any = None) -> list[Any]:
    part = companies()[0]  # all have the same rows here, so the same bins
    ones = (np.where(part.label > 1, np.float32(1), np.float32(-1)), np.ones(len(part.label), np.float32))
    given = ones if gradients is None else gradients(part)
    return together([partial(grown, part, params, given)] * 3)


def test_a_tree_takes_one_step_for_its_root_and_two_for_each_split() -> None:
    """8 leaves are 7 splits."""
    assert each({}) == [1 + 2 * 7] * 3


def test_the_pinned_lightgbm_asks_for_what_it_always_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """The golden trace of a tree: callback and size. Another order or another size is another LightGBM."""
    asked: list[tuple[str, int]] = []

    def noted(name: str, real: Any, collectives: Collectives, given: int, size: int, *more: Any) -> None:
        if collectives._session.rank == 0:
            asked.append((name, size))
        real(collectives, given, size, *more)

    for name in ("_reduce_scatter", "_allgather"):
        monkeypatch.setattr(Collectives, name, partialmethod(partial(noted, name, getattr(Collectives, name))))
    each({})
    assert asked == [("_allgather", 24), *[("_reduce_scatter", HISTOGRAM), ("_allgather", 444)] * 7]


def test_another_lightgbm_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One release on: nobody knows what it would ask for."""
    monkeypatch.setattr(lgb, "__version__", "4.8.0")
    sent: list[str] = []
    for name in ("secure_sum", "broadcast", "agree"):
        monkeypatch.setattr(SecureSession, name, lambda *_, name=name: sent.append(name))
    found = outcomes(companies(), plan(trees=1), tmp_path)
    assert {str(one) for one in found} == {"LightGBM 4.8.0: exact training knows 4.7.0 only; install that version"}
    assert all(isinstance(one, Refused) for one in found)
    assert not sent


OTHERS: dict[str, tuple[dict[str, Any], str, int]] = {  # what LightGBM then asks for first, and after how many steps of a tree
    "quantile": ({"objective": "quantile", "alpha": 0.5}, "an allgather of 64 bytes in phase hist", 15),
    "l1": ({"objective": "regression_l1"}, "an allgather of 64 bytes in phase hist", 15),
    "own start": ({"objective": "regression", "boost_from_average": True}, "an allgather of 8 bytes in phase root", 0),
    "quantised": ({"use_quantized_grad": True}, "an allgather of 8 bytes in phase root", 0),
    "voting": ({"tree_learner": "voting"}, "an allgather of 288 bytes in phase hist", 1),
}


@pytest.mark.parametrize("which", OTHERS)
def test_other_collectives_are_denied(which: str) -> None:
    """LightGBM's own renewal of quantile leaves, its start, other learners: they would send what is not a sum, or what is
    not exact. Nothing of it is sent, and the training ends with an error everywhere."""
    params, asked, steps = OTHERS[which]
    part = companies()[0]
    ones = (np.where(part.label > 1, np.float32(1), np.float32(-1)), np.ones(len(part.label), np.float32))
    found = together([partial(grown, part, params, None if "objective" in params else ones)] * 3)
    assert {str(one) for one in found} == {f"LightGBM asked for {asked}: no rule allows it, nothing was sent"}
    assert {one.__notes__[0] for one in found} == {f"steps {steps}"}


def test_a_tree_of_the_own_rows_only_is_noticed() -> None:
    """Without ``num_machines`` LightGBM trains alone and says nothing."""
    for one in each({"num_machines": 1, "tree_learner": "serial"}):
        assert isinstance(one, Denied)
        assert "without its collectives" in str(one)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 0.3, 2.0**25])
def test_a_gradient_off_the_grid_ends_the_training(wrong: float) -> None:
    """Not finite, not a multiple, or beyond the agreed range: stopped before it is sent."""

    def spoiled(part: Rows) -> tuple[np.ndarray, np.ndarray]:
        gradient = np.ones(len(part.label), np.float32)
        gradient[7] = wrong
        return gradient, np.ones(len(part.label), np.float32)

    found = each({}, spoiled)
    assert all(isinstance(one, OutOfRange | PeerLost) for one in found)


REFUSED = {
    "weights": lambda part: Rows(part.X, part.label, np.ones(len(part.label))),
    "features": lambda part: Rows(part.X[:, :5], part.label),
    "labels": lambda part: Rows(part.X, np.where(part.label > 1, np.nan, part.label).astype(np.float32)),
    "size": lambda part: Rows(part.X, part.label * np.float32(1e9)),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, wrong: str) -> None:
    """At their owner, before a sum; the others are told that it stopped."""
    parts = companies()
    parts[1] = REFUSED[wrong](parts[1])
    found = outcomes(parts, plan(trees=1), tmp_path)
    assert isinstance(found[1], Refused)
    assert [str(found[k]) for k in (0, 2)] == ["bea stopped the training"] * 2


def test_participants_with_other_plans_or_bins_are_named(tmp_path: Path) -> None:
    """One parameter apart is another model."""
    parts = companies()
    plans = [plan(), plan(), plan(seed=8)]
    found = together([partial(train, parts[k], plans[k], records=records(k, tmp_path)) for k in range(3)])
    assert str(found[0]) == "plan: cyd and ada do not hold the same"


def test_a_participant_that_ends_with_other_bins_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a training, after the same sums for all: its library, or its bug, makes others of them."""

    def other(total: Any, *given: Any) -> Any:
        found = agree_bins(total, *given)
        if total.__self__.rank != 2:
            return found
        return replace(found, quantiles=np.roll(found.quantiles, 1))

    monkeypatch.setattr(training, "agree_bins", other)
    found = outcomes(companies(), plan(trees=1), tmp_path)
    assert [str(one) for one in found[:2]] == [f"bins: cyd and {name} do not hold the same" for name in ("ada", "bea")]


def test_participants_with_other_bins_are_named() -> None:
    """Before a tree is grown on them."""
    found = together([partial(_agreed, b"bins")] * 2 + [partial(_agreed, b"else")])
    assert [str(one) for one in found[:2]] == [f"bins: cyd and {name} do not hold the same" for name in ("ada", "bea")]


def _agreed(digest: bytes, session: SecureSession) -> None:
    session.agree("bins", digest)


@pytest.mark.parametrize(
    "tree",
    [{"boosting": "goss"}, {"bagging_fraction": 0.5}, {"min_data_in_leaf": 0}, {"extra_trees": True}, {"lambda_l1": 1.0}],
)
def test_a_parameter_that_is_not_known_to_be_exact_is_refused(tree: dict[str, Any]) -> None:
    """Only what was tested passes."""
    with pytest.raises(Refused, match="not known to be exact"):
        plan(tree=tree)


def test_an_alpha_without_a_small_denominator_is_refused() -> None:
    """Its gradients would not be whole numbers times the weight."""
    assert Quantile(0.975).renews
    for alpha in (0.0, 1.0, 0.123456):
        with pytest.raises(Refused):
            Quantile(alpha)
