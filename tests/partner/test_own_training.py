"""Own models of a cut-off are trained once: a later night with the very same rows and trainer takes them over."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from panels import AS_OF, WEEKS, table

from decai_forecast.demand import Prepared, TreeCount, prepare
from decai_forecast.partner import own_training
from decai_forecast.partner.facts import TRAIN, TrainFacts
from decai_forecast.partner.own_training import earlier_training, own_models, write_trainer
from decai_forecast.steps import Done, Writer, run_step
from decai_forecast.store import Store

GRID = WEEKS.cutoffs(AS_OF).choice[-1]
KEPT = TreeCount({"q10": 1, "q50": 2, "q90": 3}, "kept", 9)
FIRST, SECOND, THIRD = "2026-06-15", "2026-06-22", "2026-06-29"


@cache
def rows(periods: int = 130) -> Prepared:
    return prepare(table(periods=periods, items=2), WEEKS, GRID, seed=7)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "shop")


def night(store: Store, round_id: str, *, trainer: bool = True, newcomer: str = "") -> Done[TrainFacts]:
    """A training whose models say that they are its own."""

    def work(writer: Writer) -> TrainFacts:
        writer.frame(f"rows-{GRID}.parquet", rows().train)
        writer.bytes(f"local-{GRID}.json", round_id.encode())
        writer.json(f"mean-{GRID}.json", round_id)
        if trainer:
            write_trainer(writer)
        return TrainFacts(1, 1, (GRID,), {GRID: KEPT}, newcomer)

    return run_step(store, round_id, TRAIN, [round_id], work)


def models_of(store: Store, earlier: Done[TrainFacts] | None, prepared: Prepared, cutoff: date = GRID) -> tuple[str, TreeCount]:
    """What a night writes as its own models, and how many trees they have."""
    counts: list[TreeCount] = []

    def work(writer: Writer) -> TrainFacts:
        counts.append(own_models(prepared, cutoff, earlier, writer))
        return TrainFacts(1, 1, (cutoff,))

    done = run_step(store, THIRD, TRAIN, [THIRD], work)
    pd.testing.assert_frame_equal(done.frame(f"rows-{cutoff}.parquet"), prepared.train)
    assert f"future-{cutoff}.parquet" in done
    return done.bytes(f"local-{cutoff}.json").decode(), counts[0]


def test_equal_rows_are_not_trained_again(store: Store) -> None:
    """The newest night's models, its mean and how they were chosen."""
    night(store, FIRST)
    earlier = night(store, SECOND)
    assert models_of(store, earlier_training(store, THIRD), rows()) == (SECOND, KEPT)
    assert earlier.json(f"mean-{GRID}.json") == SECOND


def test_a_corrected_delivery_is_trained_on(store: Store) -> None:
    """One other row, and models are made anew; they are those of a first night."""
    night(store, SECOND)
    train = rows().train.copy()
    train.loc[0, "target"] += 1
    found, count = models_of(store, earlier_training(store, THIRD), replace(rows(), train=train))
    assert set(json.loads(found)) == {"0.1", "0.5", "0.9"}
    assert count != KEPT


def test_models_that_are_gone_are_made_again(store: Store) -> None:
    """And so is what was changed since."""
    store.remove(night(store, SECOND).key(f"mean-{GRID}.json"))
    assert models_of(store, earlier_training(store, THIRD), rows())[0].startswith("{")
    store.remove(night(store, FIRST).key("trainer.json"))
    store.remove(f"rounds/{SECOND}")
    assert earlier_training(store, THIRD) is None


def test_another_cut_off_is_trained(store: Store) -> None:
    """Of which the earlier night has no rows."""
    night(store, SECOND)
    found, _ = models_of(store, earlier_training(store, THIRD), rows(), WEEKS.add(GRID, 1))
    assert found.startswith("{")


@pytest.mark.parametrize("why", ["other trainer", "none said", "newcomer", "nobody"])
def test_only_what_the_same_trainer_made_is_taken(store: Store, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update all is trained anew; a night without training is passed over."""
    if why == "nobody":
        assert earlier_training(store, THIRD) is None
        return
    night(store, FIRST)
    if why == "newcomer":
        night(store, SECOND, newcomer="too young")
        assert getattr(earlier_training(store, THIRD), "round", "") == FIRST
        return
    if why == "none said":
        night(store, SECOND, trainer=False)
    else:
        night(store, SECOND)
        monkeypatch.setattr(own_training, "TRAIN", replace(TRAIN, edition=99))
    assert earlier_training(store, THIRD) is None
