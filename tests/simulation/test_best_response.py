"""The linear program of the best response to an outage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from supply_networks import DAYS, built, demand_of, items_of, lanes_of, stock_of

from decai_forecast.periods import Calendar
from decai_forecast.simulation.best_response import best_response
from decai_forecast.simulation.network import SupplyNetwork

NOTHING_DUE = pd.DataFrame({"order_id": [], "item_id": [], "expected_on": [], "quantity": []})


def three_suppliers() -> SupplyNetwork:
    """Simchi-Levi's form in the teaching case of HEC Montreal, problem 1: every supplier makes both products; TTR 2 days."""
    vendors = pd.DataFrame({"item_id": ["P1", "P2"] * 3, "vendor": ["S1", "S1", "S2", "S2", "S3", "S3"], "unit_cost": 100.0})
    suppliers = pd.DataFrame({"vendor": ["S1", "S2", "S3"], "capacity": [30.0, 45, 60], "recovery_days": 2.0, "where": "here"})
    return built(
        demand_of({("x", "P1"): 75.0, ("x", "P2"): 50.0}, DAYS),
        DAYS,
        items=vendors,
        prices=pd.DataFrame({"item_id": ["P1", "P2"], "price": [5100.0, 6600.0]}),
        stock=stock_of({("x", "P1"): 20.0, ("x", "P2"): 25.0}),
        open_orders=NOTHING_DUE,
        section={
            "suppliers": suppliers,
            "sites": pd.DataFrame({"location_id": ["x"], "recovery_days": [0.0], "where": ["here"]}),
        },
    )


def test_lp_ttr() -> None:
    """Case lp-ttr: PI 0, 125,000, 275,000; lost units 0, 25, 55; REI 0, 0.455, 1; TTS 2.25, 9/7, 0.9."""
    found = best_response(three_suppliers()).set_index("node").loc[["S1", "S2", "S3"]]
    assert found["pi_lp_value"].to_numpy() == pytest.approx([0, 125_000, 275_000])
    assert found["pi_lp_units"].to_numpy() == pytest.approx([0, 25, 55])
    assert found["rei_lp"].to_numpy() == pytest.approx([0, 0.4545, 1], abs=1e-4)
    assert found["tts_lp_days"].to_numpy() == pytest.approx([2.25, 9 / 7, 0.9])


def test_a_place_that_recovers_at_once_is_left_out() -> None:
    """Here the site."""
    assert best_response(three_suppliers())["node"].tolist() == ["S1", "S2", "S3"]


def test_a_site_that_is_down_sells_nothing() -> None:
    """Its time to survive is none, and all its demand is lost."""
    found = best_response(built(demand_of({("x", "a"): 5.0, ("y", "a"): 5.0}, DAYS), DAYS)).set_index("node")
    assert (found.loc["x", "tts_lp_days"], found.loc["x", "pi_lp_units"]) == (0, 28 * 5)


def test_a_single_supplier_is_survived_on_stock_and_what_is_on_its_way() -> None:
    """30 on hand and 10 due at 5 a day last eight of the 28 days."""
    due = pd.DataFrame({"order_id": ["1"], "item_id": ["a"], "quantity": [10.0], "expected_on": pd.to_datetime(["2026-01-08"])})
    calendar = Calendar("D", 40)
    network = built(demand_of({("x", "a"): 5.0}, calendar), calendar, items=items_of({"a": "V"}), open_orders=due,
                    stock=stock_of({("x", "a"): 30.0}))  # fmt: skip
    found = best_response(network).set_index("node").loc["V"]
    assert found["tts_lp_days"] == pytest.approx(8)
    assert found["pi_lp_units"] == pytest.approx(28 * 5 - 40)
    assert np.isnan(found["pi_lp_value"])


def test_a_time_beyond_the_horizon_is_told_as_one() -> None:
    """A second supplier without a limit: NaN, never a large number."""
    items = pd.DataFrame({"item_id": ["a", "a"], "vendor": ["V", "W"]})
    found = best_response(built(demand_of({("x", "a"): 5.0}, DAYS), DAYS, items=items)).set_index("node")
    assert np.isnan(found.loc["V", "tts_lp_days"])
    assert found.loc["V", "pi_lp_units"] == 0


@pytest.mark.parametrize("capacity", [14.9, 15.1])
def test_a_capacity_that_cannot_bind_changes_nothing(capacity: float) -> None:
    """15 a day are the most that anybody could ask of W."""
    items = pd.DataFrame({"item_id": ["a", "a", "b"], "vendor": ["V", "W", "W"]})
    section = {"suppliers": pd.DataFrame({"vendor": ["W"], "capacity": [capacity], "where": ["here"]})}
    network = built(demand_of({("x", "a"): 5.0, ("x", "b"): 10.0}, DAYS), DAYS, items=items, section=section,
                    stock=stock_of({("x", "a"): 0.0, ("x", "b"): 0.0}), open_orders=NOTHING_DUE)  # fmt: skip
    found = best_response(network).set_index("node").loc["V", "pi_lp_units"]
    assert found == pytest.approx(0 if capacity > 15 else 28 * 0.1)


def test_stock_upstream_serves_whoever_needs_it() -> None:
    """60 at the distribution centre, 10 and 0 in the shops, at 5 a day each: seven days."""
    lanes = lanes_of(("V", "dc", 1), ("dc", "s1", 1), ("dc", "s2", 1))
    network = built(
        demand_of({("s1", "a"): 5.0, ("s2", "a"): 5.0}, DAYS), DAYS, lanes=lanes,
        stock=stock_of({("dc", "a"): 60.0, ("s1", "a"): 10.0, ("s2", "a"): 0.0}), open_orders=NOTHING_DUE,
    )  # fmt: skip
    found = best_response(network).set_index("node")
    assert found.loc["V", "tts_lp_days"] == pytest.approx(7)
    assert found.loc["dc", "tts_lp_days"] == 0  # one shop has nothing, and stock at the centre is out of reach


def test_a_kit_lasts_as_long_as_its_scarcest_part() -> None:
    """12 of part c1 make six kits, three days at two a day; c2 alone would last ten."""
    parts = pd.DataFrame({"item_id": ["kit"] * 2, "component_id": ["c1", "c2"], "quantity": [2.0, 1.0]})
    network = built(
        demand_of({("x", "kit"): 2.0}, DAYS), DAYS, items=items_of({"kit": "", "c1": "V", "c2": "W"}), bill_of_materials=parts,
        stock=stock_of({("x", "kit"): 0.0, ("x", "c1"): 12.0, ("x", "c2"): 12.0}), open_orders=NOTHING_DUE,
    )  # fmt: skip
    found = best_response(network).set_index("node")
    assert found.loc["V", "tts_lp_days"] == pytest.approx(3)
    assert found.loc["W", "tts_lp_days"] == pytest.approx(6)


def test_what_is_lost_anyway_is_no_impact() -> None:
    """Demand of 10 a day against a capacity of 6: only the other 6 are the outage's."""
    section = {"suppliers": pd.DataFrame({"vendor": ["V"], "capacity": [6.0], "recovery_days": [5.0], "where": ["here"]})}
    network = built(demand_of({("x", "a"): 10.0}, DAYS), DAYS, items=items_of({"a": "V"}), section=section,
                    stock=stock_of({("x", "a"): 0.0}), open_orders=NOTHING_DUE)  # fmt: skip
    assert best_response(network).set_index("node").loc["V", "pi_lp_units"] == pytest.approx(5 * 6)


def test_a_shop_that_is_down_costs_the_same_whether_others_run_short_or_not() -> None:
    """Where nothing is lost otherwise the program of a shop is not solved, since it would say just what the shop sells."""
    lanes = lanes_of(("V", "dc", 1), ("dc", "s1", 1), ("dc", "s2", 1), ("W", "s3", 1))
    sales = {("s1", "a"): 5.0, ("s2", "a"): 4.0, ("s3", "a"): 3.0}
    prices = pd.DataFrame({"item_id": ["a"], "price": [7.0]})
    items = pd.DataFrame({"item_id": ["a"], "vendor": [""], "unit_cost": [2.0]})
    scarce = {"suppliers": pd.DataFrame({"vendor": ["W"], "capacity": [1.0], "recovery_days": [5.0], "where": ["here"]})}

    def shop(section: dict[str, pd.DataFrame] | None) -> pd.Series:
        network = built(demand_of(sales, DAYS), DAYS, lanes=lanes, items=items, prices=prices, section=section)
        return best_response(network).set_index("node").loc["s1"]

    plenty, short = shop(None), shop(scarce)
    days = plenty["node_ttr_days"]
    assert (plenty["tts_lp_days"], short["tts_lp_days"]) == (0, 0)
    assert plenty["pi_lp_units"] == short["pi_lp_units"] == pytest.approx(days * 5)
    assert plenty["pi_lp_value"] == short["pi_lp_value"] == pytest.approx(days * 5 * 5)
