"""`decai network init`, `decai network show`, `decai partner add`: a network is founded, shown and joined."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import decai, refusal
from deliveries import contract_text

from decai_forecast.network import Network

SHOPS = "".join(f"  shop_{k}: demand, items\n" for k in range(5))


def test_a_table_becomes_a_network(orders_file: Path, tmp_path: Path) -> None:
    """Each of its companies has contracts; name, horizon and time zone are the options'."""
    home = tmp_path / "home"
    options = ("--name", "retail", "--horizon", "4", "--time-zone", "Europe/Paris")
    told = decai("network", "init", "--data", orders_file, "--home", home, *options)
    described = "5 companies, horizon 4 weeks, quorum 4, Europe/Paris"
    assert told == f"{home}: {described}\n"
    assert decai("network", "show", "--home", home) == f"retail: {described}\n{SHOPS}"
    assert Network.load(home).time_zone == "Europe/Paris"


def test_the_name_is_the_files(orders_file: Path, tmp_path: Path) -> None:
    """Where none is given."""
    decai("network", "init", "--data", orders_file, "--home", tmp_path / "home")
    assert Network.load(tmp_path / "home").name == "orders"


def test_without_a_table_the_companies_are_simulated(tmp_path: Path) -> None:
    """And called so."""
    described = "6 simulated companies, horizon 28 days, quorum 4, Europe/Paris"
    assert decai("network", "init", "--home", tmp_path) == f"{tmp_path}: {described}\n"
    told = decai("network", "show", "--home", tmp_path).splitlines()
    assert told[:2] == [f"demo: {described}", "  alder_foods: demand, items, stock"]


def test_a_column_that_is_not_there(orders_file: Path, tmp_path: Path) -> None:
    """The message names the option and the columns there are; nothing is founded."""
    told = refusal("network", "init", "--data", orders_file, "--home", tmp_path / "home", "--partner-column", "firm")
    there = "partner_id, date, item_id, quantity, vendor"
    assert told == f"{orders_file}: no column 'firm' (--partner-column); the table has {there}"
    assert not (tmp_path / "home/network.yaml").exists()


def test_a_network_is_not_founded_twice(founded: Network, orders_file: Path) -> None:
    """The first stays as it is."""
    before = (founded.home / "network.yaml").read_bytes()
    told = refusal("network", "init", "--data", orders_file, "--home", founded.home)
    assert told == f"{founded.home}: there is a network already; choose another --home or remove it"
    assert (founded.home / "network.yaml").read_bytes() == before


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """The demand contract of a company ``acme``."""
    (path := tmp_path / "acme.odcs.yaml").write_text(contract_text(tmp_path))
    return path


def test_a_company_joins_with_its_contract(network: Network, contract: Path) -> None:
    """It is shown from then on, and adding it again changes nothing."""
    add = ("partner", "add", "--contract", contract, "--home", network.home)
    told = "acme: 1 contract(s); the network has 6 companies, quorum 3\n"
    assert decai(*add) == told
    shown = decai("network", "show", "--home", network.home)
    assert shown == f"five: 6 companies, horizon 13 weeks, quorum 3, UTC\n  acme: demand\n{SHOPS}"
    assert decai(*add) == told
    assert decai("network", "show", "--home", network.home) == shown


def test_a_company_with_a_wrong_contract_does_not_join(network: Network, contract: Path) -> None:
    """The fault is told with its place."""
    contract.write_text(contract.read_text().replace("status: active", "staus: active"))
    told = refusal("partner", "add", "--contract", contract, "--home", network.home)
    assert told.splitlines()[0] == f"{contract}:8:1: unknown key 'staus'; did you mean 'status'?"
    assert Network.load(network.home).partners == tuple(f"shop_{k}" for k in range(5))
