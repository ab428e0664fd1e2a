"""`decai contract check` and `decai partner add` tell a time of delivery at which nothing is in time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deliveries import contract_text
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.network import Network

NEVER = "a delivery at '0 5 * * *' (UTC) is in time for no round: rounds are closed at '0 3 * * *' (UTC, close_at)"


@pytest.fixture
def late(network: Network) -> Path:
    """The contract of a company of the network, at 05:00."""
    path = network.home / "contracts/shop_1/demand.odcs.yaml"
    path.write_text(path.read_text().replace("0 1 * * *", "0 5 * * *"))
    return path


def run(*words: object) -> tuple[int, str]:
    answer = CliRunner(env={"DECAI_HOME": ""}).invoke(app, [str(word) for word in words])
    return answer.exit_code, answer.output + (str(answer.exception) if answer.exception else "")


def test_in_the_home_of_a_network_its_clock_counts(late: Path) -> None:
    """Without any option; the place is the schedule's line."""
    number = next(k for k, line in enumerate(late.read_text().splitlines(), 1) if "schedule:" in line and "0 5" in line)
    code, said = run("contract", "check", late)
    assert code == 2
    assert f"demand.odcs.yaml:{number}:" in said
    assert NEVER in said


def test_elsewhere_the_network_is_named(late: Path, network: Network, tmp_path: Path) -> None:
    """A contract that lies in no home can be right for another network."""
    alone = tmp_path / "demand.odcs.yaml"
    alone.write_text(late.read_text())
    assert run("contract", "check", alone)[0] == 0
    code, said = run("contract", "check", alone, "--home", network.home)
    assert (code, NEVER in said) == (2, True)


def test_a_company_that_can_never_be_in_time_is_not_added(network: Network, tmp_path: Path) -> None:
    """Nothing is written."""
    path = tmp_path / "new.odcs.yaml"
    path.write_text(contract_text(tmp_path).replace("0 1 * * *", "0 5 * * *"))
    code, said = run("partner", "add", "--contract", path, "--home", network.home)
    assert code != 0
    assert "is in time for no round" in said
    assert Network.load(network.home).partners == network.partners


def test_what_is_in_time_for_some_rounds_is_a_note(late: Path, network: Network) -> None:
    """Every Monday in a network that is closed every night."""
    late.write_text(late.read_text().replace("0 5 * * *", "0 1 * * 1"))
    code, said = run("contract", "check", late, "--json")
    [note] = json.loads(said)["notes"]
    assert code == 0
    assert note.startswith("a delivery at '0 1 * * 1' (UTC) is in time for 5")
    assert "of 36" in note
