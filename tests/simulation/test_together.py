"""Levels of sites that supply each other: set together where that costs less on the same demand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reports import examples
from simulation.worlds import items_of, normal_forecast, run

from decai_forecast.reports import build_report, render_html, stock_targets_csv
from decai_forecast.reports.actions import actions
from decai_forecast.reports.resilience import policy
from decai_forecast.simulation import Simulation

SHOPS = ("north", "south")
LANES = pd.DataFrame([("A", "dc", 28), ("dc", "north", 7), ("dc", "south", 7)], columns=["from_id", "to_id", "lead_time_days"])


def found(items: tuple[str, ...] = ("x", "y"), **changes: object) -> Simulation:
    """Two shops that a distribution centre supplies, four weeks from the supplier, and lumpy demand."""
    forecast = pd.concat([normal_forecast(dict.fromkeys(items, (20, 12)), location=shop) for shop in SHOPS])
    return run(forecast, items=items_of(dict.fromkeys(items, "A")), lanes=LANES, replications=100, **changes)


def test_sites_that_supply_each_other_are_set_together() -> None:
    """Every site gets a level, the centre's too; the whole costs less than site by site on the same demand, and says so."""
    told = found()
    table = told.targets
    assert set(table["location_id"]) == {"dc", *SHOPS}
    assert (table["reason"] == "least cost of the whole network, searched together").any()
    assert (table["level_proposed"] > 0).all()
    assert table.loc[table["location_id"] == "dc", "fill_rate_proposed"].isna().all()  # nobody buys there
    stated = [one.text for one in told.assumptions if one.name == "Proposed levels"]
    assert stated[0].startswith(
        "of 2 of 2 items whose sites supply each other, searched together and kept where that costs less"
    )
    assert policy(told)["series"] == 6


def test_a_single_echelon_is_left_alone() -> None:
    """Shops that suppliers serve directly: what they can tell by themselves is all there is."""
    forecast = pd.concat([normal_forecast({"x": (20, 12)}, location=shop) for shop in SHOPS])
    told = run(forecast, items=items_of({"x": "A"}), replications=100)
    assert set(told.targets["location_id"]) == set(SHOPS)
    assert not any("together" in reason for reason in told.targets["reason"])


def test_today_and_the_proposal_meet_the_same_demand() -> None:
    """Of sites whose stock is known, today's levels cost more than the proposed ones, in the network and in the report."""
    weeks = pd.date_range("2025-10-06", periods=13, freq="W-MON")
    rows = [(site, item, week, 400.0) for site in ("dc", *SHOPS) for item in ("x", "y") for week in weeks]
    stock = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "on_hand"])
    told = found(stock=stock)
    table = told.targets
    assert np.isfinite(table["cost_now"]).all()
    assert table["cost_proposed"].sum() < table["cost_now"].sum()
    assert {row["location_id"] for row in actions(told, {})} <= {"dc", "", *SHOPS}


def test_levels_of_inner_sites_reach_page_and_erp() -> None:
    """In the report by its schema, on the page, and as rows of the CSV."""
    report = build_report(examples.facts(simulation=found(("x",))))
    assert [row["location_id"] for row in report["stock"]["inner"]] == ["dc"]
    assert "Levels of sites that supply others" in render_html(report)
    rows = stock_targets_csv(report).splitlines()
    assert [row.partition(",")[0] for row in rows[1:]] == ["dc", *SHOPS]
