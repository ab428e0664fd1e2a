"""Adding a company: its contracts are checked first, then all is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import contract_text

from decai_forecast.errors import ConfigError, ContractError
from decai_forecast.founding import add_partner
from decai_forecast.network import Network, Participant


@pytest.fixture
def network(tmp_path: Path) -> Network:
    found = Network(tmp_path / "home", "n", "D", 28, tuple(Participant(p) for p in ("bolt", "corex")))
    found.save()
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "acme.odcs.yaml"
    path.write_text(contract_text(tmp_path))
    return path


def test_a_company_comes_with_its_contract(network: Network, file: Path) -> None:
    """The file is copied as it is, comments and all."""
    added, partner = add_partner(network, [file])
    assert partner == "acme"
    assert added.partners == Network.load(network.home).partners == ("acme", "bolt", "corex")
    assert [path.read_bytes() for path in added.contracts("acme")] == [file.read_bytes()]


def test_adding_again_changes_nothing(network: Network, file: Path) -> None:
    """A second call, or a further contract, keeps one company."""
    once, _ = add_partner(network, [file])
    twice, _ = add_partner(once, [file])
    assert twice == once


def test_a_broken_contract_adds_nobody(network: Network, file: Path) -> None:
    """The network stays as it was."""
    file.write_text(file.read_text().replace("logicalType: date", "logicalType: when"))
    with pytest.raises(ContractError, match=r"acme\.odcs\.yaml:\d+:\d+: "):
        add_partner(network, [file])
    assert Network.load(network.home) == network
    assert not (network.home / "contracts/acme").exists()


def test_one_company_at_a_time(network: Network, file: Path, tmp_path: Path) -> None:
    """Two tenants in one call are a mistake."""
    other = tmp_path / "other.odcs.yaml"
    other.write_text(file.read_text().replace("tenant: acme", "tenant: zeta"))
    with pytest.raises(ConfigError, match=r"name 2 companies \(acme, zeta\)"):
        add_partner(network, [file, other])


def test_a_tenant_must_be_an_id(network: Network, file: Path) -> None:
    """It becomes a folder and a DAG."""
    file.write_text(file.read_text().replace("tenant: acme", "tenant: Acme Inc"))
    with pytest.raises(ConfigError, match="'Acme Inc' cannot be a participant's id"):
        add_partner(network, [file])
