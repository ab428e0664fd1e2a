"""A running Airflow over a small network of five companies; one for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.orchestration.client import Client
from decai_forecast.orchestration.environment import Stack
from decai_forecast.orchestration.stack import free_port, running


@pytest.fixture(scope="session")
def network(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Quorum three of five; the grace is short, so that an absent partner costs seconds."""
    home = tmp_path_factory.mktemp("network") / "home"
    found = replace(from_table(home, orders_file, name="five"), quorum=3, strategy="bagging", grace_minutes=0.2)
    found.save()
    return found


@pytest.fixture(scope="session")
def stack(network: Network) -> Stack:
    return Stack(network, free_port(18380))


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[Client]:
    with running(stack) as found:
        yield found
