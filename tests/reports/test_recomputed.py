"""Somebody with the report, the deliveries and the documentation gets the report's figures."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reports.examples import facts
from simulation.worlds import items_of, normal_forecast, run

from decai_forecast.network import Assumptions
from decai_forecast.reports.report import build_report

SCRIPT = Path(__file__).with_name("recompute.py")
ITEMS = {"a": "A", "b": "A", "c": "B", "d": "C"}


def world(kind: str) -> dict[str, pd.DataFrame]:
    """What was delivered: master data; counts of a year of which some find nothing; prices."""
    items = items_of(ITEMS).assign(lead_time_days=14)
    if kind == "without counts":
        return {"items": items}
    first = normal_forecast({"a": (1.0, 0.1)})["date"].min()
    days = pd.date_range(end=first, periods=30, freq="7D", inclusive="left")
    draw = np.random.default_rng(3)
    rows = [("main", item, day, float(draw.integers(0, 200))) for item in ITEMS for day in days]
    stock = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "on_hand"])
    stock.loc[stock["item_id"].eq("b") & stock["date"].eq(days[-1]), "on_hand"] = 0.0
    found = {"items": items, "stock": stock}
    if kind == "in money":
        found["items"] = items.assign(unit_cost=10.0)
        found["prices"] = pd.DataFrame({"item_id": list(ITEMS), "price": 16.0})
    return found


def recomputed(folder: Path, kind: str) -> list[dict[str, float | str]]:
    delivered = world(kind)
    forecast = normal_forecast({"a": (50.0, 12.0), "b": (8.0, 5.0), "c": (120.0, 20.0), "d": (3.0, 2.0)})
    money = pd.DataFrame({"forecast": ["combined", "own", "moving_average"], "cost": [90.0, 95.5, 100.25]})
    found = run(forecast, replications=60, assumptions=Assumptions(currency="EUR"), **delivered)
    report = build_report(facts(simulation=replace(found, money=money)))
    (folder / "report.json").write_text(json.dumps(report))
    for name, frame in delivered.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(folder / "report.json"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("kind", "least"), [("in money", 24), ("in units", 24), ("without counts", 16)])
def test_a_report_is_recomputed_without_anything_of_ours(tmp_path: Path, kind: str, least: int) -> None:
    """Every figure of docs/reference/recompute.md, to what rounding of units leaves."""
    rows = recomputed(tmp_path, kind)
    assert len(rows) >= least
    for row in rows:
        assert row["found"] == pytest.approx(row["told"], rel=0.004, abs=0.006), row["figure"]


def test_a_figure_that_was_changed_is_found(tmp_path: Path) -> None:
    """The script reads the deliveries, not the report alone."""
    recomputed(tmp_path, "in units")
    stock = pd.read_csv(tmp_path / "stock.csv")
    stock.loc[len(stock) - 1, "on_hand"] += 40
    stock.to_csv(tmp_path / "stock.csv", index=False)
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(tmp_path / "report.json"), str(tmp_path)]
    rows = [json.loads(line) for line in subprocess.check_output(command, text=True).splitlines()]
    assert [row["figure"] for row in rows if abs(row["told"] - row["found"]) > 1] == ["on_hand of d at main"]
