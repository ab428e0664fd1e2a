"""docker-compose.yaml brought up: its commands, environment, mounts, secrets and health checks, on a real PostgreSQL.

There may be no container engine; `containers.py` says what stands for what.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from compose_file import read_compose, read_variables
from containers import Engine, Image, own_network
from support import ROOT

from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.orchestration.client import Client
from decai_forecast.orchestration.demo import our_dags
from decai_forecast.orchestration.role import WHOLE, Installation, Role

UID = 50000  # of the image's user
PASSWORD = "a-password"


@dataclass(frozen=True)
class Deployment:
    """What runs, and a client at its published address."""

    engine: Engine
    client: Client

    def runs(self) -> set[str]:
        return {run["dag_run_id"] for run in self.client.runs()}


def five_companies(home: Path, orders: Path) -> Network:
    """A network as an operator makes it, given to the image's user, as .env.example says."""
    network = replace(from_table(home, orders, name="five"), quorum=3, strategy="bagging", grace_minutes=0.2, retry_minutes=0.2)
    network.save()
    given_to(UID, network.home)
    return network


def given_to(uid: int, folder: Path) -> None:
    """``chown -R``."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid)


def an_engine(network: Network, image: Image, folder: Path, here: Installation = WHOLE) -> Engine:
    """With .env.example, filled in for one house; nothing is started."""
    files = [ROOT / "docker-compose.yaml"]
    if here.role is Role.COORDINATOR:
        files.append(ROOT / "docker-compose.coordinator.yaml")
    variables = {**_variables(network, folder), **here.environment()}
    return Engine(read_compose(files, variables), image, folder, ("partner",) if here.role is Role.PARTNER else ())


def _variables(network: Network, folder: Path) -> Mapping[str, str]:
    passwords = folder / "passwords.json"
    passwords.write_text(f'{{"admin": "{PASSWORD}"}}')
    passwords.chmod(0o400)
    os.chown(passwords, UID, UID)
    filled = {"POSTGRES_PASSWORD": "p", "AIRFLOW_FERNET_KEY": "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="}
    secrets = {name: name * 3 for name in ("AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY")}
    places = {"DECAI_NETWORK": str(network.home), "AIRFLOW_PASSWORDS_FILE": str(passwords)}
    return read_variables(ROOT / ".env.example") | filled | secrets | places


@contextmanager
def deployed(network: Network, image: Image, folder: Path) -> Iterator[Deployment]:
    """After `docker compose up -d`, once all is healthy and all DAGs are there."""
    engine = an_engine(network, image, folder)
    with own_network():
        try:
            yield brought_up(engine, our_dags(network))
        finally:
            engine.down()


def brought_up(engine: Engine, dags: Iterable[str]) -> Deployment:
    """`docker compose up -d`, once all is healthy and these DAGs are there."""
    engine.up()
    client = Client(f"http://{engine.address('api-server')}:8080", "admin", PASSWORD, alive=engine.tend)
    client.wait_healthy(300.0)
    client.wait_dags(sorted(dags), 300.0)
    return Deployment(engine, client)


def until(holds: Callable[[], bool], what: str, seconds: float = 300.0, pause: float = 1.0) -> float:
    """The seconds that it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"did not happen in time: {what}"
        time.sleep(pause)
    return time.monotonic() - began
