"""Small networks on invented orders, run in this process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support import NIGHT, copy_of, quiet

from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.rounds.run import run_round


@pytest.fixture(scope="session")
def founded(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Five companies, quorum three, nothing run yet."""
    network = replace(from_table(tmp_path_factory.mktemp("founded") / "home", orders_file, name="five"), quorum=3)
    network.save()
    return network


@pytest.fixture(scope="session")
def finished(founded: Network, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """The same network after one whole round; read it, do not change it."""
    network = copy_of(founded, tmp_path_factory.mktemp("finished"))
    run_round(network, NIGHT, quiet)
    return network


@pytest.fixture
def network(founded: Network, tmp_path: Path) -> Network:
    """A fresh copy of the founded network, to break."""
    return copy_of(founded, tmp_path)


@pytest.fixture
def after(finished: Network, tmp_path: Path) -> Network:
    """A copy of the network after its round, to go on with."""
    return copy_of(finished, tmp_path)
