"""Weeks and months are what people mean by their label, and what was converted is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand.long_table import read_long

FIRST = pd.Timestamp("2024-01-01")  # a Monday
WEEKS = pd.date_range(FIRST, periods=40, freq="7D")


Dates = pd.DatetimeIndex | list[Any]


def read(folder: Path, partners: dict[str, Dates], labels: str = "first") -> tuple[str, dict[str, pd.DataFrame], list[str]]:
    """Frequency, tables and what was told of a file with one item per company, its dates given."""
    frames = [
        pd.DataFrame({"partner_id": name, "item_id": "i", "date": dates, "quantity": np.arange(len(dates)) + 1.0})
        for name, dates in partners.items()
    ]
    pd.concat([frame.astype({"date": str}) for frame in frames]).to_csv(folder / "long.csv", index=False)
    told: list[str] = []
    calendar, tables = read_long(folder / "long.csv", tell=told.append, labels=labels)
    return calendar.frequency, tables, told


@pytest.mark.parametrize(("back", "name"), [(1, "Sunday"), (2, "Saturday"), (3, "Friday"), (-1, "Tuesday"), (-3, "Thursday")])
def test_a_week_is_the_one_that_shares_most_days_with_its_label(tmp_path: Path, back: int, name: str) -> None:
    """Beside a company of Mondays, whatever weekday the other begins its week on: the same weeks, none too many at the end."""
    frequency, tables, told = read(tmp_path, {"a": WEEKS, "b": WEEKS - pd.Timedelta(days=back)})
    assert frequency == "W"
    assert tables["b"]["date"].tolist() == list(WEEKS)
    assert tables["b"]["quantity"].tolist() == tables["a"]["quantity"].tolist()
    assert told == [
        f"b: weeks are labelled by {name}, taken for their first day; each is the week from Monday that has most of it "
        "(--week-labels last, if they are last days)"
    ]


def test_labels_that_are_last_days_are_so_on_request(tmp_path: Path) -> None:
    """The Sunday at the end of a week names that week."""
    _, tables, told = read(tmp_path, {"a": WEEKS + pd.Timedelta(days=6)}, labels="last")
    assert tables["a"]["date"].tolist() == list(WEEKS)
    assert told[0].startswith("a: weeks are labelled by their last day (Sunday)")


def test_a_mix_of_labels_within_an_item_is_weekly(tmp_path: Path) -> None:
    """Now by Sunday, now by Monday: one row a week, as it is meant."""
    mixed = WEEKS - pd.to_timedelta(np.arange(40) % 2, unit="D")
    frequency, tables, told = read(tmp_path, {"a": mixed})
    assert frequency == "W"
    assert tables["a"]["quantity"].tolist() == list(range(1, 41))
    assert "labelled by" in told[0]


def test_two_labels_of_one_week_are_told_to_add_up(tmp_path: Path) -> None:
    """Nobody can know whether they are two sales or one."""
    _, tables, told = read(tmp_path, {"a": [*WEEKS, WEEKS[-1] + pd.Timedelta(days=2)]})
    assert tables["a"]["quantity"].iloc[-1] == 40 + 41
    assert "1 times rows of one item with different dates fall into one week and are summed" in told[1]


@pytest.mark.parametrize("stamps", ["ME", "MS"])
def test_months_are_stamped_by_their_first_or_last_day(tmp_path: Path, stamps: str) -> None:
    """31 January is January, and so is 1 January."""
    frequency, tables, told = read(tmp_path, {"a": pd.date_range("2022-01-01", periods=30, freq=stamps)})
    assert frequency == "M"
    assert tables["a"]["date"].tolist() == list(pd.date_range("2022-01-01", periods=30, freq="MS"))
    assert len(told) == (stamps == "ME")


def test_midnights_of_another_zone_are_days_of_that_zone(tmp_path: Path) -> None:
    """A week of Berlin begins on Sunday at 23:00 or 22:00 UTC: the days are Mondays, months the right ones."""
    local = pd.date_range("2022-01-01", periods=30, freq="MS", tz="Europe/Berlin").tz_convert("UTC")
    frequency, tables, told = read(tmp_path, {"a": [stamp.isoformat() for stamp in local]})
    assert frequency == "M"
    assert tables["a"]["date"].tolist() == list(pd.date_range("2022-01-01", periods=30, freq="MS"))
    assert told[0].startswith("all dates are stamped 22:00 or 23:00 UTC, which is midnight further east")


def test_days_of_a_daily_table_stay(tmp_path: Path) -> None:
    """Also where every item sells on one day of a week only."""
    days = pd.date_range(FIRST, periods=105, freq="D")
    rows = pd.DataFrame({"partner_id": "a", "item_id": [f"i{k % 7}" for k in range(105)], "date": days, "quantity": 3})
    again = [f"i{k % 7}" for k in range(10, 30)]  # now and then a second time in a week
    rows = pd.concat([rows, pd.DataFrame({"partner_id": "a", "item_id": again, "date": days[12:32], "quantity": 5})])
    rows.to_csv(tmp_path / "long.csv", index=False)
    told: list[str] = []
    calendar, tables = read_long(tmp_path / "long.csv", tell=told.append)
    assert calendar.frequency == "D"
    assert tables["a"]["date"].nunique() == 105
    assert [text for text in told if "labelled" in text] == []


def test_items_with_one_row_do_not_say_that_a_daily_table_is_weekly(tmp_path: Path) -> None:
    """A hundred articles that came once beside one that is sold every other day: rows of one item alone have no rhythm."""
    often = pd.DataFrame(
        {"partner_id": "a", "item_id": "i", "date": pd.date_range(FIRST, periods=60, freq="2D"), "quantity": 3}
    )
    days = pd.date_range(FIRST, periods=100, freq="D")
    names = [f"one{k}" for k in range(2000)]
    once = pd.DataFrame({"partner_id": "a", "item_id": names, "date": np.resize(days, 2000), "quantity": 1})
    pd.concat([often, once]).to_csv(tmp_path / "long.csv", index=False)
    assert read_long(tmp_path / "long.csv")[0].frequency == "D"


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_stamps_with_and_without_fractions_are_read(tmp_path: Path, dtype: str) -> None:
    """Whatever kind of texts pandas makes of a column: a database writes a fraction only where there is one."""
    stamps = [f"{day.date()}T00:00:00{'.000000' if k % 2 else ''}Z" for k, day in enumerate(WEEKS)]
    rows = pd.DataFrame({"partner_id": "a", "item_id": "i", "date": pd.Series(stamps, dtype=dtype), "quantity": 2})
    rows.to_parquet(tmp_path / "long.parquet", index=False)
    calendar, tables = read_long(tmp_path / "long.parquet")
    assert (calendar.frequency, tables["a"]["date"].tolist()) == ("W", list(WEEKS))
