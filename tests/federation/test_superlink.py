"""The runtime between companies: a SuperLink and three SuperNodes with TLS and registered keys, and our relay beside."""

import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any

import psutil
import pytest
from flwr.proto.control_pb2 import ListRunsRequest, StopRunRequest
from flwr.proto.control_pb2_grpc import ControlStub
from members import OLD, ROUND, SHIP, members, plan
from superlinks import Companies, companies

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import FederationError
from decai_forecast.federation import Member, Plan, train_shared
from decai_forecast.federation.preflight import agreement
from decai_forecast.federation.progress import Step
from decai_forecast.federation.superlink import flower
from decai_forecast.federation.superlink.flower import LinkSilent, RunStopped
from decai_forecast.federation.superlink.node import Company, serve
from decai_forecast.federation.superlink.passport import apply

pytestmark = pytest.mark.long
CUTOFFS = (OLD, SHIP)
BASIS: dict[str, Any] = {"quantiles": (0.5,), "agreed": agreement("W", 13), "timeout": 120.0, "grace": 5.0}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companies]:
    home = tmp_path_factory.mktemp("federation")
    with companies(home, members(home / "stores", 3, CUTOFFS)) as found:
        yield found


def exact(**changes: Any) -> Plan:
    params = dict(TREE_PARAMS)
    return plan(**BASIS | {"strategy": "exact", "turns": 11, "params": params} | changes)


BOTH = [
    exact(),
    plan(**BASIS | {"rounds": 2}),
    *[plan(**BASIS | more) for more in ({"strategy": "cyclic", "turns": 4}, {"strategy": "median"})],
]


@pytest.mark.parametrize("which", BOTH, ids=[one.strategy for one in BOTH])
def test_both_runtimes_train_the_same_model(there: Companies, which: Plan) -> None:
    """To the last byte: the same app, the same stores; what differs is how messages travel."""
    said: list[str] = []
    if which.strategy not in ("exact", "bagging"):
        there.agree(which.strategy)
    between = train_shared(there.members, which, runtime=there.runtime, progress=said.append)
    here = train_shared(there.members, which)
    assert dict(between.models) == dict(here.models)
    assert (dict(between.rows), dict(between.dropped)) == (dict(here.rows), {})
    if which.strategy == "exact":
        assert any("tree 11 of 11, loss " in line for line in said)


def killed(which: subprocess.Popen[bytes], there: Companies, name: str, step: Step) -> None:
    """Ends a company's node in mid-tree, once, and starts it again, as its service manager would."""
    if which.poll() is None and step.far.tree < step.far.trees:
        which.kill()
        which.wait()
        there.restart(name)


def test_a_company_that_is_killed_in_mid_tree_comes_back(there: Companies) -> None:
    """Executor and SuperNode are gone; started again they go on where all were, and the model is the same."""
    which = exact(seed=8, turns=15, patience=10.0, grace=90.0)  # until it has started again, on a busy host too
    watch = partial(killed, there.nodes["p2"], there, "p2")
    found = train_shared(there.members, which, runtime=there.runtime, watch=watch)
    assert there.nodes["p2"].poll() is None
    assert dict(found.dropped) == {}
    assert dict(found.models) == dict(train_shared(there.members, which).models)


def stopped(there: Companies, name: str, number: signal.Signals) -> list[psutil.Process]:
    """Asks a company's node to end, and waits for it; the processes that it had started."""
    node = there.nodes[name]
    there.wait_for_node(name)
    below = psutil.Process(node.pid).children(recursive=True)
    node.send_signal(number)
    assert node.wait(60) == 0
    return below


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_ends_when_it_is_asked_to_and_leaves_nothing(there: Companies, number: signal.Signals) -> None:
    """Between two messages: its SuperNode ends with it, and the service manager hears of no failure."""
    below = stopped(there, "p1", number)
    assert below
    assert not psutil.wait_procs(below, timeout=10)[1]
    there.restart("p1")


def test_a_node_ends_within_a_message_too(there: Companies) -> None:
    """In mid-tree, inside LightGBM, while it waits for the others. They are told at once, which is no time-out; when it is back
    all go on where they were."""
    which = exact(seed=11, turns=15, patience=300.0, grace=90.0)
    ended = list[str]()

    def end(step: Step) -> None:
        if not ended and step.far.tree < step.far.trees:
            stopped(there, "p1", signal.SIGTERM)
            ended.append((there.home / "p1.log").read_text())
            there.restart("p1")

    found = train_shared(there.members, which, runtime=there.runtime, watch=end)
    assert ended[0].endswith("p1: train.exact, 2026-06-22/q0.5\np1: stopped\n")
    assert dict(found.dropped) == {}
    assert dict(found.models) == dict(train_shared(there.members, which).models)


def signalled(there: Companies, number: signal.Signals, step: Step) -> None:
    """To the SuperLink, once, in mid-tree; what is sent to it again does no harm."""
    if step.far.tree < step.far.trees:
        there.up.send_signal(number)


def test_a_superlink_that_hangs_ends_the_training_and_does_not_block_it(
    there: Companies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process lives and its port takes connections. The error says so and what to do; once it answers again, the same
    training ends with the same model."""
    monkeypatch.setattr(flower, "CALL", 2.0)
    monkeypatch.setattr(flower, "AWAY", 4.0)
    which = exact(seed=9, turns=15)
    try:
        with pytest.raises(LinkSilent, match=r"runs and has not answered for 4 s; end it .* train again") as error:
            train_shared(there.members, which, runtime=there.runtime, watch=partial(signalled, there, signal.SIGSTOP))
        assert error.value.code == "superlink_silent"
        with pytest.raises(LinkSilent, match="has not answered for 2 s"):
            train_shared(there.members, which, runtime=there.runtime)
    finally:
        there.up.send_signal(signal.SIGCONT)
    monkeypatch.undo()
    found = train_shared(there.members, which, runtime=there.runtime)
    assert dict(found.models) == dict(train_shared(there.members, which).models)


def test_a_superlink_that_hung_for_a_while_is_waited_for(there: Companies, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter than a training's patience: nobody notices."""
    monkeypatch.setattr(flower, "CALL", 1.0)
    which, stopped = exact(seed=10, turns=15), list[Timer]()

    def hang(step: Step) -> None:
        if not stopped:
            stopped.append(Timer(5.0, partial(there.up.send_signal, signal.SIGCONT)))
            there.up.send_signal(signal.SIGSTOP)
            stopped[0].start()

    found = train_shared(there.members, which, runtime=there.runtime, watch=hang)
    assert stopped
    assert dict(found.dropped) == {}
    assert dict(found.models) == dict(train_shared(there.members, which).models)


def stopped_run(there: Companies, _: Step) -> None:
    """What `flwr stop` does: to the newest run."""
    with flower._channel(f"127.0.0.1:{there.link.facts()[2].control}", there.link.authority) as channel:
        stub = ControlStub(channel)
        runs = stub.ListRuns(ListRunsRequest()).run_dict
        stub.StopRun(StopRunRequest(run_id=max(runs, key=lambda run: runs[run].pending_at)))


def test_a_run_that_is_stopped_ends_the_training_and_not_the_process(there: Companies) -> None:
    """By itself Flower would interrupt the whole process, which under Airflow is the task's."""
    with pytest.raises(RunStopped, match="has ended this run: it was stopped"):
        train_shared(there.members, exact(seed=14, turns=15), runtime=there.runtime, watch=partial(stopped_run, there))


COORDINATOR = """
import pickle, sys
from pathlib import Path
from decai_forecast.federation import train_shared
members, which, runtime = pickle.loads(bytes.fromhex(sys.argv[1]))
train_shared(members, which, runtime=runtime, watch=lambda step: print(step.far.tree, flush=True))
"""


def test_a_coordinator_that_is_killed_with_its_relay_goes_on_when_it_is_back(there: Companies) -> None:
    """In mid-tree; the companies' nodes live. Started again at the same port, the relay is found, and all go on where they
    were."""
    which, first = exact(seed=12, turns=15), list[int]()
    told = pickle.dumps((there.members, which, there.runtime)).hex()
    with subprocess.Popen([sys.executable, "-c", COORDINATOR, told], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"10\n"
        process.kill()
    found = train_shared(there.members, which, runtime=there.runtime, watch=lambda step: first.append(step.far.tree))
    assert first == [15]
    assert dict(found.dropped) == {}
    assert dict(found.models) == dict(train_shared(there.members, which).models)


def test_what_fails_at_a_company_leaves_it_as_a_code(there: Companies) -> None:
    """A file that is not what the step wrote: neither its path nor the library's words for it reach the SuperLink, its log or
    its database."""
    place = Path(there.members[2].store.removeprefix("file://")) / "rounds" / ROUND / "train"
    [file] = place.glob(f"*rows-{SHIP}*")
    kept = file.read_bytes()
    file.write_bytes(b"no parquet")
    said: list[str] = []
    try:
        with pytest.raises(FederationError, match=r"2 partners can train together, 3 are needed; dropped: p2 \(store\)"):
            train_shared(there.members, exact(seed=13), runtime=there.runtime, progress=said.append)
    finally:
        file.write_bytes(kept)
    assert "p2 cannot take part: store" in said
    left = b"".join(one.read_bytes() for one in [there.home / "superlink.log", *there.link.folder.glob("state.db*")])
    assert b"decai/decai-forecast" in left
    for told in (b"parquet", file.name.encode(), str(place).encode(), b"stores/p2"):
        assert told not in left


def test_who_is_not_admitted_does_not_connect(there: Companies) -> None:
    """A company with a passport of its own making: the SuperLink does not know its key."""
    stranger = Member("mallory", there.members[0].store)
    company = Company("mallory", stranger.store, there.files("mallory"))
    apply(company.files, "mallory", there.keyring(there.members[0]))
    company.enter(replace(Company("p0", "", there.files("p0")).admission(), partner="mallory"))
    with pytest.raises(FederationError, match=r"mallory: the SuperNode ended; its log is .*supernode\.log"):
        serve(company, lambda _: None)
