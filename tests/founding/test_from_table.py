"""A network from a long table: one source and its contracts per company; what cannot be one is explained."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from support import LAST_MONDAY, orders

from decai_forecast.contracts import load_contract
from decai_forecast.errors import ConfigError
from decai_forecast.founding import Columns, from_table
from decai_forecast.network import Network


def saved(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.fixture(params=["orders.parquet", "orders.csv", "orders.csv.gz"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same orders in every format a table may have."""
    return saved(orders(weeks=60), tmp_path / request.param)


def founded(tmp_path: Path, frame: pd.DataFrame, **options: object) -> Network:
    table = saved(frame, tmp_path / "table.parquet")
    return from_table(tmp_path / "home", table, name="n", **options)


def test_every_company_gets_its_own_rows(tmp_path: Path, table: Path) -> None:
    """Nothing lost, nothing doubled, nobody else's rows, no column that names the others."""
    network = from_table(tmp_path / "home", table, name="shops")
    assert network.partners == tuple(f"shop_{k}" for k in range(5))
    theirs = orders(weeks=60).groupby("partner_id")["quantity"].agg(["count", "sum"])
    for partner, (count, total) in zip(network.partners, theirs.to_numpy(), strict=True):
        source = pd.read_parquet(network.home / f"sources/{partner}/demand.parquet")
        assert (len(source), source["quantity"].sum()) == (count, total)
        assert "partner_id" not in source


def test_the_calendar_is_read_from_the_dates(tmp_path: Path, table: Path) -> None:
    """Weekly orders: a quarter ahead, and the night that the table ends before."""
    network = from_table(tmp_path / "home", table, name="shops")
    assert (network.frequency, network.horizon) == ("W", 13)
    assert network.replay_as_of == (LAST_MONDAY + timedelta(days=7)).isoformat()
    assert Network.load(network.home) == network


def test_contracts_are_drafted_for_what_is_there(tmp_path: Path, table: Path) -> None:
    """Demand and, as the table knows vendors, items; both load without a fault."""
    network = from_table(tmp_path / "home", table, name="shops")
    contracts = [load_contract(path) for path in network.contracts("shop_2")]
    assert [c.data_set for c in contracts] == ["demand", "items"]
    assert {c.partner for c in contracts} == {"shop_2"}
    assert pd.read_parquet(network.home / "sources/shop_2/items.parquet")["item_id"].is_unique


def test_daily_tables_look_four_weeks_ahead(tmp_path: Path) -> None:
    """The other rhythm."""
    frame = orders(weeks=60)
    days = pd.date_range("2026-01-01", periods=60).date
    frame["date"] = frame.groupby(["partner_id", "item_id"]).cumcount().map(dict(enumerate(days)))
    network = founded(tmp_path, frame)
    assert (network.frequency, network.horizon, network.replay_as_of) == ("D", 28, "2026-03-02")


def test_a_table_may_use_its_own_names(tmp_path: Path) -> None:
    """Told once; the sources carry the network's."""
    frame = orders(weeks=30).rename(columns={"partner_id": "firm", "date": "Woche", "item_id": "sku", "quantity": "n"})
    network = founded(tmp_path, frame, columns=Columns("firm", "Woche", "sku", "n"))
    source = pd.read_parquet(network.home / "sources/shop_0/demand.parquet")
    assert {"date", "item_id", "quantity"} <= set(source)


def half_year(day: date) -> date:
    return day.replace(month=1 if day.month < 7 else 7, day=1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.drop(columns="quantity"), r"no column 'quantity' \(--quantity-column\); the table has partner_id"),
        (lambda f: f.assign(partner_id=f["partner_id"].replace("shop 1", "Shop-0")), "would both be 'shop_0'; rename one"),
        (lambda f: f.assign(partner_id=f["partner_id"].where(f.index > 5)), "6 rows have no partner_id"),
        (lambda f: f.assign(date="soon"), "column 'date' holds no dates"),
        (lambda f: f.assign(date=f["date"].map(half_year)), r"dates are 18\d days apart; daily, weekly and monthly"),
        (lambda f: f.iloc[:0], "dates are 0 days apart"),
    ],
)
def test_what_cannot_be_a_network_is_explained(tmp_path: Path, change: object, said: str) -> None:
    """File, column, and what would be right; nothing is written."""
    with pytest.raises(ConfigError, match=said):
        founded(tmp_path, change(orders(weeks=30)))
    assert not (tmp_path / "home/network.yaml").exists()


def test_another_file_is_no_table(tmp_path: Path) -> None:
    """The reader's word, without a stack trace."""
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(ConfigError, match=r"x\.parquet: cannot be read as Parquet or CSV"):
        from_table(tmp_path / "home", tmp_path / "x.parquet", name="x")


def test_a_missing_table_is_said_so(tmp_path: Path) -> None:
    """The commonest slip."""
    with pytest.raises(ConfigError, match=r"nowhere\.csv"):
        from_table(tmp_path / "home", tmp_path / "nowhere.csv", name="x")


def monthly(stock: bool = True) -> pd.DataFrame:
    """Two companies, two items each, two years of months; units on hand at the end of the month."""
    months = pd.date_range("2024-01-01", periods=24, freq="MS")
    keys = pd.MultiIndex.from_product([["a", "b", "c"], ["x", "y"], months], names=["partner_id", "item_id", "date"])
    frame = keys.to_frame(index=False).assign(quantity=range(len(keys)))
    return frame.assign(left=frame["quantity"] % 7) if stock else frame


def test_monthly_tables_look_a_quarter_ahead(tmp_path: Path) -> None:
    """The third rhythm; the night is the first day of the month after the last."""
    network = founded(tmp_path, monthly(stock=False))
    assert (network.frequency, network.horizon, network.replay_as_of) == ("M", 3, "2026-01-01")


def test_months_begin_on_their_first_day(tmp_path: Path) -> None:
    """A month told by its last day would fall into the one before as soon as the calendar rounds."""
    frame = monthly(stock=False)
    with pytest.raises(ConfigError, match="date 2024-01-05: months begin on their first day; write 2024-01-01"):
        founded(tmp_path, frame.assign(date=frame["date"] + timedelta(days=4)))


def test_counted_stock_is_a_delivery_of_its_own(tmp_path: Path) -> None:
    """On the last day of its period, and no longer beside demand; a period that nobody reported is then unknown."""
    network = founded(tmp_path, monthly(), columns=Columns(stock="left"))
    stock = pd.read_parquet(network.home / "sources/b/stock.parquet")
    assert list(stock) == ["item_id", "date", "on_hand"]
    assert (stock["date"].min(), stock["date"].max()) == (date(2024, 1, 31), date(2025, 12, 31))
    assert "left" not in pd.read_parquet(network.home / "sources/b/demand.parquet")
    contracts = {c.data_set: c for c in (load_contract(path) for path in network.contracts("b"))}
    assert list(contracts) == ["demand", "stock"]
    assert contracts["demand"].missing_periods == "unknown"
