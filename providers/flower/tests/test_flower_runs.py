"""Runs of an app on real SuperLinks: the installed Flower's over gRPC, a newer one's over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from airflow_flower.control import Control, FlowerError, RunState
from airflow_flower.hook import FlowerHook
from airflow_flower.link import RUN_URL
from airflow_flower.operator import FlowerRunOperator
from airflow_flower.trigger import FlowerRunTrigger
from flower_superlinks import fab, superlink

pytestmark = pytest.mark.long


class Site:
    """A SuperLink, the connection to it, and the task instance of a test, which remembers its XComs."""

    def __init__(self, control: Control, folder: Path) -> None:
        self.control, self.name, self.app, self.xcoms = control, folder.name, folder / "app.fab", dict[str, str]()
        self.app.write_bytes(fab())

    def context(self) -> dict[str, Any]:
        task = SimpleNamespace(dag_id="d", run_id="r", task_id=self.name, map_index=-1)
        task.xcom_push = lambda key, value: self.xcoms.update({key: value})
        return {"ti": task}

    def operator(self, ending: str, **settings: Any) -> FlowerRunOperator:
        config = {"ending": ending}
        return FlowerRunOperator(
            task_id="t",
            fab=str(self.app),
            run_config=config,
            task_key="task",
            flower_conn_id="tested",
            poll_seconds=0.5,
            **settings,
        )

    def deferred(self, ending: str) -> FlowerRunTrigger:
        with pytest.raises(TaskDeferred) as caught:
            self.operator(ending).execute(self.context())
        trigger = caught.value.trigger
        assert isinstance(trigger, FlowerRunTrigger)
        _, state = trigger.serialize()
        return FlowerRunTrigger(**json.loads(json.dumps(state)))


@pytest.fixture(scope="module", params=["grpc", "http"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Control, str]]:
    with superlink(request.param, tmp_path_factory.mktemp(request.param)) as (transport, port):
        extra = {"transport": request.param, "insecure": True, "run_url": "http://runs.example/{run_id}"}
        yield Control(transport), json.dumps({"conn_type": "flower", "host": "127.0.0.1", "port": port, "extra": extra})


@pytest.fixture
def site(running: tuple[Control, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("AIRFLOW_CONN_TESTED", running[1])
    return Site(running[0], tmp_path)


def event_of(trigger: FlowerRunTrigger) -> dict[str, str]:
    async def first() -> Any:
        async for event in trigger.run():
            return event.payload

    return dict(asyncio.run(first()))


def test_one_that_completes(site: Site) -> None:
    """The triggerer waits; a retry afterwards does not train again."""
    trigger = site.deferred("completed")
    event = event_of(trigger)
    assert event == {"run_id": trigger.run_id, "state": "completed", "details": event["details"]}
    operator = site.operator("completed", deferrable=False)
    assert operator.execute_complete(site.context(), event) == trigger.run_id
    assert site.xcoms[RUN_URL] == f"http://runs.example/{trigger.run_id}"
    assert operator.execute(site.context()) == trigger.run_id
    assert len([run for run in site.control.runs() if run.config.get("ending") == "completed"]) == 1


def test_one_that_fails(site: Site) -> None:
    """The task fails and is tried again: with another run."""
    operator = site.operator("failed", deferrable=False)
    for tries in (1, 2):
        with pytest.raises(AirflowException, match=r"Flower run \d+ is failed") as caught:
            operator.execute(site.context())
        assert not isinstance(caught.value, AirflowFailException)
        assert len([run for run in site.control.runs() if run.config.get("ending") == "failed"]) == tries


def test_one_that_is_ended_with_its_task(site: Site) -> None:
    """While the triggerer waits: it stops the run, and whoever hears of a stopped run does not start it again."""
    trigger = site.deferred("never")
    assert site.deferred("never").run_id == trigger.run_id  # a second try goes on with it
    asyncio.run(trigger.on_kill())
    deadline = time.monotonic() + 60
    while site.control.run(int(trigger.run_id)).state is not RunState.STOPPED:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    with pytest.raises(AirflowFailException, match="somebody stopped it, so it is not started again"):
        site.operator("never").execute_complete(site.context(), event_of(trigger))


def test_a_run_that_is_not_there(site: Site) -> None:
    """Of another SuperLink, or of one whose database was lost."""
    with pytest.raises(FlowerError):
        site.control.run(17)
    assert event_of(FlowerRunTrigger("tested", "17"))["state"] == "lost"


def test_the_button_of_the_connections_form(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells how many runs there are, or why nothing answers."""
    assert FlowerHook("tested").test_connection() == (True, f"the SuperLink remembers {len(site.control.runs())} runs")
    monkeypatch.setenv(
        "AIRFLOW_CONN_TESTED", '{"conn_type": "flower", "host": "127.0.0.1", "port": 9, "extra": {"insecure": true}}'
    )
    works, why = FlowerHook("tested").test_connection()
    assert not works
    assert why.startswith("the SuperLink at http://127.0.0.1:9 did not answer: ")
