"""Deliveries in pieces: only news are asked for, nothing is lost, nothing doubled, a killed pull goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, demand
from servers import Behind, Portal, records, socrata


def until(day: int) -> pd.DataFrame:
    """The rows up to ``day`` days before the cut-off."""
    return demand()[lambda frame: frame["date"] <= AS_OF - timedelta(days=day)]


def test_pieces_make_the_whole(growing: Behind) -> None:
    """Three nights of growth equal one delivery of everything."""
    for day in (40, 20, 1):
        growing.fill(until(day))
        frame, found = growing.pull()
        assert found.rows == len(frame) == len(until(day))
    assert len(growing.state.keys("landing/demand/parts")) == 3
    assert growing.pull()[1].digest == found.digest
    assert len(growing.state.keys("landing/demand/parts")) == 3


def test_a_corrected_row_replaces_the_old_one(growing: Behind) -> None:
    """Within the lookback; the newest piece wins."""
    late = growing.own(incremental={"watermark": "date", "lookback": "7 d"})
    late.fill(until(1))
    late.pull()
    corrected = until(1)
    recent = corrected["date"] == AS_OF - timedelta(days=3)
    corrected.loc[recent, "quantity"] = 1000.0
    late.fill(corrected)
    frame, found = late.pull()
    assert found.rows == 200
    assert (frame["quantity"] == 1000.0).sum() == 2


def test_a_repeated_key_in_one_piece_stays_repeated(growing: Behind) -> None:
    """The check must see it."""
    growing.fill(pd.concat([until(1), until(1).iloc[:3]]))
    assert growing.pull()[1].rows == 203


def test_an_old_night_can_be_replayed(growing: Behind) -> None:
    """It takes what lies before its cut-off and loses nothing for later nights."""
    growing.fill(until(1))
    growing.pull()
    assert growing.pull(as_of=AS_OF - timedelta(days=30))[1].rows == 140
    assert growing.pull()[1].rows == 200


def test_only_news_are_asked_for(tmp_path: Path, request: pytest.FixtureRequest, portal: Portal) -> None:
    """The portal sees the watermark."""
    there = socrata(tmp_path, request).own(incremental={"watermark": "date"})
    there.fill(until(20))
    there.pull()
    assert "$where" not in portal.asked[0]
    portal.asked.clear()
    there.fill(until(1))
    there.pull()
    assert {asked["$where"] for asked in portal.asked} == {"date >= '2026-06-09'"}
    assert {asked["$order"] for asked in portal.asked} == {"date,:id"}


def test_another_list_of_columns_starts_anew(growing: Behind) -> None:
    """Old pieces have not what is asked for now."""
    growing.fill(until(1))
    growing.pull()
    changed = growing.own(incremental={"watermark": "date", "lookback": "1 d"})
    changed.fill(until(30))
    assert changed.pull()[1].rows == len(until(30))


def test_a_killed_pull_goes_on_with_the_next_page(tmp_path: Path, portal: Portal) -> None:
    """A really killed process: its pages are not asked for again, and the delivery is whole."""
    portal.rows = records(demand())
    code = f"""
import os, signal, sys
sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path(__file__).parents[1])!r}]
from pathlib import Path
from datetime import date
from deliveries import contract
from dataclasses import replace
from decai_forecast.contracts import Source
from decai_forecast.delivery import pull
from decai_forecast.delivery.sources import http
from decai_forecast.store import Store
folder = Path({str(tmp_path)!r})
source = Source("api", {portal.url + "/resource/x.json"!r}, "json", {{}}, {{"paging": {{"style": "socrata", "limit": 60}}}})
keep, pages = http.Book.add, []
def dying(book, step, page):
    keep(book, step, page)
    pages.append(1)
    if len(pages) == 2 and "die" in sys.argv:
        os.kill(os.getpid(), signal.SIGKILL)
http.Book.add = dying
agreed, store = replace(contract(folder), source=source), Store(folder / "store", "acme")
found = pull(agreed, folder, date(2026, 6, 29), folder / "out.parquet", state=store)
print(found.rows, flush=True)
os._exit(0)
"""
    killed = subprocess.run([sys.executable, "-c", code, "die"], capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "out.parquet").exists()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "200"
    assert [asked["$offset"] for asked in portal.asked] == ["0", "60", "120", "180", "200"]
    assert not list((tmp_path / "store").rglob("page-*"))
