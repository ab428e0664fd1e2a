"""A supply network is what was delivered, and says what was not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from supply_networks import DAYS, built, demand_of, items_of, lanes_of, stock_of

from decai_forecast.network import Assumptions
from decai_forecast.simulation.network import Assumption
from decai_forecast.simulation.network.reach import items_through, sole_items, supplier_shares

TWO_SHOPS = {("s1", "a"): 10.0, ("s2", "a"): 20.0}


def kit() -> dict[str, pd.DataFrame]:
    """A plant makes a kit of two parts, which come from W and X, and ships it through a distribution centre."""
    return {
        "items": items_of({"kit": "", "c1": "W", "c2": "X"}),
        "lanes": lanes_of(("W", "plant", 7), ("X", "plant", 14), ("plant", "dc", 7), ("dc", "s1", 7)),
        "bill_of_materials": pd.DataFrame({"item_id": ["kit"] * 2, "component_id": ["c1", "c2"], "quantity": [2.0, 1.0]}),
    }


def test_vendors_that_ship_to_shops_are_the_simple_case() -> None:
    """Without lanes: each vendor a source, each location a stage; items of one vendor are one group."""
    forecast = demand_of(TWO_SHOPS | {("s1", "b"): 5.0, ("s1", "c"): 5.0})
    network = built(forecast, items=items_of({"a": "V", "b": "V", "c": "W"}))
    assert [group.stages.items for group in network.groups] == [("a", "b"), ("c",)]
    first = network.groups[0]
    assert first.graph.nodes == ("V", "s1", "s2")
    assert first.graph.source.tolist() == [True, False, False]
    assert first.stages.throughput.tolist() == [[30, 5], [10, 5], [20, 0]]


def test_a_vendor_split_is_even_and_told() -> None:
    """Two vendors of an item share its orders."""
    items = pd.DataFrame({"item_id": ["a", "a"], "vendor": ["V", "W"]})
    network = built(demand_of(TWO_SHOPS), items=items)
    assert network.groups[0].stages.share.tolist() == [[0.5]] * 4
    assert (
        Assumption("Suppliers", "several were delivered for 1 items: their orders are split evenly", True)
        in network.assumptions
    )


def test_nothing_but_a_forecast_is_a_network_of_assumptions() -> None:
    """One unknown supplier, the assumed lead time, what the level leaves on the shelf; every line says so."""
    network = built(demand_of(TWO_SHOPS))
    group = network.groups[0]
    assert group.graph.nodes == ("unknown", "s1", "s2")
    assert group.stages.lead.tolist() == [[2], [2]]
    assert group.stages.stock[1:, 0].tolist() == [30 - 20, 60 - 40]
    assert [a.name for a in network.assumptions if a.assumed] == [
        "Opening stock", "Goods in transit", "Lead times", "Suppliers", "Time to recover", "Capacity", "Costs",
    ]  # fmt: skip


def test_a_kit_is_made_where_no_other_site_sends_it() -> None:
    """Components are nodes of their own at the plant; what flows is multiplied by the bill of material."""
    network = built(demand_of({("s1", "kit"): 10.0}), **kit())
    graph, stages = network.groups[0].graph, network.groups[0].stages
    assert graph.nodes == ("W", "X", "plant/c1", "plant/c2", "plant", "dc", "s1")
    assert graph.places[2:5] == ("plant",) * 3
    assert stages.quantity[:, 0].tolist() == [1, 1, 2, 1, 1, 1]
    assert stages.throughput[:, 0].tolist() == [20, 10, 20, 10, 10, 10, 10]
    assert stages.lead[:, 0].tolist() == [1, 2, 0, 0, 1, 1]
    assert graph.components == {"c1", "c2"}


def test_stock_of_a_component_is_divided_among_what_is_made_of_it() -> None:
    """By need: the kit takes 20 of 25 a week."""
    tables = kit()
    more = pd.DataFrame({"item_id": ["box"], "component_id": ["c1"], "quantity": [1.0]})
    tables["bill_of_materials"] = pd.concat([tables["bill_of_materials"], more])
    forecast = demand_of({("s1", "kit"): 10.0, ("s1", "box"): 5.0})
    network = built(forecast, stock=stock_of({("plant", "c1"): 100.0}), **tables)
    found = {g.stages.items[0]: g.stages.stock[g.graph.nodes.index("plant/c1"), 0] for g in network.groups}
    assert found == pytest.approx({"kit": 80, "box": 20})


def test_a_lane_for_all_items_brings_what_its_supplier_sells() -> None:
    """Two suppliers ship to one distribution centre; each item comes from its own."""
    lanes = lanes_of(("V", "dc", 7), ("W", "dc", 14), ("dc", "s1", 7))
    network = built(demand_of({("s1", "a"): 1.0, ("s1", "b"): 1.0}), lanes=lanes, items=items_of({"a": "V", "b": "W"}))
    assert [group.graph.nodes for group in network.groups] == [("V", "dc", "s1"), ("W", "dc", "s1")]


def test_a_supplier_with_the_name_of_a_site_is_told_apart() -> None:
    """Both are in the network."""
    assert built(demand_of(TWO_SHOPS), items=items_of({"a": "s1"})).groups[0].graph.nodes == ("s1 (supplier)", "s1", "s2")


def test_stock_is_the_newest_and_never_negative() -> None:
    """One row per day; what was booked out before it came in counts as none."""
    stock = pd.concat([stock_of({("s1", "a"): 7.0}), stock_of({("s1", "a"): 9.0, ("s2", "a"): -3.0})])
    stock["date"] = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-02"])
    network = built(demand_of(TWO_SHOPS), stock=stock)
    assert network.groups[0].stages.stock[1:, 0].tolist() == [9, 0]


def test_open_orders_arrive_when_they_are_expected() -> None:
    """Overdue ones in the first period; those beyond the horizon are on their way all the time; without a location by need."""
    orders = pd.DataFrame({"order_id": ["1", "2", "3"], "item_id": "a", "quantity": [30.0, 5.0, 99.0]})
    orders["expected_on"] = pd.to_datetime(["2026-01-21", "2025-12-24", "2027-01-01"])
    orders["location_id"] = ["", "s1", "s1"]
    network = built(demand_of(TWO_SHOPS), open_orders=orders)
    transit = network.groups[0].stages.transit
    assert transit[:, 0, 2].tolist() == [10, 20]
    assert transit[:, 0, 0].tolist() == [5, 0]
    assert transit[:, 0, : network.periods].sum() == 35
    assert transit.sum() == 35 + 99
    assert (
        Assumption("Goods in transit", "open orders that are overdue arrive in the first period: 1", True)
        in network.assumptions
    )


def test_unknown_goods_in_transit_are_the_steady_state() -> None:
    """What stock lacks to the level, at most the demand of the lead time, spread over it."""
    network = built(demand_of(TWO_SHOPS), stock=stock_of({("s1", "a"): 20.0, ("s2", "a"): 0.0}))
    assert network.groups[0].stages.transit[:, 0, :3].tolist() == [[5, 5, 0], [20, 20, 0]]


def test_lead_times_are_those_of_receipts_where_there_are_enough() -> None:
    """Ten receipts of the vendor: the shortest, and how often it took longer."""
    days = [7] * 6 + [13] * 3 + [22]
    receipts = pd.DataFrame({"order_id": range(10), "item_id": "a", "quantity": 1.0, "ordered_on": pd.Timestamp("2025-06-02")})
    receipts["received_on"] = receipts["ordered_on"] + pd.to_timedelta(days, unit="D")
    stages = built(demand_of(TWO_SHOPS), items=items_of({"a": "V"}), receipts=receipts).groups[0].stages
    assert stages.lead.tolist() == [[1], [1]]
    assert stages.lead_late is not None
    assert stages.lead_late[0, 0] == pytest.approx([0.6, 0.3, 0, 0.1])
    few = built(demand_of(TWO_SHOPS), items=items_of({"a": "V"}), receipts=receipts[1:]).groups[0].stages
    assert few.lead_late is None
    assert few.lead.tolist() == [[2], [2]]


def test_costs_are_money_where_they_were_delivered() -> None:
    """20 % of the unit cost a year; an item without a cost has the median; margins need a price."""
    items = items_of({"a": "V", "b": "V", "c": "V"}, unit_cost=[10.0, 30.0, None])
    prices = pd.DataFrame(
        {"item_id": ["a", "a"], "price": [12.0, 14.0], "valid_from": pd.to_datetime(["2025-01-01", "2025-06-01"])}
    )
    forecast = demand_of({("s1", item): 1.0 for item in "abc"}, DAYS)
    network = built(forecast, DAYS, items=items, prices=prices, assumptions=Assumptions(shortage_cost=19.0))
    stages = network.groups[0].stages
    assert network.money
    assert stages.holding[1] * 365 == pytest.approx([2, 6, 4])
    assert stages.shortage[1, 0] == pytest.approx(14 - 10)  # the margin
    assert (stages.shortage[1] / stages.holding[1])[1:] == pytest.approx([19 * 15] * 2)  # 14 days of lead time and a review
    assert stages.value[1, 0] == 4
    assert np.isnan(stages.value[1, 1:]).all()


def test_capacity_is_divided_by_need() -> None:
    """Units a day of a place, for all its items."""
    section = {"suppliers": pd.DataFrame({"vendor": ["V"], "capacity": [6.0], "where": ["here"]})}
    network = built(demand_of({("s1", "a"): 10.0, ("s1", "b"): 20.0}), items=items_of({"a": "V", "b": "V"}), section=section)
    assert network.groups[0].stages.capacity[0].tolist() == [14, 28]
    assert network.by_name["V"].capacity == 42


def test_who_depends_on_whom() -> None:
    """A second supplier makes the first one's items safe; a kit depends on the supplier of each part."""
    items = pd.DataFrame({"item_id": ["a", "a", "b"], "vendor": ["V", "W", "W"]})
    network = built(demand_of({("s1", "a"): 3.0, ("s1", "b"): 1.0}), items=items)
    assert items_through(network, "W") == ("a", "b")
    assert sole_items(network, "W") == ("b",)
    assert sole_items(network, "V") == ()
    names, suppliers, shares = supplier_shares(network)
    assert (names, suppliers, shares.tolist()) == (("a", "b"), ("V", "W"), [[0.5, 0.5], [0, 1]])
    assert sole_items(built(demand_of({("s1", "kit"): 1.0}), **kit()), "X") == ("kit",)


def test_the_network_does_not_depend_on_the_order_of_rows() -> None:
    """Shuffled inputs, equal arrays."""
    series = {(f"s{k % 3}", f"i{k % 5}"): float(k + 1) for k in range(15)}
    items = items_of({f"i{k}": f"V{k % 2}" for k in range(5)})
    forecast = demand_of(series)
    one, other = (built(forecast.sample(frac=1, random_state=k), items=items.sample(frac=1, random_state=k)) for k in (1, 2))
    assert [g.graph.nodes for g in one.groups] == [g.graph.nodes for g in other.groups]
    assert all((a.stages.level == b.stages.level).all() for a, b in zip(one.groups, other.groups, strict=True))
    assert one.assumptions == other.assumptions
