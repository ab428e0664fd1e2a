"""Rows of a growing delivery that lack a part of their key: none is lost, none is doubled."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, demand
from servers import Behind, Scripted, sqlite
from test_http_pages import api

from decai_forecast.contracts import check_delivery


@pytest.fixture
def growing(tmp_path: Path, request: pytest.FixtureRequest) -> Behind:
    return sqlite(tmp_path, request).own(incremental={"watermark": "date", "lookback": "30 d"})


def nights(*holes: int) -> list[pd.DataFrame]:
    """The rows up to twenty days ago and all rows, both without the item in the rows ``holes``."""
    whole = demand()
    whole.loc[list(holes), "item_id"] = None
    return [whole[whole["date"] <= AS_OF - timedelta(days=20)], whole]


def test_rows_without_a_key_all_stay(growing: Behind, tmp_path: Path) -> None:
    """Clean and quarantined rows are what was delivered, night after night."""
    for frame in nights(0, 1, 2, 60, 70, 95, 160, 199):
        growing.fill(frame)
        assert growing.pull()[1].rows == len(frame)
    (tmp_path / "checked").mkdir()
    lenient = replace(growing.contract, error_rate=0.5)
    found = check_delivery(lenient, tmp_path / "out.parquet", AS_OF, tmp_path / "checked")
    clean, bad = (pd.read_parquet(tmp_path / f"checked/{name}.parquet") for name in ("clean", "quarantine"))
    assert (found.rows, len(clean) + len(bad), len(bad)) == (200, 200, 8)


def test_equal_rows_without_a_key_stay_equal_in_number(growing: Behind) -> None:
    """Two of the same in one piece are two; asked for again, they are not four."""
    frame = demand()
    twin = frame.iloc[[190]].assign(item_id=None)
    growing.fill(pd.concat([frame, twin, twin]))
    for _ in range(2):
        assert growing.pull()[1].rows == 202
    growing.fill(pd.concat([frame, twin, twin, twin.assign(quantity=5.0)]))
    assert growing.pull()[1].rows == 203


def test_torn_lines_of_two_nights_are_kept(tmp_path: Path, script: Callable[..., Scripted]) -> None:
    """Lines that are no rows have no key at all."""
    lines = demand().to_csv(index=False).splitlines()
    bodies = [[*lines[:4], "torn,line-one"], [lines[0], *lines[4:8], "torn,line-two"]]
    server = script(lambda query: (200, {}, ("\n".join(bodies.pop(0)) + "\n").encode()))
    there = api(tmp_path, server.url, "csv", incremental={"watermark": "date", "parameter": "since"})
    assert (there.pull()[1].rows, there.pull()[1].rows) == (4, 9)
    assert [path for path, _ in server.got] == ["/", "/?since=2026-03-23"]


def test_a_date_from_the_future_does_not_stop_the_news(tmp_path: Path, script: Callable[..., Scripted]) -> None:
    """One line dated 2099 is not the last thing that is ever asked for."""
    rows = [{"date": "2026-06-01", "item_id": "a", "quantity": 1, "price": 1}, {"date": "2099-01-01", "item_id": "b"}]
    server = script(lambda query: (200, {}, json.dumps(rows).encode()))
    there = api(tmp_path, server.url, incremental={"watermark": "date", "parameter": "since"})
    there.pull()
    there.pull()
    assert server.got[1][0] == "/?since=2026-06-01"
