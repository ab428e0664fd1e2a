"""Cyclic training: one company's tree at a time upon the common score, in an order that the seed fixes."""

import importlib
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from flwr.app import Context, Message, RecordDict
from members import FEATURES, SHIP, Member, grown, members, plan, predicted, rows
from test_training import Overheard, serve

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.federation import Plan, train_shared, validate
from decai_forecast.federation.boosting import turns
from decai_forecast.federation.client_app import app as client
from decai_forecast.federation.local_grid import LocalGrid
from decai_forecast.federation.model_text import parse, sanitise
from decai_forecast.federation.node_process import Nursery
from decai_forecast.federation.server_app import make_app
from decai_forecast.federation.state import Node

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SIZES = {"p0": 100, "p1": 160, "p2": 220, "p3": 280}


def cyclic(**changes: Any) -> Plan:
    return plan(**{"strategy": "cyclic", "turns": 10, "quantiles": (0.5,)} | changes)


def order(which: Plan) -> list[str]:
    """Whose turn comes when, by the plan."""
    return [node.partner for node in turns([Node(1000 + k, name, size) for k, (name, size) in enumerate(SIZES.items())],
                                           which.seed, SHIP)]  # fmt: skip


class Turns(Overheard):
    """Keeps whom it asked for trees, and how many trees each message brought."""

    def __init__(self, there: Iterable[Member], which: Plan, **options: Any) -> None:
        super().__init__(there, which, **options)
        self.asked: list[tuple[str, int]] = []

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        messages = list(messages)
        for message in messages:
            if message.metadata.message_type == "train.cyclic":
                text = bytes(message.content["config"]["trees-0.5"]).decode()
                self.asked.append((f"p{message.metadata.dst_node_id - 1000}", len(parse(text).trees) if text else 0))
        return super().push_messages(messages)


@dataclass(frozen=True)
class Part:
    """A company's rows as the benchmark takes them."""

    X: np.ndarray
    y: np.ndarray
    weight: None = None


def test_it_is_what_cyclic_boosting_in_one_process_gives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The benchmark's arithmetic, with the same start and order: every split, and every prediction to rounding."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    together = importlib.import_module("federation_accuracy").grown_together
    params = dict(TREE_PARAMS) | {"min_data_in_leaf": 5, "alpha": 0.5}
    which = cyclic(seed=0, turns=11, params=params)
    text = train_shared(members(tmp_path), which).models[SHIP][0.5]
    frames = {name: rows(seed=10 * k, size=size) for k, (name, size) in enumerate(SIZES.items())}
    company = {name: Part(frame[list(FEATURES)].to_numpy(), frame["target"].to_numpy(float)) for name, frame in frames.items()}
    start = sum(len(part.y) * np.quantile(part.y, 0.5) for part in company.values()) / sum(SIZES.values())
    alone = [one for _, one in together(params, [company[name] for name in order(which)], float(start), "cyclic", 11)]
    X = rows(99)[list(FEATURES)].to_numpy()
    assert np.abs(predicted(text) - (start + sum(one.predict(X, num_threads=1) for one in alone))).max() < 1e-12
    ours = validate(text, FEATURES).trees
    theirs = [parse(one.model_to_string()).trees[0] for one in alone]
    for field in ("split_feature", "threshold", "left_child", "right_child"):
        assert [tree[field] for tree in ours] == [tree[field] for tree in theirs]


def test_companies_take_turns_in_an_order_that_the_seed_fixes(tmp_path: Path) -> None:
    """Each is asked alone, and is sent the trees since its own last turn only."""
    which = cyclic()
    grid = Turns(members(tmp_path), which)
    context = serve(grid, which)
    expected = order(which)
    assert [name for name, _ in grid.asked] == [expected[k % 4] for k in range(10)]
    assert [count for _, count in grid.asked] == [0, 1, 2, 3, *[4] * 6]
    assert len(validate(bytes(context.state[f"model/{SHIP}"]["q0.5"]).decode(), FEATURES).trees) == 10
    assert len({tuple(order(cyclic(seed=seed))) for seed in range(20)}) > 5


def test_a_company_that_fails_loses_its_turn_to_the_next(tmp_path: Path) -> None:
    """It is dropped by its code; the trees that it gave before stay, the others keep their order, no tree is missing."""
    which = cyclic()
    first, second, *others = order(which)
    node = 1000 + int(second[1])
    grid = Turns(members(tmp_path), which, spoil={node: {"trees-0.5": b"garbage"}}, after=4 + 5)
    context = serve(grid, which)
    assert dict(context.state["dropped"]) == {second: "model_text"}
    left = [*others, first]
    assert [name for name, _ in grid.asked] == [first, second, *others, first, second, *[left[k % 3] for k in range(5)]]
    assert len(validate(bytes(context.state[f"model/{SHIP}"]["q0.5"]).decode(), FEATURES).trees) == 10


def test_two_trees_in_one_turn_are_refused(tmp_path: Path) -> None:
    """A company that sends more than its share would weigh more than the others."""
    which, two = cyclic(), sanitise(parse(grown(trees=2))).text().encode()
    context = serve(Overheard(members(tmp_path), which, spoil={1000: {"trees-0.5": two}}, after=4), which)
    assert dict(context.state["dropped"]) == {"p0": "malformed"}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGKILL, "node_gone", id="killed"),
        pytest.param(signal.SIGSTOP, "timeout", id="hangs", marks=pytest.mark.long),
    ],
)
def test_a_node_that_is_lost_on_the_way_is_dropped(tmp_path: Path, number: signal.Signals, code: str) -> None:
    """In processes of their own: one ends, or hangs, before its second turn."""
    which, there = cyclic(timeout=60.0 if code == "node_gone" else 20.0), members(tmp_path)
    lost = order(which)[2]

    class Harmed(LocalGrid):
        def push_messages(self, messages: Iterable[Message]) -> list[str]:
            messages = list(messages)
            turn = int(messages[0].content["config"].get("boosting-round", 0))
            if turn == 5 and not harmed:
                harmed.append(self.nodes[1000 + int(lost[1])].pid)
                os.kill(harmed[0], number)
            return super().push_messages(messages)

    harmed: list[int] = []
    nodes = [{"partner": one.partner, "store": one.store} for one in there]
    context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=which.to_config())
    with Nursery() as nursery, Harmed(client, nodes, which.to_config(), workers=2, nursery=nursery) as grid:
        make_app()(grid, context)
    assert harmed
    assert dict(context.state["dropped"]) == {lost: code}
    assert len(validate(bytes(context.state[f"model/{SHIP}"]["q0.5"]).decode(), FEATURES).trees) == 10
    assert lgb.Booster(model_str=bytes(context.state[f"model/{SHIP}"]["q0.5"]).decode()).num_trees() == 10


def test_too_few_left_end_the_training(tmp_path: Path) -> None:
    """The quorum holds in every turn."""
    which = cyclic(minimum=4)
    with pytest.raises(Exception, match=r"3 partners can train together, 4 are needed; dropped: p1 \(model_text\)"):
        serve(Overheard(members(tmp_path), which, spoil={1001: {"trees-0.5": b""}}, after=4), which)
