"""A new strategy is one module: every part of the program knows it by its record."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import lightgbm as lgb
import pytest
from members import FEATURES, SHIP, members, plan, rows

from decai_forecast import strategies
from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import ConfigError
from decai_forecast.federation import train_shared
from decai_forecast.federation.disclosure import disclosed_strategy
from decai_forecast.federation.model_text import parse, sanitise
from decai_forecast.network import Network, Privacy
from decai_forecast.store import Store
from decai_forecast.strategies import strategy_of

MODULE = '''
"""The company with the most rows trains alone."""

from dataclasses import replace

from decai_forecast.strategies import Disclosure, Strategy

STRATEGY = Strategy(
    name="largest",
    model="that of the company with the most rows",
    discloses=(Disclosure("sanitised trees of the largest company", "coordinator; as they are, to all participants"),),
    coordinator="decai_forecast.strategies.largest:train",
    company="decai_forecast.strategies.largest:answer",
    rounds=5,
)


def train(grid, plan, cutoff, state, _):
    from decai_forecast.federation.ask import ask
    from decai_forecast.federation.model_text import validate

    largest = max(state.nodes, key=lambda node: node.rows)
    values = {"cutoff": cutoff.isoformat()}
    replies = ask(grid, [largest.id], "train.largest", values, plan.timeout, group=f"{cutoff}/largest")
    texts = {q: bytes(replies[largest.id].content["config"][f"trees-{q}"]).decode() for q in plan.quantiles}
    return replace(state, models={q: validate(text, plan.feature_names) for q, text in texts.items()})


def answer(asked):
    import lightgbm as lgb

    from decai_forecast.federation.model_text import parse, sanitise

    def grown(quantile):
        booster = lgb.train(dict(asked.plan.params) | {"alpha": quantile}, asked.rows.data, asked.plan.rounds)
        return sanitise(parse(booster.model_to_string())).text().encode()

    return {f"trees-{quantile}": grown(quantile) for quantile in asked.plan.quantiles}
'''


@pytest.fixture(autouse=True)
def module(tmp_path: Path) -> Iterator[None]:
    """The package of strategies with one more module, in a folder of its own."""
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "largest.py").write_text(MODULE)
    strategies.__path__.append(str(folder))
    yield
    strategies.__path__.remove(str(folder))
    del sys.modules["decai_forecast.strategies.largest"], strategies.largest


def test_companies_train_by_it(tmp_path: Path) -> None:
    """Its functions run at the coordinator and at the companies, and who gave something wrote it down."""
    there = members(tmp_path, 4)
    found = train_shared(there, plan("largest", turns=5))
    frame = rows(seed=30, size=280)
    own = lgb.Dataset(frame[list(FEATURES)], frame["target"], params={"max_bin": 63, "feature_pre_filter": False})
    text = lgb.train(dict(TREE_PARAMS) | {"alpha": 0.5, "verbosity": -1}, own, 5).model_to_string()
    assert found.models[SHIP][0.5] == sanitise(parse(text)).text()
    assert (sorted(found.rows), dict(found.dropped)) == (["p0", "p1", "p2", "p3"], {})
    given = [disclosed_strategy(Store(one.store, one.partner), plan().round_id) for one in there]
    assert given == ["", "", "", "largest"]


def test_a_network_can_agree_on_it(tmp_path: Path) -> None:
    """Within what its record takes."""
    network = Network(tmp_path, "n", "W", 13, (), strategy="largest")
    network.save()
    assert Network.load(tmp_path).strategy == "largest"
    with pytest.raises(ConfigError, match="privacy needs strategy exact, not largest"):
        replace(network, privacy=Privacy(3, 30)).save()


def test_messages_and_plans_know_it() -> None:
    """A plan has as many rounds as the record says; a misspelt name is told this one, too."""
    assert replace(plan("largest"), rounds=0, trees_per_round=0).rounds == 5
    with pytest.raises(ConfigError, match="there are exact, bagging, cyclic, largest, median, trimmed_mean"):
        strategy_of("larges")
