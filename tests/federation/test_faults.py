"""What can go wrong in an exact training, done for real to nodes in processes of their own and to the relay."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any

import psutil
import pytest
from members import FEATURES, SHIP, Member, members, plan

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import FederationError
from decai_forecast.federation import Plan, run, train_shared, validate
from decai_forecast.federation.disclosure import disclosed_strategy
from decai_forecast.federation.exact.host import HostRelay
from decai_forecast.federation.node_process import NodeProcess
from decai_forecast.federation.progress import Step
from decai_forecast.federation.run import InProcess
from decai_forecast.federation.state import Venue
from decai_forecast.store import Store

EXACT = plan(
    strategy="exact", turns=25, params=dict(TREE_PARAMS) | {"num_leaves": 6}, quantiles=(0.5,), patience=3.0, grace=5.0
)
Harm = Callable[["Harmed"], None]


@dataclass
class Harmed:
    """The in-process runtime, in which something happens once, when ten trees are there."""

    members: Sequence[Member]
    harm: Harm
    nodes: tuple[NodeProcess, ...] = ()
    relay: Any = None
    done: bool = False

    @contextmanager
    def open(self, which: Plan, venue: Venue) -> Iterator[Any]:
        with InProcess(self.members).open(which, venue) as (grid, _):
            self.nodes = tuple(grid.nodes.values())

            def relay(patience: float, watch: Any) -> Any:
                self.relay = HostRelay(patience, watch)
                return self.relay

            yield grid, replace(venue, relay=relay, watch=self.watch)

    def watch(self, step: Step) -> None:
        if not self.done and step.far.tree < step.far.trees:
            self.done = True
            self.harm(self)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every node in a process, however short the training."""
    monkeypatch.setattr(run, "OWN_PROCESSES", 1)


def signalled(number: signal.Signals, harmed: Harmed) -> None:
    os.kill(harmed.nodes[2].pid, number)


def hang_for_a_while(harmed: Harmed) -> None:
    signalled(signal.SIGSTOP, harmed)
    Timer(5.0, lambda: signalled(signal.SIGCONT, harmed)).start()  # seconds: longer than the relay's patience


HARMS: dict[str, Harm] = {
    "killed in mid-tree": partial(signalled, signal.SIGKILL),
    "hangs and returns late": hang_for_a_while,
    "relay ends": lambda harmed: harmed.relay.close(),
}


@pytest.mark.parametrize("what", HARMS)
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
from test_faults import EXACT, Member, run, train_shared
run.OWN_PROCESSES = 1
there = [Member(f"p{k}", store) for k, store in enumerate(sys.argv[1:])]
train_shared(there, EXACT, watch=lambda step: print(step.far.tree, flush=True))
"""


def test_a_coordinator_that_is_killed_in_mid_tree_takes_its_nodes_along_and_begins_again(tmp_path: Path) -> None:
    """The relay is killed with it. Started again, all go on from the last kept tree, to the same model."""
    there, first = members(tmp_path, 3), list[int]()
    command, path = [sys.executable, "-c", COORDINATOR, *(one.store for one in there)], str(Path(__file__).parent)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"10\n"
        nodes = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert len(nodes) == 4  # and what they were forked from
    assert not psutil.wait_procs(nodes, timeout=60)[1]
    found = train_shared(there, EXACT, watch=lambda step: first.append(step.far.tree))
    assert first[0] == 20
    assert train_shared(there, EXACT).models == found.models


class Stopped(BaseException):
    """The coordinator's process ends."""


def test_a_coordinator_that_ended_in_mid_tree_begins_again(tmp_path: Path) -> None:
    """The relay ends with it. Called again, the companies go on from the last kept tree, to the same model."""
    there, first = members(tmp_path, 3), list[int]()

    def stop(_: Step) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        train_shared(there, EXACT, watch=stop)
    found = train_shared(there, EXACT, watch=lambda step: first.append(step.far.tree))
    assert first[0] == 20
    assert len(validate(found.models[SHIP][0.5], FEATURES).trees) == 25
    assert train_shared(there, EXACT).models == found.models
