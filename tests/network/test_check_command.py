"""`decai network check` tells every fault of network.yaml, and what is right but worth knowing."""

from __future__ import annotations

from pathlib import Path

import pytest
from network_files import FULL, changed
from typer.testing import CliRunner

from decai_forecast.commands.network import network_app
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network, Participant

RUNNER = CliRunner()


def test_a_right_file_is_described(tmp_path: Path) -> None:
    """In one line."""
    (tmp_path / "network.yaml").write_text(FULL)
    done = RUNNER.invoke(network_app, ["check", "--home", str(tmp_path)])
    assert done.exit_code == 0
    assert done.stdout == f"{tmp_path / 'network.yaml'}: 4 companies, horizon 13 weeks, quorum 3, Europe/Paris\n"


def test_a_network_that_shares_nothing_is_noted(tmp_path: Path) -> None:
    """Its file is right."""
    Network(tmp_path, "two", "D", 28, (Participant("acme"), Participant("bolt"))).save()
    done = RUNNER.invoke(network_app, ["check", "--home", str(tmp_path)])
    assert done.stdout.splitlines()[1:] == ["note: 2 partners: nothing is shared below 3; each company forecasts alone"]


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    """With the error that every command shows."""
    (tmp_path / "network.yaml").write_text(changed("quorum: 3", "quorum: 99"))
    done = RUNNER.invoke(network_app, ["check", "--home", str(tmp_path)])
    assert isinstance(done.exception, ConfigError)
    assert f"{tmp_path / 'network.yaml'}:13:9: quorum must be" in str(done.exception)


def test_what_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    """The file that is there stays."""
    network = Network(tmp_path, "two", "D", 28, (Participant("acme"), Participant("acme")), time_zone="Mars")
    with pytest.raises(ConfigError) as error:
        network.save()
    assert str(error.value).splitlines() == [
        f"{tmp_path / 'network.yaml'}: time_zone must be an IANA name such as Europe/Paris, not 'Mars'",
        f"{tmp_path / 'network.yaml'}: a second participant 'acme'; give each an id of its own",
    ]
    assert not (tmp_path / "network.yaml").exists()
