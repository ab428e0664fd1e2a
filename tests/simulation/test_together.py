"""Levels of sites that supply each other: set together where that costs less on the same demand."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from reports import examples
from simulation.worlds import WEEKS, items_of, normal_forecast, run

from decai_forecast.network import Assumptions
from decai_forecast.reports import build_report, erp_files, orders_csv, render_html, stock_targets_csv
from decai_forecast.reports.actions import actions
from decai_forecast.reports.resilience import policy
from decai_forecast.simulation import Simulation
from decai_forecast.simulation.network import build
from decai_forecast.simulation.network.reach import main_source

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
    assert (table["reason"] == TOGETHER).any()
    assert (table["level_proposed"] > 0).all()
    assert table.loc[table["location_id"] == "dc", "fill_rate_proposed"].isna().all()  # nobody buys there
    stated = [one.text for one in told.assumptions if one.name == "Proposed levels"]
    assert stated[0].startswith(
        "of 2 of 2 items whose sites supply each other, searched together and kept where that costs less"
    )
    assert policy(told)["series"] == 6


TOGETHER = "least cost of the whole network, searched together"


def centre_sells(order_cost: float) -> pd.DataFrame:
    """The targets where the centre sells, too, and an order costs something."""
    forecast = pd.concat([normal_forecast({"x": (20, 12)}, location=site) for site in ("dc", *SHOPS)])
    items = items_of({"x": "A"}).assign(order_cost=order_cost)
    return run(forecast, items=items, lanes=LANES, replications=50).targets.set_index("location_id")


def test_levels_set_together_are_told_with_figures_of_their_own() -> None:
    """Safety stock is what they hold beyond the mean demand that they protect: a week and the period of a shop, four of the
    centre; service is that of the level."""
    table = found().targets
    assert (table["reason"] == TOGETHER).all()
    protected = np.where(table["location_id"] == "dc", 160.0, 20.0)
    assert table["safety_stock"].tolist() == pytest.approx(np.maximum(table["level_proposed"] - protected, 0).tolist())
    assert (table.loc[table["location_id"] != "dc", "service_target"] > 0.97).all()


def test_levels_set_together_have_no_gap() -> None:
    """Nobody searched one: an order of the economic quantity belongs to the level that the site found by itself."""
    together = centre_sells(300.0)
    assert (together["reason"] == TOGETHER).all()
    assert together["reorder_point"].tolist() == together["level_proposed"].tolist()


def test_levels_site_by_site_are_compared_with_their_gap() -> None:
    """Where an order costs 800, fewer orders save more than levels set together do."""
    apart = centre_sells(800.0)
    assert (apart["reason"] != TOGETHER).all()
    assert apart.loc["dc", "level_proposed"] - apart.loc["dc", "reorder_point"] > 100
    assert apart["cost_proposed"].sum() < 800


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


def test_orders_name_whom_a_site_orders_from() -> None:
    """Shops order from the centre, the centre from the supplier, whoever's outage costs the shops most."""
    stock = pd.DataFrame({"location_id": ["dc", *SHOPS], "item_id": "x", "on_hand": 3.0})
    due = pd.DataFrame({"location_id": "dc", "item_id": ["x"], "quantity": 1.0, "expected_on": [pd.Timestamp("2026-01-19")]})
    report = build_report(examples.facts(simulation=found(("x",), stock=stock, open_orders=due)))
    wanted = {"dc": "A", "north": "dc", "south": "dc"}
    for text in (orders_csv(report), erp_files(report, "frepple")["itemsupplier.csv"]):
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row.get("site") or row["location"]: row["supplier"] for row in rows} == wanted


def test_of_several_sources_the_largest_is_named() -> None:
    """The first of equal ones, and nobody for what is made at the site."""
    lanes = pd.DataFrame(
        [("A", "north", 0.3), ("B", "north", 0.7), ("B", "south", 0.5), ("A", "south", 0.5)],
        columns=["from_id", "to_id", "share"],
    ).assign(lead_time_days=7)
    forecast = pd.concat([normal_forecast({"x": (20, 5)}, location=shop) for shop in SHOPS])
    told = run(forecast, items=pd.DataFrame({"item_id": ["x"]}), lanes=lanes, replications=20)
    assert told.targets.set_index("location_id")["source"].to_dict() == {"north": "B", "south": "A"}
    parts = pd.DataFrame({"item_id": ["x"], "component_id": ["part"], "quantity": [2.0], "unit": ["EA"]})
    made = build(
        normal_forecast({"x": (20, 5)}), {"items": items_of({"part": "A"}), "bill_of_materials": parts}, Assumptions(), WEEKS,
        levels=lambda group: np.ones((*group.stages.stock.shape, 1)),
    )  # fmt: skip
    group = made.groups[0]
    assert dict(zip(group.graph.nodes, main_source(group)[:, 0], strict=True)) == {"A": "", "main/part": "A", "main": ""}
