"""A night uses so many of the shared trees as its partner's past says, in everything that it makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from support import NIGHT, copy_of, republish

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.demand import TREES, SharedTreeCount, fit
from decai_forecast.federation import merge, sanitise
from decai_forecast.federation.model_text import ModelText, parse
from decai_forecast.link import SharedModels
from decai_forecast.network import Network
from decai_forecast.partner.combine import combine
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.facts import TRAIN, CombineFacts
from decai_forecast.partner.finished import required_step
from decai_forecast.steps import Done

KEPT = 40
Models = Mapping[float, ModelText]


def pooled(network: Network, cutoff: date) -> Models:
    """What exact training would give at a cut-off."""
    trained = [required_step(partner_context(network, partner), NIGHT.id, TRAIN) for partner in network.partners]
    parts = [done.frame(f"rows-{cutoff}.parquet") for done in trained]
    return {q: sanitise(parse(text)) for q, text in fit(pd.concat(parts, ignore_index=True), seed=7).items()}


def first(models: Models, trees: int) -> Models:
    return {q: ModelText(model.header, model.trees[:trees]) for q, model in models.items()}


def spoilt(models: Models) -> Models:
    """After tree 40 everything is forecast a second time."""
    return {q: merge([(first(models, TREES - KEPT)[q], 1.0)], model) for q, model in first(models, KEPT).items()}


def publish(network: Network, by_cutoff: Mapping[date, Models], strategy: str = "exact") -> None:
    """In place of the night's shared forecasters."""
    link = coordinator_context(network).link
    files = {
        cutoff: link.publish_models(SharedModels(cutoff, {q: model.text() for q, model in models.items()}))
        for cutoff, models in by_cutoff.items()
    }
    republish(network, strategy=strategy, models=files, ships=files[max(files)])


@pytest.fixture(scope="module")
def models(finished: Network) -> dict[date, Models]:
    return {cutoff: pooled(finished, cutoff) for cutoff in finished.calendar.cutoffs(NIGHT.as_of).all}


def combined(finished: Network, folder: Path, by_cutoff: Mapping[date, Models], strategy: str = "exact") -> Done[CombineFacts]:
    network = copy_of(finished, folder)
    publish(network, by_cutoff, strategy)
    company = partner_context(network, "shop_1")
    company.store.remove(f"rounds/{NIGHT.id}/combine")
    return combine(company, NIGHT)


def test_what_the_chosen_trees_forecast_is_what_a_model_of_these_trees_would(
    finished: Network, models: dict[date, Models], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Candidates, test scores, what ships, drivers: byte for byte as if the later trees had never been published."""
    cut, small = (
        combined(finished, tmp_path_factory.mktemp("night"), {c: change(m) for c, m in models.items()})
        for change in (spoilt, lambda m: first(m, KEPT))
    )
    assert (cut.facts.shared_tree_count.trees, cut.facts.shared_tree_count.origins) == (KEPT, 3)
    all_trees = SharedTreeCount(None, "not models of 100 trees, each grown on all before it: all trees", 0, {})
    assert replace(small.facts.shared_tree_count, losses={}) == all_trees
    assert cut.files == small.files
    assert set(cut.files) >= {"forecast.parquet", "hierarchy.parquet", "test.parquet", "drivers.json"}
    assert replace(cut.facts, shared_tree_count=all_trees) == replace(small.facts, shared_tree_count=all_trees)


def test_trees_that_are_averages_are_used_whole(
    finished: Network, models: dict[date, Models], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The first trees of an average are those of some partners; so is a night with models of different sizes."""
    bagged = combined(finished, tmp_path_factory.mktemp("night"), {c: spoilt(m) for c, m in models.items()}, "bagging")
    assert bagged.facts.shared_tree_count.trees is None
    uneven = {c: spoilt(m) for c, m in models.items()}
    last = max(uneven)
    other = combined(finished, tmp_path_factory.mktemp("night"), uneven | {last: first(models[last], 60)})
    assert other.facts.shared_tree_count.trees is None
