"""The future, a part of a week and silence are not demand of zero; what is left out is told, with its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand.long_table import read_long

WEEKS = pd.date_range("2023-01-02", periods=60, freq="7D")


def table(partner: str = "a", items: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(len(partner))
    return pd.concat(
        [
            pd.DataFrame({"partner_id": partner, "item_id": f"i{k}", "date": WEEKS, "quantity": rng.poisson(20 * (k + 1), 60)})
            for k in range(items)
        ]
    )


def read(folder: Path, rows: pd.DataFrame, **options: Any) -> tuple[dict[str, pd.DataFrame], list[str]]:
    rows.to_parquet(folder / "long.parquet", index=False)
    told: list[str] = []
    return read_long(folder / "long.parquet", tell=told.append, **options)[1], told


def test_zeros_of_the_future_are_left_out(tmp_path: Path) -> None:
    """One item's plan file reaches half a year further than the sales."""
    ahead = pd.DataFrame({"partner_id": "a", "item_id": "i0", "date": WEEKS + pd.Timedelta(weeks=60), "quantity": 0}).head(26)
    tables, told = read(tmp_path, pd.concat([table(), ahead]))
    assert tables["a"]["date"].max() == WEEKS[-1]
    assert told == ["26 rows after 2024-02-19 are all 0, up to 2024-08-19: taken for placeholders of the future and left out"]


def test_a_rare_item_may_end_with_zeros(tmp_path: Path) -> None:
    """Half a year without a sale has been there before."""
    rows = table(items=1).assign(quantity=lambda f: np.where(np.arange(60) % 25 == 3, 8, 0))
    tables, told = read(tmp_path, rows)
    assert (tables["a"]["date"].max(), told) == (WEEKS[-1], [])


@pytest.mark.parametrize(("part", "left_out"), [(0.25, True), (0.75, False)])
def test_a_part_of_a_week_is_left_out(tmp_path: Path, part: float, left_out: bool) -> None:
    """Of all items, far below each of the weeks before; not a week that is merely weak."""
    rows = table()
    last = rows["date"] == WEEKS[-1]
    rows["quantity"] = rows["quantity"].where(~last, (rows["quantity"] * part).astype(int))
    tables, told = read(tmp_path, rows)
    assert tables["a"]["date"].max() == (WEEKS[-2] if left_out else WEEKS[-1])
    assert len(told) == left_out
    if left_out:
        assert told[0].startswith("a: the week of 2024-02-19 has 4")
        assert told[0].endswith("taken for a part of a week and left out (--keep-last keeps it)")
        assert read(tmp_path, rows, keep_last=True)[0]["a"]["date"].max() == WEEKS[-1]


def test_one_item_that_stops_is_no_part_of_a_week(tmp_path: Path) -> None:
    """The largest item sells nothing in the last week; the others are as always."""
    rows = table(items=4)
    rows.loc[(rows["date"] == WEEKS[-1]) & (rows["item_id"] == "i3"), "quantity"] = 0
    assert read(tmp_path, rows)[1] == []


@pytest.mark.parametrize("silent", [slice(48, 60), slice(30, 34), slice(59, 60)])
def test_a_company_without_any_row_is_silent(tmp_path: Path, silent: slice) -> None:
    """At the end or between: its demand is unknown there, and that of the other company is not touched."""
    gone = table("bb")
    gone = gone[~gone["date"].isin(WEEKS[silent])]
    tables, told = read(tmp_path, pd.concat([table(), gone]))
    unknown = tables["bb"].loc[tables["bb"]["quantity"].isna(), "date"]
    assert sorted(unknown.unique()) == list(WEEKS[silent])
    assert not tables["a"]["quantity"].isna().any()
    many = f"{len(WEEKS[silent])} week{'s' * (len(WEEKS[silent]) > 1)}"
    assert told == [f"bb: no row from {WEEKS[silent][0].date()} on for {many}: taken for silence, not for demand of zero"]


def test_a_discontinued_item_is_zero(tmp_path: Path) -> None:
    """The company goes on delivering; that one item no longer sells."""
    rows = table()
    tables, _ = read(tmp_path, rows[(rows["item_id"] != "i3") | (rows["date"] < WEEKS[30])])
    ended = tables["a"][tables["a"]["item_id"] == "i3"]
    assert (ended["quantity"].iloc[30:] == 0).all()


@pytest.mark.parametrize(("missing", "text"), [("zero", "count as weeks without a sale"), ("unknown", "count as unknown")])
def test_many_weeks_without_a_row_are_told(tmp_path: Path, missing: str, text: str) -> None:
    """With what they count as, and how to say otherwise."""
    rows = table()
    kept = np.random.default_rng(3).random(len(rows)) > 0.3
    told = read(tmp_path, rows[kept], missing=missing)[1]
    assert len(told) == 1
    assert "% of the weeks between an item's first and last row have no row" in told[0]
    assert text in told[0]


def test_returns_are_counted(tmp_path: Path) -> None:
    """They count as nothing sold, and the reader hears how many there are."""
    rows = table()
    rows.loc[rows.index[:3], "quantity"] = -5
    assert read(tmp_path, rows)[1] == [
        "12 rows have a negative quantity: returns are not demand, and they count as nothing sold"
    ]


def test_a_part_of_a_week_is_unknown_where_others_have_that_week(tmp_path: Path) -> None:
    """Another company's last week is whole, so that the table goes on to it; told once."""
    cut = table("bb")
    cut["quantity"] = cut["quantity"].where(cut["date"] < WEEKS[-1], cut["quantity"] // 4)
    tables, told = read(tmp_path, pd.concat([table(), cut]))
    assert tables["bb"].loc[tables["bb"]["quantity"].isna(), "date"].unique().tolist() == [WEEKS[-1]]
    assert len(told) == 1
    assert "taken for a part of a week and left out" in told[0]


DAYS = pd.date_range("2024-01-01", periods=140, freq="D")  # from a Monday to a Sunday


def daily(partner: str, closed: tuple[str, ...] = ("Sunday",)) -> pd.DataFrame:
    rng = np.random.default_rng(len(partner))
    days = DAYS[~DAYS.day_name().isin(closed)]
    parts = [
        pd.DataFrame({"partner_id": partner, "item_id": f"i{k}", "date": days, "quantity": 20 + rng.poisson(9, len(days))})
        for k in range(3)
    ]
    return pd.concat(parts)


@pytest.mark.parametrize("silent", [slice(98, 110), slice(133, 140), slice(138, 140)])
def test_a_shop_that_is_closed_on_sundays_can_be_silent(tmp_path: Path, silent: slice) -> None:
    """Only its usual weekdays count: between, at the end, and on the last Saturday alone."""
    gone = daily("bb")
    gone = gone[~gone["date"].isin(DAYS[silent])]
    tables, told = read(tmp_path, pd.concat([daily("a", ()), gone]))
    unknown = set(tables["bb"].loc[tables["bb"]["quantity"].isna(), "date"])
    assert {day for day in unknown if day.day_name() != "Sunday"} == {d for d in DAYS[silent] if d.day_name() != "Sunday"}
    assert [text[:15] for text in told if "silence" in text] == ["bb: no row from"]


def test_a_closed_sunday_is_no_silence(tmp_path: Path) -> None:
    """Not even at the end of the table: nothing is sold then, and that is known."""
    tables, told = read(tmp_path, pd.concat([daily("a", ()), daily("bb"), daily("ccc", ("Saturday", "Sunday"))]))
    assert not any(table["quantity"].isna().any() for table in tables.values())
    assert not [text for text in told if "silence" in text]


def test_a_part_of_a_day_of_such_a_shop_is_unknown(tmp_path: Path) -> None:
    """Its last Saturday was exported at ten o'clock; the other company has the whole day."""
    cut = daily("bb")
    cut["quantity"] = cut["quantity"].where(cut["date"] < DAYS[-2], cut["quantity"] // 5)
    tables, told = read(tmp_path, pd.concat([daily("a", ()), cut]))
    assert DAYS[-2] in set(tables["bb"].loc[tables["bb"]["quantity"].isna(), "date"])
    assert len([text for text in told if "left out" in text]) == 1
    assert not [text for text in told if "silence" in text]
