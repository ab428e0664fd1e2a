"""The shared training, end to end, on members whose rows lie in their own stores: what holds for every strategy (``strategy``)
and for those in which companies grow trees by themselves (``own_trees``)."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict
from members import FEATURES, OLD, ROUND, SHIP, grown, member, members, plan, predicted, rows

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import FederationError
from decai_forecast.federation import Member, Plan, Shared, train_shared, validate
from decai_forecast.federation.client_app import app as client
from decai_forecast.federation.gate.questions import Terms
from decai_forecast.federation.local_grid import LocalGrid
from decai_forecast.federation.rows import rows_of
from decai_forecast.federation.run import InProcess
from decai_forecast.federation.server_app import make_app
from decai_forecast.federation.state import HERE, RuntimeSetting
from decai_forecast.strategies import all_strategies

LONG: dict[str, Any] = {"rounds": 8, "turns": 24}
SHORT: dict[str, Any] = {"turns": 8, "params": dict(TREE_PARAMS) | {"num_leaves": 6, "learning_rate": 0.25}}


def plan_of(strategy: str, **changes: Any) -> Plan:
    """A plan of any strategy; exact takes its steps one after the other, so it gets few."""
    return plan(strategy=strategy, **changes | (SHORT if strategy == "exact" else {}))


def pinball(forecast: np.ndarray, quantile: float) -> float:
    error = rows(99)["target"].to_numpy() - forecast
    return float(np.maximum(quantile * error, (quantile - 1) * error).mean())


@pytest.fixture(scope="module", params=[one.name for one in all_strategies()])
def strategy(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=("bagging", "cyclic"))
def own_trees(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=("exact", "bagging", "cyclic"))
def trees(request: pytest.FixtureRequest) -> str:
    """Strategies that take any features; those of coefficients know some by name, see test_coefficients.py."""
    return str(request.param)


@pytest.fixture(scope="module")
def shared(trees: str, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return train_shared(members(tmp_path_factory.mktemp("stores")), plan_of(trees, **LONG), workers=1)


def test_a_plan_survives_flowers_configuration() -> None:
    """Flat values that JSON takes, and back to the same plan."""
    given = plan(cutoffs=(OLD, SHIP), quantiles=(0.05, 0.5), params={"max_bin": 63, "learning_rate": 0.08}, timeout=1.5)
    config = given.to_config()
    assert all(isinstance(value, str | int | float) for value in config.values())
    assert Plan.from_config(json.loads(json.dumps(config))) == given


def test_the_shared_models_are_safe_and_complete(shared: Shared, trees: str) -> None:
    """One valid text per quantile, with all trees (of bagging, every member's of every round), and each member's rows named."""
    assert list(shared.models) == [SHIP]
    assert sorted(shared.models[SHIP]) == [0.1, 0.5, 0.9]
    least, most = {"exact": (8, 8), "bagging": (8 * 4, 8 * 4 * 3), "cyclic": (24, 24)}[trees]
    for text in shared.models[SHIP].values():
        assert least <= len(validate(text, FEATURES).trees) <= most
    assert dict(shared.rows) == {"p0": 100, "p1": 160, "p2": 220, "p3": 280}
    assert dict(shared.dropped) == {}
    assert shared.traffic > 0


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_the_shared_models_beat_a_constant(shared: Shared, quantile: float) -> None:
    """On rows that nobody trained on, against the quantile of those very rows."""
    constant = np.full(300, np.quantile(rows(99)["target"], quantile))
    assert pinball(predicted(shared.models[SHIP][quantile]), quantile) < 0.8 * pinball(constant, quantile)


def test_the_result_is_the_same_for_every_number_of_workers(own_trees: str, tmp_path: Path) -> None:
    """Byte for byte, wherever the stores lie and in whatever order the members come."""
    which = plan(strategy=own_trees, **LONG)
    one, other = (
        train_shared(there, which, workers=workers)
        for there, workers in ((members(tmp_path / "a"), 1), (members(tmp_path / "b")[::-1], 4))
    )
    assert other.models == one.models
    assert (dict(other.rows), dict(other.dropped)) == (dict(one.rows), dict(one.dropped))


def test_without_params_the_trees_are_those_of_the_local_models(own_trees: str, tmp_path: Path) -> None:
    """A plan says nothing of LightGBM unless it must."""
    short, there = plan(strategy=own_trees, rounds=1, turns=4), members(tmp_path)
    default = train_shared(there, replace(short, params={})).models
    assert default == train_shared(there, replace(short, params=dict(TREE_PARAMS))).models


def test_a_member_without_old_rows_takes_part_in_the_others(strategy: str, tmp_path: Path) -> None:
    """A short history is no failure: nobody is dropped, and the old cut-off is trained by the rest."""
    young = member(tmp_path, "young", {SHIP: rows(5)})
    lines: list[str] = []
    which = plan_of(strategy, quantiles=(0.5,), cutoffs=(OLD, SHIP))
    found = train_shared([*members(tmp_path, 3, (OLD, SHIP)), young], which, progress=lines.append)
    assert sorted(found.models) == [OLD, SHIP]
    assert sorted(found.rows) == ["p0", "p1", "p2", "young"]
    assert dict(found.dropped) == {}
    told = [re.findall(r"\d+ partners", line) for line in lines if line.startswith("shared forecaster of")]
    assert told == [["3 partners"], ["4 partners"]]


def test_an_old_cutoff_with_too_few_members_is_left_out(strategy: str, tmp_path: Path) -> None:
    """Below the minimum a cut-off is not trained; the one that ships is."""
    young = [member(tmp_path, f"young{k}", {SHIP: rows(k)}) for k in range(2)]
    found = train_shared([*members(tmp_path, 2, (OLD, SHIP)), *young], plan_of(strategy, quantiles=(0.5,), cutoffs=(OLD, SHIP)))
    assert sorted(found.models) == [SHIP]
    assert len(found.rows) == 4


BROKEN = {
    "other_features": lambda folder: member(folder, "odd", {SHIP: rows(5).drop(columns="b")}),
    "no_rows": lambda folder: member(folder, "odd", {OLD: rows(5)}),
    "internal": lambda folder: member(folder, "odd", {SHIP: rows(5).assign(target="four")}),
    "malformed": lambda folder: member(folder, "odd", {SHIP: rows(5).assign(target=np.nan)}),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_member_that_cannot_take_part_is_named_with_its_code(own_trees: str, tmp_path: Path, code: str) -> None:
    """The others train as if it had not been asked."""
    others, which = members(tmp_path, 3), plan(strategy=own_trees, rounds=2, turns=4)
    found = train_shared([*others, BROKEN[code](tmp_path)], which)
    assert dict(found.dropped) == {"odd": code}
    assert sorted(found.rows) == ["p0", "p1", "p2"]
    assert found.models == train_shared(others, which).models


def test_below_the_minimum_nothing_is_trained(strategy: str, tmp_path: Path) -> None:
    """Neither with too few members nor with too few that can; the error names who could not."""
    with pytest.raises(FederationError, match="2 partners can train together, 3 are needed"):
        train_shared(members(tmp_path, 2), plan(strategy=strategy))
    with pytest.raises(FederationError, match=r"2 partners .* odd \(other_features\)"):
        train_shared([*members(tmp_path, 2), BROKEN["other_features"](tmp_path)], plan(strategy=strategy))


class Overheard(LocalGrid):
    """A grid that keeps every answer, and can alter one node's, as a node with a bug would."""

    def __init__(
        self, there: Iterable[Member], which: Plan, *, spoil: Mapping[int, Any] | None = None, after: int = 0, workers: int = 2
    ) -> None:
        own = {"terms": Terms.of(which).pack()}
        nodes = [{"partner": m.partner, "store": m.store} | own for m in there]
        super().__init__(client, nodes, which.to_config(), workers=workers)
        self.heard: list[Message] = []
        self.spoil, self.after = spoil or {}, after

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        messages = super().pull_messages(message_ids)
        self.heard += messages
        for message in messages:
            if message.metadata.src_node_id in self.spoil and len(self.heard) > self.after and not message.has_error():
                message.content["config"].update(self.spoil[message.metadata.src_node_id])
        return messages


def serve(grid: Overheard, which: Plan, setting: RuntimeSetting = HERE) -> Context:
    context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=which.to_config())
    with grid:
        make_app(setting)(grid, context)
    rows_of.cache_clear()
    return context


def test_only_sanitised_trees_and_counts_leave_a_node(own_trees: str, tmp_path: Path) -> None:
    """No range, no count of a leaf, no gain, no parameter, no path, no row: each text is what sanitising leaves."""
    which = plan(strategy=own_trees, rounds=2, turns=8)
    grid = Overheard(members(tmp_path), which)
    serve(grid, which)
    keys = set()
    for message in grid.heard:
        for name, value in message.content["config"].items():
            keys.add(name)
            if isinstance(value, bytes):
                validate(value.decode(), FEATURES)
                assert set(re.findall(r"(?m)^(?:leaf_count|leaf_weight|internal_weight|split_gain)=(.*)$", value.decode())) <= {
                    " ".join(digit * n) for digit in "01" for n in range(32)
                }
            assert str(tmp_path) not in str(value)
    facts = {"schema", "agreed", "release", "version-protocol", "version-flwr", "version-lightgbm"}
    assert keys == facts | {"partner", "rows", "starts", "trees-0.1", "trees-0.5", "trees-0.9"}
    assert len(grid.heard) == 4 * 3


@pytest.mark.parametrize(
    "given", [b"garbage", b"\xff\xfe", grown().encode(), 7], ids=["garbage", "not text", "not sanitised", "a number"]
)
def test_a_node_that_sends_what_is_no_model_is_dropped(own_trees: str, tmp_path: Path, given: object) -> None:
    """Its code says why, the others go on without it."""
    which = plan(strategy=own_trees, rounds=2, turns=4, quantiles=(0.5,))
    context = serve(Overheard(members(tmp_path), which, spoil={1003: {"trees-0.5": given}}, after=4), which)
    assert dict(context.state["dropped"]) == {"p3": "model_text"}
    assert sorted(context.state["rows"]) == ["p0", "p1", "p2"]


@pytest.mark.parametrize("said", [{"rows": 0}, {"rows": -50}, {"starts": [1.0]}, {"starts": ["a", "b", "c"]}])
def test_a_node_that_describes_itself_wrongly_is_dropped(own_trees: str, tmp_path: Path, said: dict[str, Any]) -> None:
    """Weights and starts that make no sense would spoil the average of all."""
    which = plan(strategy=own_trees, rounds=1, turns=3)
    context = serve(Overheard(members(tmp_path), which, spoil={1000: said}), which)
    assert dict(context.state["dropped"]) == {"p0": "malformed"}


def test_too_few_left_in_an_old_cutoff_spoil_only_that_one(own_trees: str, tmp_path: Path) -> None:
    """The minimum can be lost on the way; the cut-off that ships goes on with who is left."""
    which = plan(strategy=own_trees, rounds=1, turns=3, quantiles=(0.5,), cutoffs=(OLD, SHIP))
    there = [*members(tmp_path, 3, (OLD, SHIP)), member(tmp_path, "q", {SHIP: rows(5)})]
    context = serve(Overheard(there, which, spoil={1000: {"trees-0.5": b"garbage"}}, after=4), which)
    assert dict(context.state[f"model/{OLD}"]) == {}
    assert "q0.5" in context.state[f"model/{SHIP}"]
    assert (dict(context.state["dropped"]), sorted(context.state["rows"])) == ({"p0": "model_text"}, ["p1", "p2", "q"])


def test_without_answers_in_time_nothing_is_trained(strategy: str, tmp_path: Path) -> None:
    """The error says how many there were."""
    with pytest.raises(FederationError, match="0 partners can train together"):
        train_shared(members(tmp_path), plan(strategy=strategy, timeout=0.0))


@dataclass(frozen=True)
class Hanging:
    """The in-process runtime with a file that hangs until the training is over."""

    members: Sequence[Member]
    file: Path

    @contextmanager
    def open(self, which: Plan, setting: RuntimeSetting) -> Iterator[Any]:
        with InProcess(self.members).open(which, setting) as there:
            yield there
            os.close(os.open(self.file, os.O_WRONLY))


def test_a_member_that_does_not_answer_in_time_is_named(strategy: str, tmp_path: Path) -> None:
    """A node whose storage hangs is left out, as late; the others train."""
    hanging = tmp_path / "slow" / "rounds" / ROUND / "train" / "done.json"
    hanging.parent.mkdir(parents=True)
    os.mkfifo(hanging)  # who reads it waits for a writer
    there = [*members(tmp_path, 3), Member("slow", str(tmp_path / "slow"))]
    which = plan_of(strategy, rounds=1, turns=3, quantiles=(0.5,), timeout=4.0)
    found = train_shared(there, which, runtime=Hanging(there, hanging))
    assert dict(found.dropped) == {"slow": "timeout"}
    assert sorted(found.rows) == ["p0", "p1", "p2"]


def test_who_is_registered_and_not_connected_is_named(tmp_path: Path) -> None:
    """With too few, the error says whom to ask; with enough, the others train."""
    which = plan(rounds=1, quantiles=(0.5,))
    setting = RuntimeSetting(names={1000: "p0", 1001: "p1", 1002: "p2", 1003: "away"})
    found = serve(Overheard(members(tmp_path, 3), which), which, setting)
    assert dict(found.state["dropped"]) == {"away": "timeout"}
    with pytest.raises(
        FederationError, match=r"2 partners can train together, 3 are needed; dropped: away \(timeout\), p2 \(t"
    ):
        serve(Overheard(members(tmp_path, 2), which), which, setting)


def test_a_node_that_missed_a_round_says_so(own_trees: str, tmp_path: Path) -> None:
    """Its running scores would be wrong, so it grows nothing."""
    which = plan(strategy=own_trees, quantiles=(0.5,))
    config: dict[str, Any] = {"cutoff": SHIP.isoformat(), "starts": [1.0], "trees-0.5": b""}
    with Overheard(members(tmp_path, 1), which) as grid:
        replies = []
        for number in (0, 2):
            turn = {"boosting-round": number, "since": max(0, number - 1)}
            content = RecordDict({"config": ConfigRecord(config | turn)})
            replies += grid.send_and_receive([Message(content, 1000, f"train.{own_trees}", group_id=str(number))], timeout=60)
    rows_of.cache_clear()
    assert not replies[0].has_error()
    assert replies[1].error.reason == "missed_round"


def test_cutoffs_do_not_mix(strategy: str, tmp_path: Path) -> None:
    """A cut-off trained beside another is the one trained alone."""
    there = members(tmp_path, 3, (OLD, SHIP))
    which = plan_of(strategy, rounds=2, turns=4, quantiles=(0.1, 0.5), cutoffs=(OLD, SHIP))
    both = train_shared(there, which).models
    alone: dict[date, Any] = {c: train_shared(there, replace(which, cutoffs=(c,))).models[c] for c in (OLD, SHIP)}
    assert both == alone
