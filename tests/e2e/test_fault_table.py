"""The table of faults: each is done to a running deployment in the middle of a round; nothing is lost and nothing doubled.

`DECAI_FAULTS=FILE` writes the table as it was measured (docs/reference/faults.md).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import build, can_contain
from deployments import until
from faults import HEAD, LONGEST, Site, can_set_clocks, hit_site, set_clock
from support import ROOT

from decai_forecast.coordinator.context import coordinator_context

# a stranger's machine may permit no namespaces; CI does
pytestmark = [pytest.mark.soak, pytest.mark.skipif(bool(can_contain()), reason=can_contain())]
SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer", "postgres")
HOUR = 3600  # seconds


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    with hit_site(build(ROOT / "Dockerfile", folder / "image"), folder / "engine") as site:
        yield site


@pytest.fixture(autouse=True)
def _written(site: Site) -> Iterator[None]:
    """The table so far, after each fault."""
    yield
    if where := os.environ.get("DECAI_FAULTS"):
        Path(where).write_text("\n".join([*HEAD, *site.rows, ""]))


def test_the_shared_training_is_killed(site: Site) -> None:
    """Within a minute the page says so, or it is tried again and the page is right again; the next try trains."""
    store, round = coordinator_context(site.network).store, site.begin()
    sign = f"rounds/{round.id}/training.json"
    until(lambda: store.exists(sign), "the training begins", LONGEST, 0.02)
    killed = store.read_json(sign)["pid"]
    site.kill_inside("scheduler", killed)
    began, told = time.monotonic(), [""]

    def honest() -> bool:
        told[0] = site.note(round)
        return "was killed" in told[0] or not store.exists(sign) or store.read_json(sign)["pid"] != killed

    assert until(honest, "the page says that it was killed", 60.0, 0.2) < 60.0
    site.survived(round, "`kill -9` of the shared training", told[0], began)


@pytest.mark.parametrize("name", SERVICES)
def test_a_process_is_killed_in_the_middle_of_a_round(site: Site, name: str) -> None:
    """The engine starts it again; PostgreSQL, too."""
    round, began = site.begin_and_wait(), time.monotonic()
    site.deployment.engine.kill(name)
    told = site.note(round)
    site.deployment.client.wait_healthy(300.0)
    site.survived(round, f"`kill -9` of {name}", told, began)


def test_the_database_is_restarted(site: Site) -> None:
    """In order, and it is away for twenty seconds, as in an upgrade of its host."""
    round, began = site.begin_and_wait(), time.monotonic()
    site.deployment.engine.stop("postgres", 60.0)
    time.sleep(20.0)
    told = site.note(round)
    site.deployment.engine.tend()
    site.deployment.client.wait_healthy(300.0)
    site.survived(round, "PostgreSQL stopped, started after 20 s", told, began)


@pytest.mark.parametrize("task", ["pull", "train"])
def test_a_task_is_killed(site: Site, task: str) -> None:
    """It is tried again."""
    round = site.begin()
    until(lambda: site.state("deliver_shop_0", round, task) == "running", f"{task} runs", pause=0.2)
    pid = until_known(site, round.id, task)
    began = time.monotonic()
    site.kill_inside("scheduler", pid)
    site.survived(round, f"`kill -9` of a task (`{task}` of one company)", site.note(round), began)
    assert site.tasks("deliver_shop_0", round)[task]["try_number"] == 2


def until_known(site: Site, round_id: str, task: str) -> int:
    """The process of a task at work."""
    pids: list[int] = []

    def known() -> bool:
        tasks = site.deployment.client.tasks("deliver_shop_0", site.deployment.client.runs("deliver_shop_0")[0]["dag_run_id"])
        pids[:] = [one["pid"] for one in tasks if one["task_id"] == task and one["pid"]]
        return bool(pids)

    until(known, f"the process of {task} in {round_id}", pause=0.2)
    return pids[0]


def test_the_source_is_gone(site: Site) -> None:
    """A company whose file is away for a while is asked again and still takes part."""
    source = site.network.home / "sources/shop_0/demand.parquet"
    away = source.with_suffix(".away")
    source.rename(away)
    round = site.begin()
    try:
        until(lambda: site.state("deliver_shop_0", round, "pull") == "up_for_retry", "asked again")
        told = site.note(round)
    finally:
        away.rename(source)
    site.survived(round, "a company's source is away when it is asked", told, time.monotonic())


def test_a_waiting_task_is_cleared_and_its_trigger_still_fires(site: Site) -> None:
    """The event of a trigger that nobody waits for any more changes nothing; the new one waits for the last company."""
    *early, last = site.network.partners
    round = site.begin(*early)
    until(lambda: site.state("federate", round, "roster") == "deferred", "it waits for the rest", LONGEST)
    site.deployment.engine.stop("triggerer", 60.0)
    body = {"dry_run": False, "dag_run_id": site.run_of("federate", round), "task_ids": ["roster"], "only_failed": False}
    site.deployment.client._alive = lambda: None  # the triggerer stays away until the task waits anew
    try:
        site.deployment.client.call("POST", "/api/v2/dags/federate/clearTaskInstances", body)
        until(lambda: site.tasks("federate", round)["roster"]["try_number"] > 1, "it is tried anew")
        until(lambda: site.state("federate", round, "roster") == "deferred", "it waits anew")
    finally:
        site.deployment.client._alive = site.deployment.engine.tend
    told, began = site.note(round), time.monotonic()
    site.deliver(round, last)
    site.survived(round, "a waiting task is cleared, its triggerer away meanwhile", told, began)


def test_the_disk_under_airflow_is_full(site: Site) -> None:
    """For half a minute; where a task cannot write its log it is tried again."""
    round, began = site.begin_and_wait(), time.monotonic()
    filler = site.deployment.engine.folder / "volumes/airflow/filler"
    try:
        assert subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=1M"], capture_output=True, check=False).returncode == 1
        time.sleep(30.0)
        told = site.note(round)
    finally:
        filler.unlink()
    site.survived(round, "the disk of Airflow's logs is full for 30 s", told, began)


def test_a_second_airflow_comes_to_the_home(site: Site) -> None:
    """It is refused, in one line that names who is there; the round goes on."""
    round, began = site.begin_and_wait(), time.monotonic()
    other = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:p@postgres/another"
    refused = site.deployment.engine.run_in("scheduler", "env", other, "decai", "prepare", seconds=300.0)
    assert refused.returncode == 2
    assert "/var/lib/decai/network: " in refused.stderr.splitlines()[-1]
    site.survived(round, "a second Airflow at the same home", site.note(round), began)


# a stranger's machine may have no compiler; CI has
@pytest.mark.skipif(not can_set_clocks(), reason="no C compiler on this host")
@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_the_clock_jumps_by_an_hour(site: Site, seconds: int) -> None:
    """In the middle of a round, and back to the right time after the round."""
    round, began = site.begin_and_wait(), time.monotonic()
    assert site.clock
    set_clock(site.clock, seconds)
    try:
        time.sleep(10.0)
        told = site.note(round)
        site.survived(round, f"the clock jumps an hour {'ahead' if seconds > 0 else 'back'}", told, began)
    finally:
        set_clock(site.clock, 0)
