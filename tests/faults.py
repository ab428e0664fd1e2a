"""A running deployment that is hit in the middle of a round: what its page said, how long it took, what was lost or doubled."""

from __future__ import annotations

import html
import re
import shutil
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from compose_file import Compose
from containers import Image, own_network
from deployments import UID, Deployment, an_engine, brought_up, given_to, until
from support import orders

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.orchestration.demo import our_dags
from decai_forecast.round import Round

LONGEST = 1200.0  # seconds until a round that was hit is over
HEAD = ("| fault | what the page says then | until every report is there | lost | doubled |", "|---|---|---|---|---|")
COUNTED = 100  # events of assets that Airflow gives at once


@dataclass
class Site:
    """A deployment, its network and what was measured. ``rows``: of the table. ``clock``: the file that sets its clock."""

    deployment: Deployment
    network: Network
    clock: Path | None
    rows: list[str] = field(default_factory=list)
    rounds: int = 0

    def begin(self, *partners: str) -> Round:
        """A round of its own, in which these (all) deliver."""
        self.rounds += 1
        round = Round.of("2026-06-29" if self.rounds == 1 else f"2026-06-29.{self.rounds}")
        self.deliver(round, *(partners or self.network.partners))
        return round

    def deliver(self, round: Round, *partners: str) -> None:
        for partner in partners:
            self.deployment.client.trigger(f"deliver_{partner}", round=round.id, as_of=round.as_of.isoformat())

    def begin_and_wait(self) -> Round:
        """Until a task of it is at work."""
        round = self.begin()
        until(lambda: self.state("deliver_shop_0", round, "pull", "check", "train") == "running", "a task runs", pause=0.3)
        return round

    def run_of(self, dag: str, round: Round) -> str:
        """The round's last run of a DAG; empty before there is one."""
        runs = self.deployment.client.runs(dag)
        ours = [run for run in runs if round.id in (run["partition_key"], (run["conf"] or {}).get("round"))]
        return str(ours[0]["dag_run_id"]) if ours else ""

    def tasks(self, dag: str, round: Round) -> dict[str, Any]:
        """Of the round's last run of a DAG: task -> Airflow's record of it."""
        run = self.run_of(dag, round)
        return {task["task_id"]: task for task in self.deployment.client.tasks(dag, run)} if run else {}

    def state(self, dag: str, round: Round, *names: str) -> str:
        """``running`` if one of these tasks is; else that of the last of them."""
        tasks = self.tasks(dag, round)
        states = [str(tasks.get(name, {}).get("state")) for name in names]
        return "running" if "running" in states else states[-1]

    def kill_inside(self, name: str, pid: int) -> None:
        assert self.deployment.engine.run_in(name, "kill", "-9", str(pid)).returncode == 0

    def note(self, round: Round) -> str:
        """What the page says of the round; without a page, what the browser would say."""
        client = self.deployment.client
        try:
            text = httpx.get(f"{client.url}/decai/rounds", headers=client._headers(), timeout=60.0).text
        except httpx.TransportError:
            return "(no answer)"
        section = text.partition(f'id="round-{round.id}"')[2].partition("<p>")[2].partition("</p>")[0]
        return html.unescape(re.sub("<[^>]+>", "", section))

    def reported(self, round: Round) -> bool:
        """Every company has its report of a round that was trained together."""
        self.deployment.client.check_health()
        shared = coordinator_context(self.network).link.shared(round.id)
        stores = [self.network.home / "stores" / name for name in self.network.partners]
        reports = all((store / "outbox" / round.id / "manifest.json").exists() for store in stores)
        return bool(shared and shared.members == self.network.partners) and reports

    def emitted(self, round: Round) -> Counter[str]:
        """Partition -> how often it was emitted."""
        page = self.deployment.client.call("GET", "/api/v2/assets/events", limit=COUNTED, order_by="-timestamp")
        keys = [str(one["partition_key"]) for one in page["asset_events"]]
        return Counter(key for key in keys if round.id == key.split("|")[-1])

    def survived(self, round: Round, fault: str, told: str, began: float) -> None:
        """Every company has its report, and each partition was emitted once; the row of the table."""
        until(lambda: self.reported(round), f"the reports of {round.id} after: {fault}", LONGEST)
        seconds, emitted = time.monotonic() - began, self.emitted(round)
        wanted = {round.id, *(f"{name}|{round.id}" for name in self.network.partners)}
        lost, doubled = wanted - set(emitted), {key for key, count in emitted.items() if count > 1}
        told = told.replace(f"Round {round.id} of {self.network.name}: ", "")
        self.rows.append(f"| {fault} | {told} | {seconds:.0f} s | {len(lost) or 'none'} | {len(doubled) or 'none'} |")
        assert (lost, doubled) == (set(), set())


@contextmanager
def hit_site(image: Image, folder: Path) -> Iterator[Site]:
    """Four small companies; Airflow's volume is a disk of its own that can be full, its clock one that can be set."""
    folder.mkdir()
    orders(partners=4, items=2).to_parquet(folder / "orders.parquet", index=False)
    made = from_table(folder / "home", folder / "orders.parquet", name="four")
    network = replace(made, quorum=3, strategy="bagging", grace_minutes=15.0, retry_minutes=1.0)
    network.save()
    given_to(UID, network.home)
    engine = an_engine(network, image, folder)
    clock = network.home / "clock" if can_set_clocks() else None
    if clock:
        engine.compose = _with_clock(engine.compose, network.home)
        given_to(UID, network.home)
    with disk(folder / "volumes/airflow"), own_network():
        try:
            yield Site(brought_up(engine, our_dags(network)), network, clock)
        finally:
            engine.down()


def can_set_clocks() -> bool:
    """Whether there is a compiler: no other way sets a clock that other processes of the host do not share."""
    return shutil.which("cc") is not None


def _with_clock(compose: Compose, home: Path) -> Compose:
    """All processes of Airflow read their clock through a library (set_clock.c) that a file sets; monotonic clocks stay.

    Debian's libfaketime cannot: with it CPython's `time.sleep` fails, or waits for an hour with the clock (0.9.10).
    """
    line = ["cc", "-shared", "-fPIC", "-O2", "-o", str(home / "set_clock.so"), str(Path(__file__).with_name("set_clock.c"))]
    subprocess.run(line, check=True)
    set_clock(home / "clock", 0)
    inside = Path("/var/lib/decai/network")
    clock = {"LD_PRELOAD": str(inside / "set_clock.so"), "SET_CLOCK": str(inside / "clock")}
    services = {
        name: replace(one, environment={**one.environment, **clock}) if one.command else one
        for name, one in compose.services.items()
    }
    return replace(compose, services=services)


def set_clock(file: Path, seconds: int) -> None:
    """The clock of all that read this file is so many seconds from the host's, from now on."""
    with file.open("r+b" if file.exists() else "wb") as there:
        there.write(struct.pack("@l", seconds))


@contextmanager
def disk(place: Path, size: str = "300m") -> Iterator[None]:
    """A file system of its own at ``place``, for the image's user."""
    place.mkdir(parents=True)
    options = f"size={size},uid={UID},gid={UID}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
