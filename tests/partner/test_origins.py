"""The candidates of a night at its cut-offs, and how many of the shared trees they use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import count as counting
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, table
from parties import ROUND, Parties

from decai_forecast.demand import TREES, Prepared, fit, fit_shared_mean, implied_mean, predict, prepare, with_shared_mean
from decai_forecast.demand.models import MODELS, Model
from decai_forecast.demand.models.base import with_level_errors
from decai_forecast.demand.panel import Panel
from decai_forecast.errors import ModelTextError
from decai_forecast.federation import merge, sanitise
from decai_forecast.federation.model_text import parse
from decai_forecast.link import SharedModels, SharedRound, SharedStatus
from decai_forecast.partner.combine.origins import MOST_TREES_BELOW, Origins, origins_of, shared_tree_count
from decai_forecast.partner.combine.own import Alone
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.partner.facts import TRAIN, TrainFacts
from decai_forecast.steps import Done, Writer, run_step
from decai_forecast.store import Store

CUTOFFS = WEEKS.cutoffs(AS_OF)
SHIP, TEST, (FIRST, *_) = CUTOFFS.ship, CUTOFFS.test, CUTOFFS.choice
BLENDS = ["local", "mostly_local", "mean", "mostly_shared", "shared"]
Texts = Mapping[float, str]


@cache
def prepared(cutoff: date) -> Prepared:
    return prepare(table(periods=200, items=3), WEEKS, cutoff, seed=7)


@cache
def model(trees: int = 5) -> Texts:
    """Of the rows before the first cut-off, quantile by quantile, as the coordinator publishes it."""
    texts = fit(prepared(FIRST).train, trees=trees, seed=7)
    return {quantile: sanitise(parse(text)).text() for quantile, text in texts.items()}


@cache
def tall() -> Texts:
    """More trees than own ones are grown on: the same again and again."""
    texts = {}
    for quantile, text in model(TREES).items():
        part = parse(text)
        half = merge([(part, 1.0)], part)
        texts[quantile] = merge([(half, 1.0)], half).text()
    return texts


@cache
def alone(cutoff: date) -> Alone:
    rows = prepared(cutoff).future
    return Alone(rows, predict(model(3), rows).assign(mean=1.0))


@pytest.fixture
def trained(tmp_path: Path) -> Done[TrainFacts]:
    """What the company's own training left."""

    def work(writer: Writer) -> TrainFacts:
        writer.frame("table.parquet", table(periods=200, items=3))
        for cutoff in (FIRST, TEST, SHIP):
            writer.frame(f"rows-{cutoff}.parquet", prepared(cutoff).train)
        return TrainFacts(1, 1, (FIRST, TEST, SHIP))

    return run_step(Store(tmp_path / "own", "a"), ROUND.id, TRAIN, [], work)


@pytest.fixture
def publish(tmp_path: Path) -> Callable[..., SharedForecasters]:
    """``publish({cutoff: texts}, strategy=...)``; what ships is that of the ship cut-off."""
    count = counting()

    def published(
        models: Mapping[date, Texts], strategy: str = "exact", mean: str = "", means: Mapping[date, str] | None = None
    ) -> SharedForecasters:
        parties = Parties(tmp_path / f"network{next(count)}")
        link, each = parties.coordinator.link, means or dict.fromkeys(models, mean)
        files = {
            cutoff: link.publish_models(SharedModels(cutoff, texts, mean=each[cutoff])) for cutoff, texts in models.items()
        }
        shared = SharedRound(ROUND.id, AS_OF, SharedStatus.TRAINED, ("a", "b", "c"), 3, strategy=strategy)
        assert link.publish_shared(replace(shared, models=files, ships=files.get(SHIP)))
        return SharedForecasters.of(parties.company("a").link, ROUND.id)

    return published


Publish = Callable[..., SharedForecasters]


@pytest.mark.parametrize(
    ("models", "strategy", "reason"),
    [
        ({}, "exact", "no shared forecaster"),
        ({FIRST: 5, SHIP: 5}, "exact", f"not models of {TREES} trees, each grown on all before it: all trees"),
        ({FIRST: TREES, SHIP: 5}, "exact", f"not models of {TREES} trees, each grown on all before it: all trees"),
        ({FIRST: TREES, SHIP: TREES}, "bagging", f"not models of {TREES} trees, each grown on all before it: all trees"),
        ({FIRST: TREES, SHIP: TREES}, "exact", "1 of 3 origins to judge on: all trees"),
        ({FIRST: TREES, SHIP: TREES}, "cyclic", "1 of 3 origins to judge on: all trees"),
        ({FIRST: TREES, SHIP: TREES}, "", "1 of 3 origins to judge on: all trees"),
        ({SHIP: TREES}, "exact", "0 of 3 origins to judge on: all trees"),
    ],
)
def test_trees_are_counted_where_fewer_are_a_model(
    publish: Publish, models: Mapping[date, int], strategy: str, reason: str
) -> None:
    """All models of the round have as many as a choice was measured for, each grown on all before it; else all serve."""
    shared = publish({cutoff: model(trees) for cutoff, trees in models.items()}, strategy)
    count = shared_tree_count(CUTOFFS, {FIRST: alone(FIRST), SHIP: alone(SHIP)}, shared, None)
    assert (count.trees, count.reason) == (None, reason)


def test_a_newcomer_judges_no_trees(publish: Publish) -> None:
    """It has no forecast of its own to blend with."""
    shared = publish(dict.fromkeys((FIRST, SHIP), model(TREES)))
    young = {FIRST: Alone(prepared(FIRST).future, None), SHIP: Alone(prepared(SHIP).future, None)}
    assert shared_tree_count(CUTOFFS, young, shared, None).origins == 0


def test_a_text_that_is_no_model_is_refused(publish: Publish, trained: Done[TrainFacts]) -> None:
    """Before LightGBM sees it, which would end the process."""
    broken = dict(model()) | {0.5: model()[0.5].replace("left_child=", "left_child=9 ", 1)}
    shared = publish({SHIP: broken})
    with pytest.raises(ModelTextError):
        shared_tree_count(CUTOFFS, {SHIP: alone(SHIP)}, shared, None)
    with pytest.raises(ModelTextError):
        origins_of(trained, WEEKS, CUTOFFS, {SHIP: alone(SHIP)}, shared, None)


def test_without_a_shared_forecaster_there_is_only_the_own(publish: Publish, trained: Done[TrainFacts]) -> None:
    """At every cut-off."""
    origins = origins_of(trained, WEEKS, CUTOFFS, {FIRST: alone(FIRST), SHIP: alone(SHIP)}, publish({}), None)
    assert list(origins.ship) == list(origins.choice[0]) == ["local"]
    assert origins.ship["local"] is alone(SHIP).local


def test_a_newcomer_has_only_the_shared(publish: Publish, trained: Done[TrainFacts]) -> None:
    """With the mean that its quantiles imply."""
    young = Alone(prepared(SHIP).future, None)
    origins = origins_of(trained, WEEKS, CUTOFFS, {SHIP: young}, publish({SHIP: model()}), None)
    assert list(origins.ship) == ["shared"]
    pd.testing.assert_frame_equal(origins.ship["shared"].drop(columns="mean"), predict(model(), young.future))
    assert origins.ship["shared"]["mean"].gt(0).any()
    assert (origins.cutoffs, origins.choice, origins.test, origins.judged) == ([], [], {}, [])


def test_candidates_are_blends_of_own_and_shared(publish: Publish, trained: Done[TrainFacts]) -> None:
    """And own trees on top of the shared ones; the mean lies in the middle."""
    origins = origins_of(trained, WEEKS, CUTOFFS, {SHIP: alone(SHIP)}, publish({SHIP: model()}), None)
    assert list(origins.ship) == [*BLENDS, "shared_and_local_trees"]
    own, shared, mean = (origins.ship[name]["q50"].to_numpy() for name in ("local", "shared", "mean"))
    np.testing.assert_allclose(mean, (own + shared) / 2)
    assert not np.allclose(origins.ship["shared_and_local_trees"]["q50"], shared)


def test_a_mean_that_was_trained_together_is_the_shared_one(publish: Publish, trained: Done[TrainFacts]) -> None:
    """And own trees on top keep it; where none was trained, the quantiles imply one."""
    mean = sanitise(parse(fit_shared_mean(prepared(FIRST).train, seed=7))).text()
    there = {SHIP: alone(SHIP)}
    ship = origins_of(trained, WEEKS, CUTOFFS, there, publish({SHIP: model()}, mean=mean), None).ship
    wanted = with_shared_mean(ship["shared"], mean, alone(SHIP).future)["mean"]
    for name in ("shared", "shared_and_local_trees"):
        np.testing.assert_allclose(ship[name]["mean"], wanted)
    assert not np.allclose(wanted, implied_mean(ship["shared"]))


def test_one_kind_of_mean_at_all_cut_offs(publish: Publish, trained: Done[TrainFacts]) -> None:
    """Where one lacks the shared mean, the quantiles imply it at all: calibration learns of one kind what the other is not."""
    mean = sanitise(parse(fit_shared_mean(prepared(FIRST).train, seed=7))).text()
    there, texts = {FIRST: alone(FIRST), SHIP: alone(SHIP)}, {FIRST: model(), SHIP: model()}
    for lacks in (FIRST, SHIP):
        means = {cutoff: "" if cutoff == lacks else mean for cutoff in there}
        origins = origins_of(trained, WEEKS, CUTOFFS, there, publish(texts, means=means), None)
        for frames in (origins.choice[0], origins.ship):
            np.testing.assert_allclose(frames["shared"]["mean"], implied_mean(frames["shared"]))
    alone_at_ship = origins_of(trained, WEEKS, CUTOFFS, there, publish({SHIP: model()}, means={SHIP: mean}), None)
    assert not np.allclose(alone_at_ship.ship["shared"]["mean"], implied_mean(alone_at_ship.ship["shared"]))


def test_a_mean_that_is_no_model_is_refused(publish: Publish, trained: Done[TrainFacts]) -> None:
    """Nor one that a quantile's model is passed off as."""
    with pytest.raises(ModelTextError, match="objective"):
        origins_of(trained, WEEKS, CUTOFFS, {SHIP: alone(SHIP)}, publish({SHIP: model()}, mean=model()[0.5]), None)


def test_no_trees_are_grown_on_very_many(publish: Publish, trained: Done[TrainFacts]) -> None:
    """Scoring the training rows by them takes too long."""
    assert parse(tall()[0.5]).trees[MOST_TREES_BELOW:]
    origins = origins_of(trained, WEEKS, CUTOFFS, {SHIP: alone(SHIP)}, publish({SHIP: tall()}), None)
    assert list(origins.ship) == BLENDS


def test_cut_offs_are_judged_in_the_order_of_time(publish: Publish, trained: Done[TrainFacts]) -> None:
    """Those that have rows: choice origins, then the test window; the one that ships has no actuals yet."""
    there = {cutoff: alone(cutoff) for cutoff in (SHIP, TEST, FIRST)}
    origins = origins_of(trained, WEEKS, CUTOFFS, there, publish({TEST: model()}), None)
    assert origins.cutoffs == [FIRST, TEST]
    assert [list(one) for one in origins.judged] == [["local"], [*BLENDS, "shared_and_local_trees"]]
    assert origins.judged == [*origins.choice, origins.test]
    assert Origins([FIRST], origins.choice, {}, origins.ship).judged == list(origins.choice)


@pytest.fixture
def made_up() -> Model:
    """A local model that somebody wrote for the night: last year's mean everywhere."""

    def level(panel: Panel, origin: int) -> object:
        return with_level_errors(panel, origin, np.full((len(panel.quantity), origin + 1), 5.0))

    MODELS["made_up"] = Model("made_up", "five", level, "Five", least=20, candidate=True)
    yield MODELS["made_up"]
    del MODELS["made_up"]


def test_a_local_model_of_the_night_is_a_candidate(publish: Publish, trained: Done[TrainFacts], made_up: Model) -> None:
    """Where there is a shared forecaster to choose against."""
    there = {SHIP: alone(SHIP), FIRST: alone(FIRST)}
    origins = origins_of(trained, WEEKS, CUTOFFS, there, publish({SHIP: model()}), None)
    assert list(origins.ship)[-1] == made_up.name
    assert list(origins.choice[0]) == ["local"]
    assert len(origins.ship["made_up"]) == len(origins.ship["local"])


def test_a_local_model_that_fails_once_is_no_candidate(
    publish: Publish, trained: Done[TrainFacts], made_up: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no cut-off, so that none is judged or shipped without it; the night says why."""
    calls = []

    def failing(panel: Panel, origin: int) -> object:
        calls.append(origin)
        if len(calls) > 1:
            raise ZeroDivisionError("nothing sold")
        return made_up.method(panel, origin)

    monkeypatch.setitem(MODELS, "made_up", replace(made_up, method=failing))
    there = {SHIP: alone(SHIP), TEST: alone(TEST)}
    origins = origins_of(trained, WEEKS, CUTOFFS, there, publish({SHIP: model(), TEST: model()}), None)
    assert [list(origins.ship), list(origins.test)] == [[*BLENDS, "shared_and_local_trees"]] * 2
    assert origins.failed == {"made_up": "model made_up: ZeroDivisionError: nothing sold"}
    assert len(calls) == 2
