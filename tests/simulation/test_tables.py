"""What the tables say of networks of more than one echelon: shares, suppliers, ripple, levels, what-ifs."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from supply_networks import DAYS, built, demand_of, lanes_of
from worlds import WEEKS, normal_forecast, run

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation import Simulation, simulate
from decai_forecast.simulation.network.reach import share_through
from decai_forecast.simulation.shocks import scenario_of

CHAIN = lanes_of(("V", "centre", 14), ("centre", "s1", 7), ("centre", "s2", 7), ("centre", "s3", 7))


def two_echelons(**changes: object) -> Simulation:
    """Two items through a centre to two shops; a third shop is forecast to sell nothing."""
    shops = {"s1": {"x": (40, 8), "y": (20, 4)}, "s2": {"x": (20, 2)}, "s3": {"y": (0, 0)}}
    forecast = pd.concat([normal_forecast(items, location=shop) for shop, items in shops.items()])
    return run(forecast, lanes=CHAIN, replications=20, **changes)


def assembled(quantity: float = 2.0) -> Simulation:
    """A plant sells what it makes of two components of two suppliers."""
    bill = pd.DataFrame({"item_id": "k", "component_id": ["c1", "c2"], "quantity": [quantity, 1.0], "lead_time_days": 7.0})
    items = pd.DataFrame({"item_id": ["c1", "c2"], "vendor": ["V", "W"], "lead_time_days": 14.0})
    stock = pd.DataFrame({"location_id": ["plant"], "item_id": ["k"], "on_hand": [10.0]})
    orders = pd.DataFrame(
        {
            "location_id": "plant", "item_id": ["c1", "c2"], "vendor": ["V", "W"], "quantity": [12 * quantity, 12.0],
            "expected_on": pd.Timestamp("2026-01-12"),
        }
    )  # fmt: skip
    given = {"bill_of_materials": bill, "items": items, "stock": stock, "open_orders": orders}
    return simulate(normal_forecast({"k": (40, 8)}, location="plant"), given, Assumptions(), WEEKS, seed=1, replications=20)


@cache
def usual() -> Simulation:
    """Two echelons without changes, simulated once; nobody writes into it."""
    return two_echelons()


@cache
def usual_assembly() -> Simulation:
    """The same of the plant."""
    return assembled()


def test_shares_are_of_what_customers_buy() -> None:
    """All goes through the centre, what each shop sells through the shop, and nothing through one that sells nothing."""
    share = usual().exposure.set_index("node")["share"]
    assert share.to_dict() == pytest.approx({"V": 1, "centre": 1, "s1": 0.75, "s2": 0.25, "s3": 0})


def test_a_place_that_makes_its_parts_has_all_of_its_sales_and_not_more() -> None:
    """Components are no volume of their own; suppliers share what they ship, 2 : 1."""
    share = usual_assembly().exposure.set_index("node")["share"]
    assert share.to_dict() == pytest.approx({"plant": 1, "V": 2 / 3, "W": 1 / 3})


def test_a_share_counts_each_way_once() -> None:
    """Half of what the shop sells comes through either centre."""
    lanes = lanes_of(("V", "c1", 1), ("V", "c2", 1), ("c1", "s", 1), ("c2", "s", 1))
    group = built(demand_of({("s", "x"): 10}, DAYS), DAYS, lanes=lanes).groups[0]
    assert {name: share_through(group, name).item() for name in ("V", "c1", "c2", "s")} == {
        "V": 1,
        "c1": 0.5,
        "c2": 0.5,
        "s": 1,
    }


def test_the_worst_case_is_one_that_others_feel() -> None:
    """A place that only makes and sells is its own trouble; the centre and the suppliers feed others."""
    assert usual().worst_node == "centre"
    assert usual_assembly().worst_node in ("V", "W")


def test_a_series_names_a_supplier_that_supplies_it() -> None:
    """Each shop has a supplier of its own and stock that outlasts any outage: still none is told for the other's."""
    forecast = pd.concat([normal_forecast({"x": (40, 8)}, location=shop) for shop in ("s1", "s2")])
    stock = pd.DataFrame({"location_id": ["s1", "s2"], "item_id": "x", "on_hand": 1e6})
    found = run(forecast, lanes=lanes_of(("A", "s1", 7), ("B", "s2", 7)), stock=stock, replications=5).series
    assert found[["location_id", "vendor", "down_lost_units"]].to_numpy().tolist() == [["s1", "A", 0.0], ["s2", "B", 0.0]]


def test_an_outage_above_reaches_all_shops_and_that_of_a_shop_none() -> None:
    """Ripple; a shop without demand has nothing to lose, and no number."""
    loss = usual().ripple.pivot(index="disrupted", columns="affected", values="loss")
    assert (loss.loc[["V", "centre"], ["s1", "s2"]] > 0.1).all(axis=None)
    assert (loss.loc[["s1", "s2"], ["s1", "s2"]].to_numpy()[[0, 1], [1, 0]] < 1e-6).all()
    assert loss["s3"].isna().all()


def test_orders_swing_more_from_echelon_to_echelon() -> None:
    """Each echelon is counted with its sites, the shops first."""
    found = usual().bullwhip
    assert found["nodes"].tolist() == [3, 1]
    assert found["ratio"].is_monotonic_increasing


def test_an_item_sold_at_several_sites_has_a_row_for_each() -> None:
    """Rows of series are the pairs that were forecast, targets those with demand and the centre's; all that is sold is in the
    service of the company."""
    found = usual()
    pairs = list(found.series[["location_id", "item_id"]].itertuples(index=False, name=None))
    assert pairs == [("s1", "x"), ("s1", "y"), ("s2", "x"), ("s3", "y")]
    targets = list(found.targets[["location_id", "item_id"]].itertuples(index=False, name=None))
    assert targets == [("centre", "x"), ("centre", "y"), *pairs[:3]]
    assert found.series["demand"].sum() == pytest.approx(found.service["demand_mean"].sum())


def test_parts_on_order_are_not_yet_on_order_at_the_plant() -> None:
    """What a plant has on hand and on order is what it makes; open orders of its components are those of the components,
    however many units a set is."""
    one, other = (assembled(quantity).targets["position"].item() for quantity in (1.0, 2.0))
    assert (one, other) == (10.0, 10.0)


def test_what_is_supplied_within_the_period_is_served() -> None:
    """A lead time of 0 days needs no stock, and loses nothing."""
    found = run(normal_forecast({"x": (40, 8)}), items=pd.DataFrame({"item_id": ["x"], "vendor": "A", "lead_time_days": 0.0}))
    assert (found.fill_rate, found.series["order_up_to_level"].item()) == (1, 0)


def test_a_scenario_of_several_shocks_is_no_place() -> None:
    """Also where it has the name of one."""
    shocks = [{"kind": "ship-pause", "node": "V", "length_days": 21}, {"kind": "demand", "factor": 1.5, "length_days": 28}]
    found = two_echelons(scenario=lambda _network: scenario_of({"name": "V", "shocks": shocks}))
    row = found.exposure.iloc[0]
    assert (row["node"], row["kind"], row["node_ttr_days"]) == ("V", "scenario", 28)
    assert np.isnan(row["share"])
    assert (found.scenario, row["lost_units"] > 100) == ("V", True)


def test_a_site_of_the_name_all_is_a_site_like_others() -> None:
    """Where demand is told by location; alone it stands for all sites, which are never down together."""
    items = {"x": (40, 8)}
    several = pd.concat([normal_forecast(items, location=shop) for shop in ("all", "s1")])
    assert set(run(several, replications=5).exposure["node"]) == {"all", "s1", "unknown"}
    alone = run(normal_forecast(items, location="all"), replications=5)
    assert set(alone.exposure["node"]) == {"unknown"}
    assert [one.name for one in alone.assumptions].count("Sites") == 1


def test_projected_days_of_supply_are_those_of_the_series_asked_for() -> None:
    """Of every pair that was forecast, whatever group it is in, one row per period but the last; months are 30 days."""
    found = usual()
    counts = found.dos_path.groupby(["location_id", "item_id"]).size()
    assert counts.to_dict() == {("s1", "x"): 12, ("s1", "y"): 12, ("s2", "x"): 12, ("s3", "y"): 12}
    forecast = normal_forecast({"a": (40, 0), "b": (20, 0)}).query("date <= '2026-01-12'")
    dates = pd.to_datetime(forecast["date"]).map(
        {pd.Timestamp("2026-01-05"): "2026-01-01", pd.Timestamp("2026-01-12"): "2026-02-01"}
    )
    stock = pd.DataFrame({"location_id": "main", "item_id": ["a", "b"], "on_hand": [60.0, 30.0]})
    given = {"stock": stock, "items": pd.DataFrame({"item_id": ["a", "b"], "vendor": ["A", "B"], "lead_time_days": 90.0})}
    months = simulate(
        forecast.assign(date=pd.to_datetime(dates)), given, Assumptions(), Calendar("M", 2), seed=1, replications=5
    )
    assert months.series["days_of_supply"].tolist() == pytest.approx([1.5 * months.period_days] * 2)
    assert months.dos_path["date"].tolist() == ["2026-01-01"] * 2
