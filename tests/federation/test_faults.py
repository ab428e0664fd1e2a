"""What can go wrong in an exact training, done for real to nodes in processes of their own and to the relay."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event, Timer
from typing import Any

import psutil
import pytest
from members import FEATURES, SHIP, Member, members, plan

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import FederationError
from decai_forecast.federation import Plan, run, train_shared, validate
from decai_forecast.federation.disclosure import disclosed_strategy
from decai_forecast.federation.exact.host import HostRelay
from decai_forecast.federation.exact.progress import Progress
from decai_forecast.federation.node_process import NodeProcess
from decai_forecast.federation.run import InProcess
from decai_forecast.federation.state import RuntimeSetting
from decai_forecast.store import Store

EXACT = plan(
    strategy="exact", turns=25, params=dict(TREE_PARAMS) | {"num_leaves": 6}, quantiles=(0.5,), patience=3.0, grace=60.0
)
HELD = replace(EXACT, patience=60.0)  # seconds: the nodes wait for the relay while the coordinator ends
Harm = Callable[["Harmed"], None]


@dataclass
class Told:
    """The in-process runtime with a relay that hands over every note of progress, while all nodes wait for its answer."""

    members: Sequence[Member]
    told: Callable[[Progress], None]
    nodes: tuple[NodeProcess, ...] = ()
    relay: Any = None

    @contextmanager
    def open(self, which: Plan, setting: RuntimeSetting) -> Iterator[Any]:
        with InProcess(self.members).open(which, setting) as (grid, _):
            self.nodes = tuple(grid.nodes.values())

            def relay(patience: float, watch: Callable[[Progress], None]) -> Any:
                def note(progress: Progress) -> None:
                    watch(progress)
                    self.told(progress)

                self.relay = HostRelay(patience, note)
                return self.relay

            yield grid, replace(setting, relay=relay)


class Harmed(Told):
    """The same, and something happens to it once, when ``tree`` trees are there."""

    def __init__(self, members: Sequence[Member], harm: Harm, tree: int = 10) -> None:
        super().__init__(members, self._once)
        self._harm, self._tree, self.done = harm, tree, False

    def _once(self, progress: Progress) -> None:
        if not self.done and progress.tree == self._tree:
            self.done = True
            self._harm(self)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every node in a process, however short the training."""
    monkeypatch.setattr(run, "OWN_PROCESSES", 1)


def signalled(number: signal.Signals, harmed: Harmed) -> None:
    os.kill(harmed.nodes[2].pid, number)


def hang_for_a_while(harmed: Harmed) -> None:
    signalled(signal.SIGSTOP, harmed)
    Timer(5.0, lambda: signalled(signal.SIGCONT, harmed)).start()  # seconds: longer than the relay's patience


def cable_out(harmed: Harmed) -> None:
    """For longer than the first attempt and the patience of a second one."""
    signalled(signal.SIGSTOP, harmed)
    Timer(10.0, lambda: signalled(signal.SIGCONT, harmed)).start()


HARMS: dict[str, Harm] = {
    "killed in mid-tree": partial(signalled, signal.SIGKILL),
    "hangs and returns late": hang_for_a_while,
    "no answer for minutes": cable_out,
    "relay ends": lambda harmed: harmed.relay.close(),
}


@pytest.mark.parametrize(
    "what",
    [
        "killed in mid-tree",
        pytest.param("hangs and returns late", marks=pytest.mark.long),
        pytest.param("no answer for minutes", marks=pytest.mark.long),
        "relay ends",
    ],
)
def test_a_training_that_was_broken_once_ends_with_the_same_model(
    processes: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    """All go on from the last kept tree; nobody is put out; the model is that of an undisturbed training, to the last byte."""
    there = members(tmp_path, 3)
    harmed = Harmed(there, HARMS[what])
    found = train_shared(there, EXACT, runtime=harmed)
    assert harmed.done
    assert (dict(found.dropped), sorted(found.rows)) == ({}, ["p0", "p1", "p2"])
    monkeypatch.undo()  # in threads
    assert found.models == train_shared(there, EXACT).models
    kept = [Store(one.store, one.partner).keys("federation/exact/checkpoints") for one in there]
    assert kept == [[]] * 3  # trees kept on the way are of no use any more, and tell what the model does not


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
def test_a_training_with_kills_at_random_ends_with_the_same_model(processes: None, tmp_path: Path, seed: int) -> None:
    """Any company's node, after any tree that is told of, by a kill or with the relay: the same model, to the last byte."""
    draw, there = random.Random(seed), members(tmp_path, 4)
    which = draw.randrange(4)
    harms: list[Harm] = [lambda harmed: os.kill(harmed.nodes[which].pid, signal.SIGKILL), HARMS["relay ends"]]
    harmed = Harmed(there, draw.choice(harms), draw.choice([10, 20]))
    found = train_shared(there, EXACT, runtime=harmed)
    assert harmed.done
    assert dict(found.dropped) == {}
    assert found.models == train_shared(there, EXACT).models


@pytest.mark.long
def test_who_stays_away_ends_the_training_and_is_named(processes: None, tmp_path: Path) -> None:
    """It hangs for good: the others do not go on without it, and do not wait for ever."""
    there = members(tmp_path, 4)
    with pytest.raises(FederationError) as error:
        train_shared(there, replace(EXACT, grace=1.0), runtime=Harmed(there, partial(signalled, signal.SIGSTOP)))
    assert str(error.value) == "p0, p1, p3 could not train 2026-06-22 together (exact_begun); dropped: p2 (timeout)"
    round_id = EXACT.round_id  # sums had left before, and every company's own record says so
    assert [disclosed_strategy(Store(one.store, one.partner), round_id) for one in there] == ["exact"] * 4


COORDINATOR = """
import sys
from threading import Event
from test_faults import HELD, Member, Told, run, train_shared
run.OWN_PROCESSES = 1
there = [Member(f"p{k}", store) for k, store in enumerate(sys.argv[1:])]
def told(progress):
    print(progress.tree, flush=True)
    Event().wait()
train_shared(there, HELD, runtime=Told(there, told))
"""


def first_trees(there: Sequence[Member]) -> tuple[list[int], Any]:
    """Up to which trees the training is when it tells so, and what it ends with."""
    trees = list[int]()
    found = train_shared(there, HELD, runtime=Told(there, lambda progress: trees.append(progress.tree)))
    return trees, found


def test_a_coordinator_that_is_killed_in_mid_tree_takes_its_nodes_along_and_begins_again(tmp_path: Path) -> None:
    """The relay is killed with it. Started again, all go on from the last kept tree, to the same model."""
    there = members(tmp_path, 3)
    command, path = [sys.executable, "-c", COORDINATOR, *(one.store for one in there)], os.pathsep.join(sys.path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"10\n"
        nodes = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert len(nodes) == 4  # and what they were forked from
    assert not psutil.wait_procs(nodes, timeout=60)[1]
    trees, found = first_trees(there)
    assert trees == [20, 25]
    assert train_shared(there, HELD).models == found.models


class Stopped(BaseException):
    """The coordinator's process ends."""


def test_a_coordinator_that_ended_in_mid_tree_begins_again(tmp_path: Path) -> None:
    """The relay ends with it. Called again, the companies go on from the last kept tree, to the same model."""
    there, ended = members(tmp_path, 3), Event()

    def stop(_: Any) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        train_shared(there, HELD, watch=stop, runtime=Told(there, lambda _: ended.wait(60)))
    ended.set()
    trees, found = first_trees(there)
    assert trees == [20, 25]
    assert len(validate(found.models[SHIP][0.5], FEATURES).trees) == 25
    assert train_shared(there, HELD).models == found.models
