"""docker-compose, without an engine: its settings exist, its secrets are required, its ports are on the loopback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support import ROOT

from decai_forecast.federation.superlink.link import Ports
from decai_forecast.orchestration.role import PARTNER, ROLE

TEXT = (ROOT / "docker-compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
ENVIRONMENT = COMPOSE["x-airflow"]["environment"]


def test_every_setting_exists_in_airflow() -> None:
    """A misspelt AIRFLOW__SECTION__KEY would be ignored in silence."""
    import airflow

    known = yaml.safe_load((Path(airflow.__path__[0]) / "config_templates/config.yml").read_text())
    for name in (n for n in ENVIRONMENT if n.startswith("AIRFLOW__")):
        _, section, key = name.lower().split("__")
        assert key in known[section]["options"], name


def test_ports_are_on_the_loopback() -> None:
    """Nothing listens on the world's side."""
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


ROLES = (ROLE, PARTNER)  # may be empty: all companies' Airflow
IMAGES = ("PYTHON_IMAGE", "POSTGRES_IMAGE")  # may be empty: those of the file


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?<!\$)\${(\w+)", TEXT))))
def test_every_secret_is_required_and_documented(name: str) -> None:
    """A missing value stops compose with a word where to look; only images have a default, pinned to the patch."""
    uses = re.findall(rf"(?<!\$)\${{{name}([^}}]*)}}", TEXT)
    if name in IMAGES:
        assert all(re.fullmatch(r":-(python:3\.\d+\.\d+|postgres:\d+\.\d+)-[a-z-]+", use) for use in uses), uses
    else:
        assert all(use == (":-" if name in ROLES else ":?see .env.example") for use in uses)
    assert f"\n{name}=\n" in (ROOT / ".env.example").read_text()


def test_a_coordinators_services_share_a_network_that_outlives_each() -> None:
    """The training's task reaches the SuperLink's control port on 127.0.0.1 only; companies reach the ports of `found`."""
    services = yaml.safe_load((ROOT / "docker-compose.coordinator.yaml").read_text())["services"]
    ports = Ports()
    holder = services.pop("network")
    assert holder["ports"] == [f"{port}:{port}" for port in (ports.fleet, ports.relay, ports.link)]
    assert "network_mode" not in holder
    assert services.pop("scheduler") == {"network_mode": "service:network"}
    assert {tuple(one["command"]) for one in services.values()} == {
        ("decai", "federation", "up"),
        ("decai", "coordinator", "serve"),
    }
    for one in services.values():
        assert one["network_mode"] == "service:network"
        assert one["image"] == COMPOSE["x-airflow"]["image"]
        assert one["environment"]["DECAI_HOME"] == ENVIRONMENT["DECAI_HOME"]
        assert one["volumes"][0] == COMPOSE["x-airflow"]["volumes"][0]


def test_mounted_and_copied_paths_exist() -> None:
    """What the image copies is in the repository."""
    sources = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
    assert sources
    for source in " ".join(sources).split():
        assert (ROOT / source).exists(), source


def test_every_process_knows_whose_airflow_it_is() -> None:
    """In the variables that `role.py` reads; they come from .env."""
    assert {name: ENVIRONMENT[name] for name in ROLES} == {name: f"${{{name}:-}}" for name in ROLES}


def test_what_the_image_is_built_on_is_pinned() -> None:
    """The base to the patch, Debian's packages to the version that security updates keep."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    base = re.search(r"^ARG PYTHON_IMAGE=(.+)$", dockerfile, re.M)
    assert base is not None
    assert f"${{PYTHON_IMAGE:-{base[1]}}}" in TEXT
    packages = re.search(r"--no-install-recommends (.+?) \\", dockerfile)
    assert packages is not None
    assert all(re.fullmatch(r"[a-z0-9.+-]+=\d[^ ]*\*", package) for package in packages[1].split())


def test_no_process_has_a_log_server() -> None:
    """They would listen on all interfaces; the logs lie in the volume that all of them share."""
    assert all("--skip-serve-logs" in COMPOSE["services"][name]["command"] for name in ("scheduler", "triggerer"))


def test_commands_are_airflows_own() -> None:
    """The four processes and what prepares them; only with the profile of a company its node."""
    commands = {tuple(s["command"]) for s in COMPOSE["services"].values() if "command" in s and "profiles" not in s}
    expected = {("airflow", name) for name in ("api-server", "scheduler", "dag-processor", "triggerer")}
    bare = {tuple(word for word in command if not word.startswith("--")) for command in commands}
    assert bare == expected | {("decai", "prepare")}
    assert {name: s["profiles"] for name, s in COMPOSE["services"].items() if "profiles" in s} == {"node": ["partner"]}
