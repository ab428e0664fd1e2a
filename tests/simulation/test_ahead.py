"""Outages are followed until they have been got over, whatever the forecast's horizon, and timed from their own start."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from supply_networks import built, demand_of, items_of, lanes_of
from worlds import items_of as with_leads
from worlds import normal_forecast, suppliers

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation import Simulation, simulate
from decai_forecast.simulation.ahead import periods_beyond
from decai_forecast.simulation.network.reach import longest_way
from decai_forecast.simulation.network.supply import FARTHEST
from decai_forecast.simulation.shocks import Scenario, Shock, scenario_of, standard_sweep

WEEKS = Calendar("W", 4)


def found_over(weeks: int, **changes: object) -> Simulation:
    """An item of a supplier one week away, and one of a supplier seven weeks away."""
    forecast = normal_forecast({"near": (100, 30), "far": (100, 30)}, weeks)
    items = pd.concat([with_leads({"near": "Near"}, 7), with_leads({"far": "Overseas"}, 49)])
    given = {"items": items, "stock": None}
    return simulate(forecast, given, Assumptions(), Calendar("W", weeks), **{"seed": 7, "replications": 50} | changes)


def test_a_loss_does_not_end_with_the_forecast() -> None:
    """Over four weeks and over 26 the two suppliers cost the same, and rank the same; what lies beyond is said."""
    short, long = (suppliers(found_over(weeks)).set_index("node") for weeks in (4, 26))
    assert short["lost_units"].to_dict() == pytest.approx(long["lost_units"].to_dict(), rel=0.02)
    assert short.loc["Overseas", "lost_units"] > 0.7 * short.loc["Near", "lost_units"]
    for name in ("tts_p10", "tts_p50", "service_recovery_days"):
        assert short[name].to_dict() == long[name].to_dict()
    beyond = [one.text for one in found_over(4).assumptions if one.name == "Beyond the forecast"]
    assert beyond == ["outages are followed for 12 weeks, until they have been got over; after the 4 weeks of the forecast its "
                      "last 4 weeks repeat"]  # fmt: skip
    assert "Beyond the forecast" not in {one.name for one in found_over(26).assumptions}


def test_what_holds_today_is_told_of_the_forecast_alone() -> None:
    """Looking farther ahead for outages changes nothing of stock, service and stock-outs within the horizon."""
    longer = found_over(4)
    shorter = simulate(
        normal_forecast({"near": (100, 30), "far": (100, 30)}, 4),
        {"items": pd.concat([with_leads({"near": "Near"}, 7), with_leads({"far": "Overseas"}, 49)])},
        Assumptions(supplier_outage_days=1), Calendar("W", 4), seed=7, replications=50,
    )  # fmt: skip
    today = ["demand", "p_stockout", "fill_rate", "expected_lost_units", "order_up_to_level"]
    assert shorter.periods < longer.periods
    pd.testing.assert_frame_equal(longer.series[today], shorter.series[today])
    assert (longer.fill_rate, longer.lost_units) == (shorter.fill_rate, shorter.lost_units)


def test_times_count_from_the_start_of_the_shock() -> None:
    """An outage in three weeks fails as many weeks after its start as one today; one that loses nothing never fails."""

    def down(start: int, days: int) -> pd.Series:
        shock = {"kind": "supplier-down", "node": "Near", "start": start, "length_days": days}
        found = found_over(4, scenario=lambda _network: scenario_of({"name": "x", "shocks": [shock]}))
        return found.exposure.iloc[0]

    now, later = down(0, 28), down(21, 28)
    assert (now["tts_p50"], now["service_recovery_days"]) == (later["tts_p50"], later["service_recovery_days"]) == (1, 35)
    assert later["followed_days"] == now["followed_days"]


def test_the_best_response_never_loses_more_than_todays_way_of_ordering() -> None:
    """Which is a response, too; also where today's loses much anyway."""
    stock = pd.DataFrame({"location_id": "main", "item_id": ["near", "far"], "on_hand": [0.0, 0.0]})
    forecast = normal_forecast({"near": (100, 60), "far": (100, 60)}, 13)
    items = pd.concat([with_leads({"near": "Near"}, 7), with_leads({"far": "Overseas"}, 49)])
    rows = simulate(
        forecast, {"items": items, "stock": stock}, Assumptions(), Calendar("W", 13), seed=1, replications=20
    ).exposure
    assert (rows["pi_lp_units"] <= rows["lost_units"].clip(lower=0) + 1e-9).all()
    assert rows["rei_lp"].max() in (0.0, 1.0)


def test_the_longest_way_is_that_of_each_item() -> None:
    """Through the centre, as late as is to be expected; what lies beyond the horizon is the shock's end and this way."""
    lanes = lanes_of(("V", "dc", 21), ("dc", "s1", 7), ("dc", "s2", 14))
    network = built(demand_of({("s1", "a"): 1.0, ("s2", "a"): 1.0}, WEEKS), WEEKS, lanes=lanes, items=items_of({"a": "V"}))
    assert longest_way(network.groups[0]).tolist() == [5]
    assert periods_beyond(network, standard_sweep(network)) == 4 + 5 + 1 - 4
    assert periods_beyond(network, []) == 2
    slow = Scenario("slow", (Shock("lead-time", "V", 0, 14, 3.0),))
    assert periods_beyond(network, (slow,)) == 2 + 6 + 5 + 1 - 4


def test_nothing_is_simulated_farther_than_three_years_ahead() -> None:
    """A time to recover of a century is cut, and the simulation still ends."""
    network = built(
        demand_of({("s1", "a"): 1.0}, WEEKS),
        WEEKS,
        items=items_of({"a": "V"}),
        assumptions=Assumptions(supplier_outage_days=36_500),
    )
    assert (4 + periods_beyond(network, standard_sweep(network))) * 7 == FARTHEST // 7 * 7
    assert np.isfinite([shock.length for scenario in standard_sweep(network) for shock in scenario.shocks]).all()
