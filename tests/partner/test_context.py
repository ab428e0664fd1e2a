"""A company's context: its own store, contracts, connections and end of the link, and nothing that leads to another one's."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from parties import ROUND, Parties, submission

from decai_forecast.delivery import Connection
from decai_forecast.delivery.errors import SourceRefused
from decai_forecast.errors import ConfigError, ContractError, StoreError
from decai_forecast.link import CompanyFolder, Figures
from decai_forecast.network import Network
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.store import Store


class AllConnections:
    """Of every company, as an Airflow that several companies share has them."""

    def get(self, name: str) -> Connection:
        return Connection(name)


def contract(network: Network, partner: str, name: str = "demand") -> Path:
    return network.home / "contracts" / partner / f"{name}.odcs.yaml"


def test_it_holds_no_network_and_no_other_store(tmp_path: Path) -> None:
    """Its one store is its own; the folders of the link are behind the messages."""
    company = Parties(tmp_path).company("b")
    held = {field.name: getattr(company, field.name) for field in fields(company)}
    assert not any(isinstance(one, Network) for one in held.values())
    assert [name for name, one in held.items() if isinstance(one, Store)] == ["store"]
    assert (company.store.owner, company.store.root) == ("b", str(tmp_path / "stores" / "b"))


def test_no_key_leads_to_another_company(tmp_path: Path) -> None:
    """Neither up and over, nor through a link."""
    parties = Parties(tmp_path)
    parties.company("a").store.write_bytes("secret", b"x")
    parties.company("b").store.write_bytes("own", b"x")
    (tmp_path / "stores/b/over").symlink_to(tmp_path / "stores/a")
    for key in ("../a/secret", "over/secret", str(tmp_path / "stores/a/secret")):
        with pytest.raises(StoreError, match=r"b: .* (outside|out of) this participant's store"):
            parties.company("b").store.read_bytes(key)


def test_it_submits_under_its_own_name_only(tmp_path: Path) -> None:
    """A message that says another name lies in its own place all the same, and counts for nobody."""
    parties = Parties(tmp_path)
    parties.company("b").link.submit(submission("a"))
    parties.company("b").link.give_figures(ROUND.id, Figures(wape=0.2))
    assert parties.inbox.keys("b") == [f"b/{ROUND.id}/figures.json", f"b/{ROUND.id}/submission.json"]
    inbox = parties.coordinator.link.submissions(ROUND.id)
    assert (inbox.submissions, inbox.set_aside) == ({}, {"b": "malformed"})


def test_its_end_of_the_link_reads_no_inbox() -> None:
    """A company's end sends, and reads what is published; what others sent is for the coordinator."""
    public = {name for name in dir(CompanyFolder) if not name.startswith("_")}
    sent = {"submit", "give_figures", "give_statements", "give_cosignature"}
    published = {
        "closed",
        "closing",
        "comparison",
        "log_file",
        "members",
        "models",
        "progress",
        "proposal",
        "public_file",
        "shared",
    }
    assert public == sent | published


def test_nobody_else_has_a_context(tmp_path: Path) -> None:
    """An unknown name is told with those that there are."""
    with pytest.raises(ConfigError, match=r"no participant 'e'; there are a, b, c, d$"):
        partner_context(Parties(tmp_path).network, "e")


def test_connections_are_the_companys_own(tmp_path: Path) -> None:
    """Those whose names begin with its id, whoever else has some in the same place."""
    company = PartnerContext(**vars(Parties(tmp_path).company("b")) | {"credentials": AllConnections()})
    assert company.connections.get("b_erp") == Connection("b_erp")
    for name in ("a_erp", "erp", ""):
        with pytest.raises(SourceRefused, match="is not one of b; its name must begin with 'b_'"):
            company.connections.get(name)


def test_stores_and_sources_of_others_are_off_limits(tmp_path: Path) -> None:
    """And what is the network's; its own sources are not."""
    closed = Parties(tmp_path).company("b").off_limits
    for folder in ("stores", "contracts", "airflow", "network.yaml", "sources/a", "sources/c"):
        assert tmp_path / folder in closed
    assert tmp_path / "sources/b" not in closed


# contracts


def test_contracts_are_found_by_data_set(network: Network) -> None:
    """Those in the company's own folder."""
    contracts = partner_context(network, "shop_1").contracts()
    assert sorted(contracts) == ["demand", "items"]
    assert {one.partner for one in contracts.values()} == {"shop_1"}


def test_a_contract_of_somebody_else_is_refused(network: Network) -> None:
    """Whoever laid it there; file and line are told."""
    contract(network, "shop_1").write_text(contract(network, "shop_0").read_text())
    with pytest.raises(ContractError, match=r"tenant is 'shop_0', but the file lies with 'shop_1'"):
        partner_context(network, "shop_1").contracts()


def test_two_contracts_for_one_data_set_are_refused(network: Network) -> None:
    """Both files are named."""
    contract(network, "shop_1", "second").write_text(contract(network, "shop_1").read_text())
    with pytest.raises(
        ContractError, match=r"second\.odcs\.yaml:1: a second contract for 'demand'; .*demand\.odcs\.yaml is the"
    ):
        partner_context(network, "shop_1").contracts()


def test_demand_needs_a_contract(network: Network) -> None:
    """The message says which command adds one."""
    contract(network, "shop_1").unlink()
    with pytest.raises(
        ConfigError, match=r"shop_1: no contract for the data set 'demand'; `decai partner add --contract FILE`"
    ):
        partner_context(network, "shop_1").contracts()
