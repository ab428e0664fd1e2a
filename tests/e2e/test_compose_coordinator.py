"""docker-compose.coordinator.yaml at work: founded by commands inside its containers, a joint night, and a killed scheduler."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from apart import homes
from containers import build, can_contain, own_network
from deployments import UID, Deployment, an_engine, brought_up, given_to, until
from support import ROOT

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.link import ClosingStatus
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.network.terms import LinkTerms
from decai_forecast.orchestration.role import Installation, Role
from decai_forecast.round import Round

# a stranger's machine may permit no namespaces; CI does
pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(can_contain()), reason=can_contain())]
NAMES, NIGHT = ("acme", "bolt", "corex"), Round.of("2026-06-29")
DAGS = ("federate", "close_round", "watch_link")
HOME = "/var/lib/decai/network"
OF_MEMBERS = r"(?<![\w-])[0-9a-f]{4}(?:-[0-9a-f]{4}){5}(?![\w-])"


@dataclass(frozen=True)
class Sites:
    """The coordinator's containers, and the homes of companies on other hosts of the same network."""

    deployment: Deployment
    networks: dict[str, Network]
    folder: Path

    def inside(self, *line: str) -> str:
        """``docker compose exec link decai ...``."""
        done = self.deployment.engine.run_in("link", "decai", *line, seconds=300.0)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def at(self, name: str, *line: str, code: int = 0) -> str:
        """A command at a company."""
        command = [sys.executable, "-m", "decai_forecast", *line, "--home", str(self.networks[name].home)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == code, f"{name}: {line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def night(self, name: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        line = ["round", "run", "--partner", name, "--round", NIGHT.id, "--wait", "30", "--home", str(self.networks[name].home)]
        return subprocess.Popen([sys.executable, "-m", "decai_forecast", *line], stdout=log, stderr=log)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Founded on the coordinator's host before its containers start, as the page says."""
    folder = tmp_path_factory.mktemp("apart")
    terms = {"link": LinkTerms("https"), "runtime": "superlink"}
    networks = homes(folder, NAMES, quorum=3, strategy="median", grace_minutes=0.2, **terms)
    image = build(ROOT / "Dockerfile", folder / "image")
    (folder / "engine").mkdir()
    engine = an_engine(networks[COORDINATOR], image, folder / "engine", Installation(Role.COORDINATOR))
    command = ["federation", "found", "--host", engine.address("network"), "--listen", "0.0.0.0"]
    with own_network():
        try:
            subprocess.run(
                [sys.executable, "-m", "decai_forecast", *command, "--home", str(networks[COORDINATOR].home)], check=True
            )
            given_to(UID, networks[COORDINATOR].home)
            yield Sites(brought_up(engine, DAGS), networks, folder)
        finally:
            engine.down()


@pytest.fixture(scope="module")
def founded(sites: Sites) -> Sites:
    """Each company invited, admitted by its fingerprint, and everybody pinned by everybody."""
    sites.inside("federation", "invite", *NAMES, "--out", f"{HOME}/invitations")
    for name in NAMES:
        invitation = sites.networks[COORDINATOR].home / f"invitations/{name}.invitation.json"
        joined = sites.at(name, "federation", "join", str(invitation))
        own = re.search(rf"^Fingerprint of {name}, .*: (\S+)$", joined, re.MULTILINE)
        assert own, joined
        sites.inside("federation", "admit", name, "--fingerprint", own[1])
    for name in NAMES:
        [members] = {*re.findall(OF_MEMBERS, sites.at(name, "federation", "enter", "--wait", "60", code=1))}
        sites.at(name, "federation", "enter", "--fingerprint", members)
    return sites


def test_a_joint_night_ends_with_a_report_at_every_company(founded: Sites) -> None:
    """Trained in the scheduler's container, over the SuperLink beside it; the link told Airflow who was ready."""
    with ExitStack() as stack:
        nights = [founded.night(name) for name in NAMES]
        for process in nights:
            stack.callback(process.kill)
        store = coordinator_context(founded.networks[COORDINATOR]).link
        until(lambda: store.shared(NIGHT.id) is not None, "they train together", 900.0)
        client = founded.deployment.client
        run = client.trigger("close_round", round=NIGHT.id, as_of=NIGHT.as_of.isoformat())
        until(
            lambda: client.call("GET", f"/api/v2/dags/close_round/dagRuns/{run}")["state"] == "success", "it is closed", 600.0
        )
        assert [process.wait(600) for process in nights] == [0, 0, 0]
    closing = store.closing(NIGHT.id)
    assert closing is not None
    assert (closing.status, closing.members) == (ClosingStatus.CLOSED, NAMES)
    for name in NAMES:
        assert (founded.networks[name].home / f"stores/{name}/outbox/{NIGHT.id}/report.html").is_file()
    starts = {name: one.starts for name, one in founded.deployment.engine.containers.items()}
    assert {name for name, count in starts.items() if count != 1} == set()


def test_what_the_coordinator_wrote_belongs_to_the_containers_user(founded: Sites) -> None:
    """Else the next `decai` on the host, or the next container, could not write there."""
    home = founded.networks[COORDINATOR].home
    assert {path.stat().st_uid for path in home.rglob("*")} == {UID}
    assert os.stat(home / "federation/coordinator").st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["scheduler", "superlink", "link"])
def test_each_service_that_is_killed_leaves_the_others_their_network(founded: Sites, name: str) -> None:
    """Companies reach the link all the same, once it runs; the SuperLink is commanded over 127.0.0.1 as before."""
    founded.deployment.engine.kill(name)
    founded.deployment.engine.tend()
    founded.deployment.client.wait_healthy(300.0)
    for port in (9092, 9096):
        until(lambda port=port: reached(founded.deployment.engine.address("network"), port), f"{port} answers", 120.0)
    until(lambda: founded.deployment.engine.run_in("scheduler", *tried("127.0.0.1", 9093)).returncode == 0, "it is commanded")
    founded.at("acme", "federation", "enter", "--wait", "60")


def tried(host: str, port: int) -> tuple[str, ...]:
    return ("python", "-c", f"import socket; socket.create_connection(({host!r}, {port}), 3)")


def reached(host: str, port: int) -> bool:
    return subprocess.run([sys.executable, *tried(host, port)[1:]], capture_output=True, check=False).returncode == 0
