"""Nights with companies apart: the coordinator's Airflow, one company's Airflow, and two companies under cron.

Homes of their own, the link over HTTPS and the training over a SuperLink, all of them processes of this host.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pytest
from apart import Apart, apart
from superlinks import running as command

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.link import ClosingStatus
from decai_forecast.orchestration.client import Client
from decai_forecast.orchestration.environment import Stack
from decai_forecast.orchestration.link_watch import PAUSE
from decai_forecast.orchestration.role import Installation, Role
from decai_forecast.orchestration.stack import StackDied, free_port, running
from decai_forecast.round import Round

pytestmark = pytest.mark.long
FIRST, SECOND = Round.of("2026-06-29"), Round.of("2026-06-29.2")
OURS = {"deliver_acme", "report_acme", "what_if_acme", "watch_link"}
CRON = ("bolt", "corex")
LONGEST = 900.0  # seconds: two Airflows on two cores, and only a hang takes longer


@dataclass(frozen=True)
class Site:
    """One Airflow; ``alive``: ends it, and gives its home back."""

    stack: Stack
    client: Client
    alive: ExitStack = field(default_factory=ExitStack)

    def start(self, dag: str, round: Round) -> str:
        return self.client.trigger(dag, round=round.id, as_of=round.as_of.isoformat())

    def ended(self, dag: str, round: Round) -> dict[str, Any]:
        """The round's run of a DAG, once it has ended."""
        found: list[dict[str, Any]] = []

        def over() -> bool:
            self.client.check_health()
            found[:] = [run for run in self.client.runs(dag) if _is_of(run, round)]
            return bool(found) and found[0]["state"] in ("success", "failed")

        until(over, f"{dag} of {round.id}")
        return found[0]

    def states(self, dag: str, run: dict[str, Any]) -> dict[str, str]:
        return {task["task_id"]: task["state"] for task in self.client.tasks(dag, run["dag_run_id"])}

    def partitions(self, asset: str) -> list[str]:
        """Of all events of an asset, oldest first."""
        events = self.client.call("GET", "/api/v2/assets/events", limit=100, order_by="timestamp")["asset_events"]
        return [str(event["partition_key"]) for event in events if event["name"] == asset]

    def page(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.stack.url}/decai/{path}", headers=self.client._headers(), timeout=60.0)


def _is_of(run: dict[str, Any], round: Round) -> bool:
    return round.id in (run.get("partition_key"), (run.get("conf") or {}).get("round"))


def until(holds: Callable[[], bool], what: str, seconds: float = LONGEST) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"did not happen in time: {what}"
        time.sleep(1.0)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """Three companies, which all have to be there."""
    folder = tmp_path_factory.mktemp("apart")
    with (
        apart(folder, ("acme", *CRON), quorum=3, strategy="median", grace_minutes=0.2) as found,
        command(*found.command("acme", "federation", "node", "acme"), log=folder / "node_acme.log"),
    ):
        yield found


@pytest.fixture(scope="module")
def coordinator(there: Apart) -> Iterator[Site]:
    stack = Stack(there.networks["coordinator"], free_port(18780), Installation(Role.COORDINATOR))
    with running(stack) as client:
        client.wait_dags(["federate", "close_round", "watch_link"], 180.0)
        yield Site(stack, client)


def night(there: Apart, name: str) -> subprocess.Popen[bytes]:
    """A company under cron begins its night."""
    log = (there.log / f"{name}.log").open("ab")
    arguments = ("round", "run", "--partner", name, "--round", FIRST.id, "--wait", "30")
    line = [sys.executable, "-m", "decai_forecast", *there.command(name, *arguments)]
    return subprocess.Popen(line, stdout=log, stderr=log)


def submitted(there: Apart, name: str) -> bool:
    return name in coordinator_context(there.networks["coordinator"]).link.submissions(FIRST.id).submissions


@pytest.fixture(scope="module")
def acme(there: Apart) -> Iterator[Site]:
    stack = Stack(there.networks["acme"], free_port(18880), Installation(Role.PARTNER, "acme"))
    with ExitStack() as alive:
        client = alive.enter_context(running(stack))
        client.wait_dags(sorted(OURS), 180.0)
        yield Site(stack, client, alive)


@pytest.fixture(scope="module")
def first(there: Apart, coordinator: Site, acme: Site) -> Iterator[None]:
    """A whole night; company ``corex`` is killed after it has answered, and started again."""
    killed = night(there, "corex")
    until(lambda: submitted(there, "corex"), "corex answers")
    killed.kill()
    killed.wait()
    cron = [night(there, name) for name in CRON]
    try:
        acme.start("deliver_acme", FIRST)
        assert acme.ended("deliver_acme", FIRST)["state"] == "success"
        assert coordinator.ended("federate", FIRST)["state"] == "success"
        assert acme.ended("report_acme", FIRST)["state"] == "success"
        for name, process in zip(CRON, cron, strict=True):
            assert process.wait(LONGEST) == 0, (there.log / f"{name}.log").read_text()
        coordinator.start("close_round", FIRST)
        assert coordinator.ended("close_round", FIRST)["state"] == "success"
        yield
    finally:
        for process in cron:
            process.kill()


def test_each_airflow_has_its_own_dags(coordinator: Site, acme: Site, first: None) -> None:
    """And nothing of anybody else."""
    assert coordinator.client.dags() == {"federate", "close_round", "watch_link"}
    assert acme.client.dags() == OURS


def test_a_whole_night_ends_with_a_report_in_every_home(there: Apart, first: None) -> None:
    """All three trained together, one of them after it was killed; each home holds its own company's store only."""
    closing = coordinator_context(there.networks["coordinator"]).link.closing(FIRST.id)
    assert closing is not None
    assert (closing.status, closing.members) == (ClosingStatus.CLOSED, ("acme", "bolt", "corex"))
    for name in there.companies:
        report = there.store(name).read_json(f"outbox/{FIRST.id}/report.json")
        assert report["roster"]["present"] == ["acme", "bolt", "corex"]
        assert report["roster"]["status"] == "trained"
    for name in there.networks:
        assert [path.name for path in (there.home(name) / "stores").iterdir()] == [name]


def test_each_message_is_emitted_once(coordinator: Site, acme: Site, first: None) -> None:
    """The grid shows the partitions of one host: who is ready at the coordinator, the round at the company."""
    keys = sorted(f"{name}|{FIRST.id}" for name in ("acme", *CRON))
    assert sorted(coordinator.partitions("partner_deliveries")) == keys
    assert acme.partitions("shared_forecaster") == [FIRST.id]
    assert acme.partitions("partner_deliveries") == [f"acme|{FIRST.id}"]
    run = coordinator.client.runs("federate")[0]
    assert (run["partition_key"], "3 partners train" in run["note"] or "3 of 3 partners" in run["note"]) == (FIRST.id, True)


def test_pages_show_what_each_house_knows(coordinator: Site, acme: Site, first: None) -> None:
    """The company its report, the coordinator who answered; neither a file of another company."""
    report = f"dags/report_acme/reports/{FIRST.id}/report.html"
    assert report in acme.page("rounds").text
    assert acme.page(report).status_code == 200
    text = coordinator.page("rounds").text
    assert "3 of 3 partners" in text
    assert all(name in text for name in ("acme", *CRON))
    assert coordinator.page(report).status_code in (403, 404)
    assert acme.page(report.replace("acme", "bolt")).status_code in (403, 404)


def test_who_is_down_is_named(there: Apart, coordinator: Site, acme: Site, first: None) -> None:
    """A night on which two companies do not come: the others hear it from the coordinator, in the note and the report."""
    acme.start("deliver_acme", SECOND)
    assert acme.ended("deliver_acme", SECOND)["state"] == "success"
    until(lambda: f"acme|{SECOND.id}" in coordinator.partitions("partner_deliveries"), "the coordinator hears of acme")
    coordinator.start("close_round", SECOND)
    closed = coordinator.ended("close_round", SECOND)
    assert closed["state"] == "failed"
    assert "bolt (absent), corex (absent)" in closed["note"]
    assert acme.ended("report_acme", SECOND)["state"] == "success"
    report = there.store("acme").read_json(f"outbox/{SECOND.id}/report.json")
    assert report["roster"]["missing"] == {"bolt": "absent", "corex": "absent"}
    assert acme.partitions("shared_forecaster") == [FIRST.id, SECOND.id]


def test_a_triggerer_that_is_killed_tells_nothing_twice(there: Apart, acme: Site, first: None) -> None:
    """Airflow is started again, asks the link anew, and knows from the company's own store what it has emitted."""
    before, runs = acme.partitions("shared_forecaster"), len(acme.client.runs("watch_link"))
    assert FIRST.id in before
    next(one for one in psutil.process_iter(["cmdline"]) if _is_triggerer(one, acme.stack)).kill()
    with pytest.raises(StackDied, match="Airflow stopped"):
        until(lambda: bool(acme.client.check_health()), "the stack dies")
    acme.alive.close()
    stack = Stack(there.networks["acme"], free_port(18980), acme.stack.here)
    with running(stack) as client:
        again = Site(stack, client)
        again.client.trigger("watch_link")
        until(lambda: client.runs("watch_link")[0]["state"] == "success", "a run that was started by hand")
        time.sleep(3 * PAUSE)  # that nothing happens cannot be waited for
        assert again.partitions("shared_forecaster") == before
        assert len(client.runs("watch_link")) == runs + 1
        assert set(again.states("watch_link", client.runs("watch_link")[0]).values()) == {"skipped"}


def _is_triggerer(process: psutil.Process, stack: Stack) -> bool:
    with suppress(psutil.Error):
        return process.cmdline()[-2:-1] == ["triggerer"] and process.environ().get("AIRFLOW_HOME") == str(stack.home)
    return False
