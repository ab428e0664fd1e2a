"""The built-in network: the same on the same day, plausible, and said to be simulated."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from decai_forecast.contracts import load_contract
from decai_forecast.founding import found_simulated
from decai_forecast.founding.simulated import AHEAD_DAYS, COMPANIES, HISTORY_DAYS
from decai_forecast.network import Network

TODAY = date(2026, 6, 29)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return found_simulated(tmp_path_factory.mktemp("simulated"), today=TODAY)


def source(network: Network, partner: str, name: str) -> pd.DataFrame:
    return pd.read_parquet(network.home / f"sources/{partner}/{name}.parquet")


def test_it_says_that_it_is_simulated(network: Network) -> None:
    """Six companies, in network.yaml and wherever it is shown."""
    assert network.simulated
    assert Network.load(network.home).simulated
    assert len(network.partners) == 6


def test_it_is_the_same_on_the_same_day(network: Network, tmp_path: Path) -> None:
    """Byte for byte."""
    again = found_simulated(tmp_path, today=TODAY)
    for path in sorted(network.home.rglob("*.parquet")):
        assert (again.home / path.relative_to(network.home)).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("partner", [company.id for company in COMPANIES])
def test_every_company_keeps_its_contracts(network: Network, partner: str) -> None:
    """Three data sets, each with a contract that loads and names its source."""
    contracts = [load_contract(path) for path in network.contracts(partner)]
    assert [c.data_set for c in contracts] == ["demand", "items", "stock"]
    for c in contracts:
        assert {column.source_name for column in c.columns} <= set(source(network, partner, c.data_set))


def test_histories_differ_in_size_and_reach_into_coming_nights(network: Network) -> None:
    """Later nights find later days; a pull takes what lies before its cut-off."""
    sizes = [len(source(network, company.id, "demand")) for company in COMPANIES]
    days = HISTORY_DAYS + AHEAD_DAYS
    assert sizes == [company.items * len(company.locations) * days for company in COMPANIES]
    assert len(set(sizes)) == 6


def test_nobody_sells_what_is_not_there(network: Network) -> None:
    """Sales are bounded by stock, prices fall in promotions, promotions last whole weeks."""
    demand, stock = source(network, "elm_grocers", "demand"), source(network, "elm_grocers", "stock")
    assert (demand["quantity"] >= 0).all()
    assert (stock["on_hand"] >= 0).all()
    by_promotion = demand.groupby(["item_id", "promotion"])["price"].min().unstack()
    assert (by_promotion[1] < by_promotion[0]).all()


def test_there_are_three_suppliers(network: Network) -> None:
    """All with lead times in days."""
    items = pd.concat([source(network, partner, "items") for partner in network.partners])
    assert items["vendor"].nunique() == 3
    assert items["lead_time_days"].between(1, 60).all()
