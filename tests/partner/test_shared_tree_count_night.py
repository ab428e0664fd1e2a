"""A night uses so many of the shared trees as its partner's past says, in everything that it makes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from support import NIGHT, copy_of

from decai_forecast.demand import TREES, fit
from decai_forecast.federation import merge, sanitise
from decai_forecast.federation.model_text import ModelText, parse
from decai_forecast.network import Network
from decai_forecast.partner.combine import combine
from decai_forecast.partner.context import partner_context
from decai_forecast.steps import Done, read_done

KEPT = 40
Models = Mapping[float, ModelText]


def pooled(network: Network, cutoff: date) -> Models:
    """What exact training would give at a cut-off."""
    parts = []
    for partner in network.partners:
        store = own(network, partner)
        trained = read_done(store, NIGHT.id, TRAIN)
        assert trained is not None
        parts.append(trained.frame(f"rows-{cutoff}.parquet"))
    return {q: sanitise(parse(text)) for q, text in fit(pd.concat(parts, ignore_index=True), seed=7).items()}


def first(models: Models, trees: int) -> Models:
    return {q: ModelText(model.header, model.trees[:trees]) for q, model in models.items()}


def spoilt(models: Models) -> Models:
    """After tree 40 everything is forecast a second time."""
    return {q: merge([(first(models, TREES - KEPT)[q], 1.0)], model) for q, model in first(models, KEPT).items()}


def publish(network: Network, by_cutoff: Mapping[date, Models], strategy: str = "exact") -> None:
    """In place of the night's shared forecasters."""
    public = public(network)
    keys = {cutoff: f"shared/{cutoff}/made.json" for cutoff in by_cutoff}
    for cutoff, models in by_cutoff.items():
        texts = {str(q): model.text() for q, model in models.items()}
        public.write_bytes(keys[cutoff], json.dumps({"cutoff": cutoff.isoformat(), "models": texts}).encode())
    told = {"strategy": strategy, "models": {cutoff.isoformat(): key for cutoff, key in keys.items()}}
    manifest = public.read_json(f"rounds/{NIGHT.id}/shared.json") | told | {"ships": keys[max(keys)]}
    public.write_json(f"rounds/{NIGHT.id}/shared.json", manifest)


@pytest.fixture(scope="module")
def models(finished: Network) -> dict[date, Models]:
    return {cutoff: pooled(finished, cutoff) for cutoff in finished.calendar.cutoffs(NIGHT.as_of).all}


def combined(finished: Network, folder: Path, by_cutoff: Mapping[date, Models], strategy: str = "exact") -> Done:
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
    assert cut.facts["shared_tree_count"]["trees"] == KEPT
    assert cut.facts["shared_tree_count"]["origins"] == 3
    assert small.facts["shared_tree_count"] | {"losses": {}} == {
        "trees": None, "reason": "not models of 100 trees, each grown on all before it: all trees", "origins": 0, "losses": {},
    }  # fmt: skip
    assert cut.outputs == small.outputs
    assert set(cut.outputs) >= {"forecast.parquet", "hierarchy.parquet", "test.parquet", "drivers.json"}
    same = {"choice", "test", "naive_wape", "value_added", "money", "dependence"}
    assert {name: cut.facts[name] for name in same} == {name: small.facts[name] for name in same}


def test_trees_that_are_averages_are_used_whole(
    finished: Network, models: dict[date, Models], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The first trees of an average are those of some partners; so is a night with models of different sizes."""
    bagged = combined(finished, tmp_path_factory.mktemp("night"), {c: spoilt(m) for c, m in models.items()}, "bagging")
    assert bagged.facts["shared_tree_count"]["trees"] is None
    uneven = {c: spoilt(m) for c, m in models.items()}
    last = max(uneven)
    other = combined(finished, tmp_path_factory.mktemp("night"), uneven | {last: first(models[last], 60)})
    assert other.facts["shared_tree_count"]["trees"] is None
