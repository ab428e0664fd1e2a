"""The table of faults: each is done to a running deployment in the middle of a round; nothing is lost and nothing doubled.

`DECAI_FAULTS=FILE` writes the table as it was measured (docs/reference/faults.md).
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from containers import build, can_contain
from deployments import Deployment, deployed, five_companies, until
from support import ROOT

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.network import Network
from decai_forecast.round import Round

# a stranger's machine may permit no namespaces; CI does
pytestmark = [pytest.mark.soak, pytest.mark.skipif(bool(can_contain()), reason=can_contain())]
LONGEST = 900.0  # seconds until a round that was hit is over
SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer", "postgres")


@dataclass
class Site:
    """A deployment, its network and what was measured. ``rows``: of the table."""

    deployment: Deployment
    network: Network
    rows: list[str] = field(default_factory=list)

    def page(self) -> str:
        client = self.deployment.client
        return httpx.get(f"{client.url}/decai/rounds", headers=client._headers(), timeout=60.0).text

    def begin(self, round: Round) -> None:
        for partner in self.network.partners:
            self.deployment.client.trigger(f"deliver_{partner}", round=round.id, as_of=round.as_of.isoformat())

    def kill_inside(self, name: str, pid: int) -> None:
        assert self.deployment.engine.run_in(name, "kill", "-9", str(pid)).returncode == 0

    def tasks(self, dag: str, round: Round) -> dict[str, Any]:
        """Of the round's last run of a DAG: task -> state."""
        client = self.deployment.client
        runs = [run for run in client.runs(dag) if round.id in (run["partition_key"], (run["conf"] or {}).get("round"))]
        return {task["task_id"]: task for task in client.tasks(dag, runs[0]["dag_run_id"])} if runs else {}

    def reported(self, round: Round) -> bool:
        """Every company has its report of a round that was trained together."""
        self.deployment.client.check_health()
        outboxes = [
            self.network.home / "stores" / name / "outbox" / round.id / "manifest.json" for name in self.network.partners
        ]
        shared = coordinator_context(self.network).link.shared(round.id)
        return bool(shared and len(shared.members) == len(self.network.partners)) and all(path.exists() for path in outboxes)

    def emitted(self, round: Round) -> Counter[str]:
        """Partition -> how often it was emitted."""
        events = self.deployment.client.call("GET", "/api/v2/assets/events", limit=100, order_by="-timestamp")["asset_events"]
        return Counter(str(one["partition_key"]) for one in events if round.id == str(one["partition_key"]).split("|")[-1])


@pytest.fixture(scope="module")
def site(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    network = five_companies(folder / "home", orders_file)
    image = build(ROOT / "Dockerfile", folder / "image")
    (folder / "engine").mkdir()
    with deployed(network, image, folder / "engine") as deployment:
        site = Site(deployment, network)
        yield site
    if where := os.environ.get("DECAI_FAULTS"):
        head = ["| fault | what the page says then | until every report is there | lost | doubled |", "|---|---|---|---|---|"]
        Path(where).write_text("\n".join([*head, *site.rows, ""]))


def survived(site: Site, round: Round, fault: str, told: str, began: float) -> None:
    """Every company has its report, and each partition was emitted once; the row of the table."""
    until(lambda: site.reported(round), f"the reports of {round.id} after: {fault}", LONGEST)
    seconds, emitted = time.monotonic() - began, site.emitted(round)
    wanted = {round.id, *(f"{name}|{round.id}" for name in site.network.partners)}
    lost, doubled = wanted - set(emitted), {key: count for key, count in emitted.items() if count > 1}
    site.rows.append(f"| {fault} | {told} | {seconds:.0f} s | {len(lost) or 'none'} | {len(doubled) or 'none'} |")
    assert (lost, doubled) == (set(), {})


def note(site: Site, round: Round) -> str:
    """What the page says of the round, cut out of it."""
    text = site.page().partition(f'id="round-{round.id}"')[2]
    return text.partition("<p>")[2].partition("</p>")[0]


@pytest.mark.parametrize(("number", "name"), enumerate(SERVICES, 1))
def test_a_process_is_killed_in_the_middle_of_a_round(site: Site, number: int, name: str) -> None:
    """The engine starts it again; PostgreSQL, too."""
    round = Round.of("2026-06-29" if number == 1 else f"2026-06-29.{number}")
    site.begin(round)
    until(lambda: "running" in {task["state"] for task in site.tasks("deliver_shop_0", round).values()}, "a task runs")
    began = time.monotonic()
    site.deployment.engine.kill(name)
    site.deployment.client.wait_healthy(300.0)
    survived(site, round, f"`kill -9` of {name}", note(site, round), began)


def test_a_task_is_killed(site: Site) -> None:
    """The local models of a company: the task is tried again."""
    round = Round.of("2026-06-29.6")
    site.begin(round)
    until(lambda: site.tasks("deliver_shop_0", round).get("train", {}).get("state") == "running", "it trains", pause=0.2)
    began = time.monotonic()
    site.kill_inside("scheduler", site.tasks("deliver_shop_0", round)["train"]["pid"])
    survived(site, round, "`kill -9` of a task (`train` of one company)", note(site, round), began)
    assert site.tasks("deliver_shop_0", round)["train"]["try_number"] == 2


def test_the_shared_training_is_killed(site: Site) -> None:
    """The page says so within a minute, and the next try trains."""
    round = Round.of("2026-06-29.7")
    store = coordinator_context(site.network).store
    site.begin(round)
    until(lambda: store.exists(f"rounds/{round.id}/training.json"), "the training begins", LONGEST, 0.02)
    began = time.monotonic()
    site.kill_inside("scheduler", store.read_json(f"rounds/{round.id}/training.json")["pid"])
    told = [""]

    def honest() -> bool:
        told[0] = note(site, round)
        return "was killed" in told[0] or "trained" in told[0]

    assert until(honest, "the page says that it was killed", 60.0, 0.2) < 60.0
    survived(site, round, "`kill -9` of the shared training", told[0], began)


def test_the_source_is_gone(site: Site) -> None:
    """A company whose file is away for a while is asked again and still takes part."""
    round, source = Round.of("2026-06-29.8"), site.network.home / "sources/shop_0/demand.parquet"
    away = source.with_suffix(".away")
    source.rename(away)
    site.begin(round)
    try:
        until(lambda: site.tasks("deliver_shop_0", round).get("pull", {}).get("state") == "up_for_retry", "asked again")
    finally:
        away.rename(source)
    began = time.monotonic()
    survived(site, round, "a company's source is away when it is asked", note(site, round), began)
