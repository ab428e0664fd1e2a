"""Pulling: what is taken from a partner's source, in which form, and what is said when it cannot be."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, contract, demand

from decai_forecast.contracts.reserved import LINE
from decai_forecast.delivery import pull
from decai_forecast.errors import DeliveryError


def parquet(frame: pd.DataFrame, path: Path) -> str:
    frame.to_parquet(path.with_suffix(".parquet"), index=False)
    return "demand.parquet"


def csv(frame: pd.DataFrame, path: Path) -> str:
    frame.to_csv(path.with_suffix(".csv"), index=False)
    return "demand.csv"


def semicolons(frame: pd.DataFrame, path: Path) -> str:
    path.with_suffix(".csv").write_text("\ufeff" + frame.to_csv(index=False, sep=";"), encoding="utf-8")
    return "demand.csv"


def csv_gz(frame: pd.DataFrame, path: Path) -> str:
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    return "demand.csv.gz"


@pytest.fixture(params=[parquet, csv, semicolons, csv_gz], ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Callable[[pd.DataFrame, Path], str]:
    """Every format a source may have."""
    chosen: Callable[[pd.DataFrame, Path], str] = request.param
    return chosen


def pulled(folder: Path, frame: pd.DataFrame, kind: Callable = parquet, *changes: tuple[str, str], days: int = 0) -> tuple:
    """The delivery as a frame, and what is said of it."""
    (folder / "sources").mkdir(exist_ok=True)
    name = kind(frame, folder / "sources" / "demand")
    form = (("format: parquet", "format: csv"),) if "csv" in name else ()
    agreed = contract(folder, ("sources/demand.parquet", f"sources/{name}"), *form, *changes)
    found = pull(agreed, folder, AS_OF - timedelta(days=days), folder / "out.parquet")
    return pd.read_parquet(folder / "out.parquet").drop(columns=LINE, errors="ignore"), found


def test_every_format_gives_the_same_delivery(tmp_path: Path, kind: Callable[[pd.DataFrame, Path], str]) -> None:
    """Same rows, same types, whatever the file."""
    frame, found = pulled(tmp_path, demand(), kind)
    pd.testing.assert_frame_equal(frame, pulled(tmp_path, demand())[0], check_dtype=True)
    assert (found.rows, found.newest) == (200, AS_OF - timedelta(days=1))


def test_the_data_cut_off_is_not_passed(tmp_path: Path) -> None:
    """Rows of the cut-off's day and later stay where they are: a night can be repeated later."""
    frame, found = pulled(tmp_path, demand(), days=10)
    assert found.rows == len(frame) == 180
    assert frame["date"].max() == AS_OF - timedelta(days=11)


def test_the_digest_knows_content_and_not_order(tmp_path: Path) -> None:
    """Equal rows in another order are the same delivery; one other value is another."""
    first = pulled(tmp_path, demand())[1].digest
    assert pulled(tmp_path, demand().sample(frac=1, random_state=3))[1].digest == first
    changed = demand()
    changed.loc[7, "quantity"] += 1
    assert pulled(tmp_path, changed)[1].digest != first


def test_columns_get_the_contracts_names(tmp_path: Path, kind: Callable[[pd.DataFrame, Path], str]) -> None:
    """``physicalName`` is what the partner calls a column; others are not taken."""
    theirs = demand().rename(columns={"quantity": "Menge (Stück)"}).assign(secret="x")
    rename = ('- name: "quantity"', '- name: "quantity"\n        physicalName: "Menge (Stück)"')
    frame, _ = pulled(tmp_path, theirs, kind, rename)
    assert set(frame.columns) == {"date", "item_id", "quantity", "price"}


def test_a_missing_column_is_left_to_the_check(tmp_path: Path, kind: Callable[[pd.DataFrame, Path], str]) -> None:
    """The check refuses with the column's name; a pull that stops would hide all other faults."""
    frame, found = pulled(tmp_path, demand().drop(columns="quantity"), kind)
    assert set(frame.columns) == {"date", "item_id", "price"}
    assert found.rows == 200


def test_other_tools_habits_are_understood(tmp_path: Path) -> None:
    """Midnight timestamps are dates, categories are texts, NaN is no value."""
    frame = demand().assign(date=lambda f: pd.to_datetime(f["date"]), item_id=lambda f: f["item_id"].astype("category"))
    frame.loc[0, "price"] = float("nan")
    got, found = pulled(tmp_path, frame)
    assert got["date"].iloc[0] == demand()["date"].iloc[0]
    assert got["price"].isna().sum() == 1
    assert found.rows == 200


def test_a_row_without_a_date_reaches_the_check(tmp_path: Path) -> None:
    """It cannot be placed before or after the cut-off: the check quarantines it, nothing is lost silently."""
    frame = demand()
    frame.loc[3, "date"] = None
    assert pulled(tmp_path, frame)[1].rows == 200


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the place in the contract that names it."""
    agreed = contract(tmp_path)
    with pytest.raises(DeliveryError, match=r"acme: demand: .*sources/demand\.parquet is not there; see servers\[0\]\.path in"):
        pull(agreed, tmp_path, AS_OF, tmp_path / "out.parquet")


@pytest.mark.parametrize("content", [b"PAR1 not parquet", b"\x00" * 100])
def test_a_damaged_file_is_an_error_of_the_delivery(tmp_path: Path, content: bytes) -> None:
    """Not of the product: no stack trace, the file and the format are named."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/demand.parquet").write_bytes(content)
    with pytest.raises(DeliveryError, match=r"demand\.parquet cannot be read as parquet: "):
        pull(contract(tmp_path), tmp_path, AS_OF, tmp_path / "out.parquet")


def test_none_of_the_columns_is_there(tmp_path: Path) -> None:
    """Somebody else's file: what it has is shown."""
    with pytest.raises(DeliveryError, match="none of the contracted columns is there; found a, b"):
        pulled(tmp_path, pd.DataFrame({"a": [1], "b": [2]}))
