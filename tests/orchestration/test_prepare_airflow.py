"""`decai prepare`: all that is wrong at once, before anything is changed; passwords come out of a read-only secret."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.orchestration.prepare import AUTH_MANAGER, LOGIN, PASSWORDS, airflow_id, prepare
from decai_forecast.upkeep import HomeInUse, hold


@pytest.fixture
def network(orders_file: Path, tmp_path: Path) -> Network:
    return from_table(tmp_path / "home", orders_file, name="five")


@pytest.fixture
def migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for Airflow's own migration, which test_compose_night.py runs: a program that writes a file."""
    (program := tmp_path / "bin/airflow").parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/migrated\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path / "migrated"


def test_passwords_are_laid_where_airflow_may_write(network: Network, tmp_path: Path, migrated: Path) -> None:
    """Readable by their owner only; a changed secret holds after the next start."""
    (secret := tmp_path / "secret").write_text('{"admin": "one"}')
    place = tmp_path / "airflow/passwords.json"
    environment = {PASSWORDS: str(secret), LOGIN: str(place)}
    prepare(network.home, environment)
    assert (place.read_text(), stat.S_IMODE(place.stat().st_mode)) == ('{"admin": "one"}', 0o600)
    secret.write_text('{"admin": "2"}')
    prepare(network.home, environment)
    assert place.read_text() == '{"admin": "2"}'
    assert migrated.read_text() == "db migrate\n"


def test_another_auth_manager_needs_no_file_of_passwords(network: Network, tmp_path: Path, migrated: Path) -> None:
    """Keycloak's, for example: nothing is laid down, and no role is made."""
    (secret := tmp_path / "secret").write_text('{"admin": "one"}')
    assert prepare(network.home, {PASSWORDS: str(secret), AUTH_MANAGER: "another"}) is None
    assert migrated.exists()


def test_every_fault_is_told_and_nothing_is_changed(network: Network, tmp_path: Path, migrated: Path) -> None:
    """A line for each."""
    environment = {PASSWORDS: str(tmp_path / "none"), LOGIN: str(tmp_path / "place"), "DECAI_ROLE": "partner"}
    with pytest.raises(ConfigError) as caught:
        prepare(network.home, environment)
    first, second = str(caught.value).splitlines()
    assert first.startswith("DECAI_PARTNER is missing")
    assert second.startswith(f"{PASSWORDS}={tmp_path}/none cannot be read by uid")
    assert not (tmp_path / "place").exists()
    assert not migrated.exists()


def test_another_airflow_in_the_home(network: Network, migrated: Path) -> None:
    """Is told before the database is touched; its own restart is none."""
    own = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{network.home}/own.db"}
    with hold(network.home, "another", "decai up"), pytest.raises(HomeInUse, match="decai up"):
        prepare(network.home, own)
    assert not migrated.exists()
    with hold(network.home, airflow_id(own), "its scheduler"):
        prepare(network.home, own)
    assert migrated.exists()


def test_an_airflow_is_known_by_its_database() -> None:
    """Not by the password for it; `decai up` by its own mark."""
    conn = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    assert airflow_id({conn: "postgresql://airflow:old@db/airflow"}) == airflow_id(
        {conn: "postgresql://airflow:new@db/airflow"}
    )
    assert airflow_id({conn: "postgresql://airflow@db/airflow"}) != airflow_id({conn: "postgresql://airflow@db/other"})
    assert airflow_id({conn: "x", "DECAI_STACK": "mark"}) == "mark"


SCHEDULER = """
import os, sys
sys.argv = ["airflow", "scheduler"]
from decai_forecast.orchestration.guard import on_starting
component = type("Job", (), {"__module__": sys.stdin.read()})()
on_starting(component=component)
print("started")
"""


@pytest.mark.parametrize(("module", "starts"), [("airflow.jobs.job", False), ("airflow.sdk.execution_time.task_runner", True)])
def test_a_scheduler_does_not_start_in_a_home_that_is_in_use(network: Network, module: str, starts: bool) -> None:
    """Its tasks, which tell of their start too, are not stopped."""
    with hold(network.home, "another", "the Airflow at http://x"):
        done = subprocess.run(
            [sys.executable, "-c", SCHEDULER], input=module, capture_output=True, text=True, check=False,
            env=os.environ | {"DECAI_HOME": str(network.home)},
        )  # fmt: skip
    assert (done.returncode, "started" in done.stdout) == ((0, True) if starts else (1, False)), done.stderr
    assert starts or "the Airflow at http://x" in done.stdout
