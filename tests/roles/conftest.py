"""One Airflow with two participants for all tests of roles: it takes a minute to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from houses import filled, served
from support import copy_of
from walks import OTHER, OWN, TASKS, Walk

from decai_forecast.network import Network

RULES = Path(__file__).with_name("routes.txt")


@pytest.fixture(scope="package")
def walk(finished: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with served(copy_of(finished, tmp_path_factory.mktemp("roles"))) as house:
        admin = house.login("admin")
        ids = {name: filled(admin, name, TASKS) for name in (OTHER, OWN)}
        yield Walk(house, admin, house.login(OWN), ids)


@pytest.fixture(scope="package")
def rules() -> dict[str, str]:
    """Route -> its rule; the first lines of the file say what they mean."""
    lines = [line.split(" ", 1) for line in RULES.read_text().splitlines() if line and not line.startswith("#")]
    return {route: rule for rule, route in lines}
