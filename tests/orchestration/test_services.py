"""`deploy/`: systemd takes the units, their settings exist in Airflow, and they start what compose starts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from support import ROOT

UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
EXAMPLE = (ROOT / "deploy/systemd/airflow.env.example").read_text()
DIFFER = {"AIRFLOW__API__HOST"}  # a container listens on its own network


def options() -> dict[str, set[str]]:
    """Section -> keys of Airflow."""
    import airflow

    config = yaml.safe_load((Path(airflow.__path__[0]) / "config_templates/config.yml").read_text())
    return {name: set(section["options"]) for name, section in config.items()}


# systemd itself is asked whether it takes a unit; a container mostly has none
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this host")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(unit: Path) -> None:
    """Nothing is said but that the program is not installed here."""
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "is not executable: No such file" not in line] == []


def test_units_start_what_compose_starts() -> None:
    """The same commands, with the same arguments."""
    lines = [line for path in (ROOT / "deploy/systemd").rglob("*") if path.is_file() for line in path.read_text().splitlines()]
    started = {line.rpartition("/bin/")[2] for line in lines if line.startswith("ExecStart=/")}
    both = [COMPOSE, yaml.safe_load((ROOT / "docker-compose.coordinator.yaml").read_text())]
    commands = {" ".join(one["command"]) for file in both for one in file["services"].values() if "command" in one}
    node = {command for command in commands if command.startswith(("sh -c", "sleep "))}  # of containers alone
    plain = {"airflow api-server", "airflow dag-processor"}
    assert plain <= commands
    assert started == (commands - node - plain) | {"airflow %i", "decai federation node %i"}


def test_settings_are_those_of_compose() -> None:
    """By name; a value that is empty is to be filled in."""
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.M))
    known = options()
    for name in (name for name in given if name.startswith("AIRFLOW__")):
        _, section, key = name.lower().split("__")
        assert key in known[section], name
    wanted = {name for name in COMPOSE["x-airflow"]["environment"] if name != "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK"}
    assert wanted | DIFFER == {name for name in given if name not in ("AIRFLOW_HOME", "OMP_NUM_THREADS", "MPLBACKEND")}
    assert all(given[name] == "" for name in given if name.endswith(("_KEY", "_SECRET", "_CONN")))


def test_values_for_kubernetes_are_settings_of_airflow() -> None:
    """And it is the image of the Dockerfile, with its user."""
    values = yaml.safe_load((ROOT / "deploy/kubernetes/values.yaml").read_text())
    known = options()
    assert all(set(keys) <= known[section] for section, keys in values["config"].items())
    assert COMPOSE["x-airflow"]["image"] == f"{values['defaultAirflowRepository']}:{values['defaultAirflowTag']}"
    assert f"--uid {values['uid']}" in (ROOT / "Dockerfile").read_text()
