"""A ``network.yaml`` that was changed to something broken stops no night: it goes on as it was before."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import copy_of

from decai_forecast.errors import ConfigError
from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.orchestration.last_good import LAST_GOOD, fault_of_network, network_now


@pytest.fixture
def network(orders_file: Path, tmp_path: Path) -> Network:
    return from_table(tmp_path / "home", orders_file, name="five")


def test_the_night_goes_on_with_the_last_good_one(network: Network) -> None:
    """Until the file is mended, whose changes then hold; the page names the line."""
    path, good = network.home / "network.yaml", network_now(network.home)
    path.write_text(path.read_text().replace("horizon: 13", "horizon: thirteen"))
    assert network_now(network.home) == good
    told = fault_of_network(network.home)
    assert told.startswith("network.yaml cannot be used; nights go on as it was before. ")
    assert f"{path}:" in told
    path.write_text(path.read_text().replace("horizon: thirteen", "horizon: 12"))
    assert network_now(network.home).horizon == 12
    assert fault_of_network(network.home) == ""
    path.write_text("{")
    assert network_now(network.home).horizon == 12


def test_there_is_nothing_to_go_on_with(network: Network, tmp_path: Path) -> None:
    """A file that was broken from the start, and one that is gone, are told."""
    other = copy_of(network, tmp_path / "other")
    (other.home / "network.yaml").write_text("{")
    (other.home / LAST_GOOD).unlink(missing_ok=True)
    with pytest.raises(ConfigError):
        network_now(other.home)
    network_now(network.home)
    (network.home / "network.yaml").unlink()
    with pytest.raises(ConfigError, match="not found"):
        network_now(network.home)


def test_looking_again_writes_nothing(network: Network) -> None:
    """Every parse of a DAG file looks."""
    network_now(network.home)
    kept = (network.home / LAST_GOOD).stat()
    network_now(network.home)
    assert (network.home / LAST_GOOD).stat().st_mtime_ns == kept.st_mtime_ns
