"""Which column is which, and which data set a file holds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from decai_forecast.contracts.draft import draft_from_sample
from decai_forecast.contracts.draft.names import guess_data_set, map_columns, normal
from decai_forecast.errors import ConfigError


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Verkaufte Menge (Stück)", "verkaufte_menge"),
        ("UnitsSold", "units_sold"),
        ("SKU-ID", "sku_id"),
        ("quantité vendue [u]", "quantite_vendue"),
        ("  GRÖSSE  ", "groesse"),
    ],
)
def test_names_are_compared_in_one_form(written: str, compared: str) -> None:
    """Capitals, umlauts, accents, units in brackets and spaces make no difference."""
    assert normal(written) == compared


@pytest.mark.parametrize(
    ("data_set", "names"),
    [
        ("demand", ["date", "item_id", "quantity"]),
        ("demand", ["business_date", "sku", "units_sold"]),
        ("demand", ["Datum", "Artikelnummer", "Menge"]),
        ("demand", ["Jour", "Référence", "Qté vendue"]),
        ("stock", ["snapshot_date", "article", "on_hand_qty"]),
        ("stock", ["Stichtag", "Artikel-Nr.", "Bestand"]),
        ("stock", ["date", "produit", "stock disponible"]),
        ("items", ["EAN", "Lieferant"]),
        ("items", ["sku", "supplier_name", "lead_time"]),
        ("receipts", ["po_number", "sku", "receipt_date", "received_qty"]),
        ("receipts", ["Bestellnummer", "Artikel", "Wareneingang", "Menge"]),
        ("open_orders", ["order_no", "sku", "due_date", "open_qty"]),
        ("open_orders", ["commande", "article", "date prévue", "quantité"]),
        ("prices", ["sku", "effective_from", "unit_price"]),
        ("prices", ["Artikel", "gültig ab", "Preis"]),
        ("locations", ["store_nbr", "city"]),
        ("locations", ["Filiale", "Land"]),
        ("lanes", ["origin", "destination", "lead_time"]),
        ("lanes", ["Von", "Nach", "Lieferzeit"]),
        ("bill_of_materials", ["item", "component", "qty"]),
        ("bill_of_materials", ["Artikel", "Komponente", "Menge"]),
    ],
)
def test_a_data_set_is_known_by_its_columns(data_set: str, names: list[str]) -> None:
    """In three languages."""
    assert guess_data_set(names)[0] == data_set


def test_a_file_that_could_be_two_things_says_so() -> None:
    """Sales and stock in one table."""
    assert guess_data_set(["date", "item_id", "quantity", "on_hand"]) == ("demand", ("stock",))


def test_no_column_is_used_twice() -> None:
    """An EAN is the item if nothing else is, and the GTIN beside an item number."""
    assert map_columns("items", ["ean", "vendor"]) == {"item_id": "ean", "vendor": "vendor"}
    assert map_columns("items", ["ean", "sku", "vendor"]) == {"item_id": "sku", "vendor": "vendor", "gtin": "ean"}


def test_a_named_data_set_takes_weaker_words() -> None:
    """A quantity in a stock file is the stock; in a file of unknown kind it is not."""
    assert map_columns("stock", ["date", "sku", "qty"])["on_hand"] == "qty"
    assert "on_hand" not in map_columns("stock", ["date", "sku", "qty"], named=False)


def write(folder: Path, frame: pd.DataFrame, name: str = "sample.parquet") -> Path:
    path = folder / name
    frame.to_parquet(path, index=False) if name.endswith("parquet") else frame.to_csv(path, index=False)
    return path


SALES = pd.DataFrame({"date": pd.to_datetime(["2026-01-01", "2026-01-02"]).date, "item_id": ["a", "a"], "quantity": [1.0, 2.0]})


def test_missing_columns_are_named_with_what_was_meant(tmp_path: Path) -> None:
    """The columns there are, and the nearest."""
    sample = write(tmp_path, SALES.rename(columns={"quantity": "quantiti"}))
    with pytest.raises(ConfigError) as error:
        draft_from_sample(sample, partner="acme", data_set="demand")
    assert str(error.value) == (
        f"{sample}: demand needs the columns quantity; there are date, item_id, quantiti; did you mean 'quantiti' for quantity?"
    )


def test_a_file_that_fits_nothing(tmp_path: Path) -> None:
    """With the choices there are."""
    sample = write(tmp_path, pd.DataFrame({"colour": ["red"]}))
    with pytest.raises(ConfigError) as error:
        draft_from_sample(sample, partner="acme")
    assert str(error.value) == (
        f"{sample}: no data set fits the columns colour; "
        "name one of demand, stock, items, receipts, open_orders, prices, locations, lanes, bill_of_materials with --data-set"
    )


def test_an_unknown_data_set(tmp_path: Path) -> None:
    """Named, with the known ones."""
    with pytest.raises(ConfigError, match="data set 'sales' is not known; use one of demand, stock, items"):
        draft_from_sample(write(tmp_path, SALES), partner="acme", data_set="sales")


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        (
            "date",
            ["31.12.2025", "30.12.2025"],
            "column 'date' holds '31.12.2025' in line 2 (looks like a date in another order; deliver YYYY-MM-DD); "
            "date must be a date such as 2026-01-31",
        ),
        (
            "quantity",
            ["1", "2,5"],
            "column 'quantity' holds '2,5' in line 3 (looks like a decimal comma; deliver a decimal point); "
            "quantity must be a number such as 12.5",
        ),
        ("quantity", ["5", "Total"], "column 'quantity' holds 'Total' in line 3; quantity must be a number such as 12.5"),
    ],
)
def test_columns_of_no_use_are_refused(tmp_path: Path, column: str, values: list[str], said: str) -> None:
    """The first value that is no date or number, its line, and what it looks like."""
    sample = write(tmp_path, SALES.assign(**{column: values}), "sample.csv")
    with pytest.raises(ConfigError) as error:
        draft_from_sample(sample, partner="acme", data_set="demand")
    assert str(error.value) == f"{sample}: {said}"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "sample.xlsx",
            b"",
            "a sample is a file ending in .parquet, .csv, .txt, .tsv; export a spreadsheet or a table as CSV or Parquet",
        ),
        ("sample.parquet", b"PAR1 no", "cannot be read as parquet"),
        ("sample.csv", b"date,item_id,quantity\n", "the sample has no rows"),
    ],
)
def test_files_that_are_no_sample(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """Each with its reason; a missing one too."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        draft_from_sample(tmp_path / name, partner="acme")
    with pytest.raises(ConfigError, match="there is no such file"):
        draft_from_sample(tmp_path / "nothing.csv", partner="acme")


def test_a_partner_that_cannot_be_one(tmp_path: Path) -> None:
    """Its id becomes a folder."""
    with pytest.raises(ConfigError, match="cannot be a participant's id"):
        draft_from_sample(write(tmp_path, SALES), partner="Acme: Inc")
