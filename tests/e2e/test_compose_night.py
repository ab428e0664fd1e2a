"""docker-compose.yaml at work: a whole night, restarts, an upgrade, and what it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest
from containers import Image, build, can_contain, own_network
from deployments import UID, Deployment, an_engine, deployed, five_companies, given_to, until
from support import NIGHT, ROOT

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.link import ClosingStatus
from decai_forecast.network import Network
from decai_forecast.orchestration.client import Client
from decai_forecast.orchestration.demo import drive_round
from decai_forecast.orchestration.roles.grants import own_dags
from decai_forecast.upkeep import hold

# a stranger's machine may permit no namespaces; CI does
pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(can_contain()), reason=can_contain())]
AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer")
BEFORE = "3.2.0"  # a release of Airflow with another schema
MOUNTED = "/var/lib/decai/network"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build(ROOT / "Dockerfile", tmp_path_factory.mktemp("image") / "root")


@pytest.fixture(scope="module")
def network(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Network:
    return five_companies(tmp_path_factory.mktemp("compose") / "home", orders_file)


@pytest.fixture(scope="module")
def deployment(network: Network, image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """After a whole night."""
    with deployed(network, image, tmp_path_factory.mktemp("engine")) as found:
        drive_round(found.client, network, NIGHT, lambda what, done, of: None)
        yield found


def test_a_whole_night_ends_green(deployment: Deployment, network: Network) -> None:
    """Every company trained, every report written by the container's user, nothing had to be started twice."""
    closing = coordinator_context(network).link.closing(NIGHT.id)
    assert closing is not None
    assert (closing.status, closing.members) == (ClosingStatus.CLOSED, network.partners)
    states = {run["dag_id"]: run["state"] for run in deployment.client.runs()}
    assert set(states.values()) == {"success"}, states
    for partner in network.partners:
        report = network.home / "stores" / partner / "outbox" / NIGHT.id / "report.html"
        assert report.stat().st_uid == UID
    assert {name: one.starts for name, one in deployment.engine.containers.items() if one.starts != 1} == {}


def test_each_company_logs_in_and_sees_itself_alone(deployment: Deployment, network: Network) -> None:
    """With the password that was made for it, which the user of the containers alone can read."""
    logins = deployment.engine.folder / "volumes/airflow/logins.json"
    assert (logins.stat().st_uid, logins.stat().st_mode & 0o777) == (UID, 0o600)
    for partner in network.partners[:2]:
        client = Client(deployment.client.url, partner, json.loads(logins.read_text())[partner])
        assert client.dags() == set(own_dags(partner))


def test_every_health_check_says_so(deployment: Deployment) -> None:
    """With the command and within the time of the file; a check that fails is the engine's reason to act."""
    checked = [name for name, one in deployment.engine.containers.items() if one.service.health]
    assert sorted(checked) == sorted((*AIRFLOW, "postgres"))
    for name in checked:
        until(partial(deployment.engine.healthy, name), f"{name} is healthy", 120.0)


def test_the_log_of_a_task_is_on_the_page(deployment: Deployment, network: Network) -> None:
    """The api-server reads it from the volume: no process has a log server."""
    dag = f"deliver_{network.partners[0]}"
    run = deployment.client.runs(dag)[0]["dag_run_id"]
    assert "Returned value was" in deployment.client.log(dag, run, "pull")
    for name, port in (("scheduler", 8793), ("triggerer", 8794)):
        refused = deployment.engine.run_in(name, "curl", "-s", "-m", "5", f"http://127.0.0.1:{port}/")
        assert refused.returncode == 7, name


@pytest.mark.parametrize("name", ["postgres", *AIRFLOW])
def test_each_service_stops_in_order_and_starts_again(deployment: Deployment, name: str) -> None:
    """TERM is enough, the engine need not kill it; afterwards all is healthy and no run is lost."""
    before = deployment.runs()
    assert deployment.engine.stop(name, 60.0) < 60.0
    deployment.engine.tend()
    until(lambda: deployment.engine.healthy(name), f"{name} is healthy again")
    deployment.client.wait_healthy(300.0)
    assert deployment.runs() == before


def test_an_upgrade_with_another_schema_keeps_the_runs(deployment: Deployment) -> None:
    """`docker compose up -d` after a new image: `migrate` brings the database to its version before the others start.

    A password that was changed in the secret holds then; the company's own stays.
    """
    before, folder = deployment.runs(), deployment.engine.folder
    (folder / "passwords.json").write_text('{"admin": "another"}')
    kept = json.loads((folder / "volumes/airflow/logins.json").read_text())
    for name in AIRFLOW:
        deployment.engine.stop(name, 60.0)
    down = deployment.engine.run("migrate", "airflow", "db", "downgrade", "--to-version", BEFORE, "--yes")
    assert down == 0, deployment.engine.tail("migrate")
    deployment.engine.up()
    deployment.client.wait_healthy(300.0)
    admin = Client(deployment.client.url, "admin", "another")
    assert {run["dag_run_id"] for run in admin.runs()} == before
    assert Client(deployment.client.url, "shop_0", kept["shop_0"]).dags() == set(own_dags("shop_0"))
    old = {"username": "admin", "password": kept["admin"]}
    assert httpx.post(f"{deployment.client.url}/auth/token", json=old, timeout=60.0).status_code == 401


def test_a_home_of_another_user_is_told_in_one_line(network: Network, image: Image, tmp_path: Path) -> None:
    """Nothing is started: `migrate` ends with it."""
    home = network.home.rename(network.home.with_name("of_root"))
    given_to(0, home)
    home.chmod(0o755)
    told = refused(replace(network, home=home), image, tmp_path)
    assert told == f"error: {MOUNTED} belongs to user root (uid 0) and this process is user airflow (uid 50000); " + (
        f"run it as that user, or `chown -R 50000 {MOUNTED}`"
    )


def test_a_second_airflow_at_one_home_is_refused(image: Image, orders_file: Path, tmp_path: Path) -> None:
    """By the lock of the home, whoever has it: another project of compose, or `decai up`."""
    network, folder = five_companies(tmp_path / "home", orders_file), tmp_path / "engine"
    folder.mkdir()
    with hold(network.home, "another", "the Airflow at http://127.0.0.1:18080"):
        given_to(UID, network.home)
        told = refused(network, image, folder)
    assert told.startswith(f"error: {MOUNTED}: the Airflow at http://127.0.0.1:18080 (process {os.getpid()} on ")


def refused(network: Network, image: Image, folder: Path) -> str:
    """The last line of `migrate`, which ended with an error."""
    engine = an_engine(network, image, folder)
    with own_network():
        try:
            with pytest.raises(AssertionError, match="'migrate' didn't complete successfully: exit 2"):
                engine.up()
            return engine.tail("migrate", 1)
        finally:
            engine.down()
