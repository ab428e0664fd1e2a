"""docker-compose, without an engine: its settings exist, its secrets are required, its ports are on the loopback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support import ROOT

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


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?<!\$)\${(\w+)", TEXT))))
def test_every_secret_is_required_and_documented(name: str) -> None:
    """A missing value stops compose with a word where to look; none has a default."""
    uses = re.findall(rf"(?<!\$)\${{{name}([^}}]*)}}", TEXT)
    assert all(use == ":?see .env.example" for use in uses)
    assert f"\n{name}=\n" in (ROOT / ".env.example").read_text()


def test_mounted_and_copied_paths_exist() -> None:
    """What the image copies is in the repository."""
    sources = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
    assert sources
    for source in " ".join(sources).split():
        assert (ROOT / source).exists(), source


def test_commands_are_airflows_own() -> None:
    """The four processes and the migration."""
    commands = {tuple(s["command"]) for s in COMPOSE["services"].values() if "command" in s}
    expected = {("airflow", name) for name in ("api-server", "scheduler", "dag-processor", "triggerer")}
    assert commands == expected | {("airflow", "db", "migrate")}
