"""What is wrong with a supply network is told with the row it stands in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from supply_networks import built, demand_of, items_of, lanes_of, network_file, stock_of

from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.network import Network
from decai_forecast.simulation.network import read_section
from decai_forecast.simulation.network.levels import with_levels

SHOP = {("s1", "a"): 10.0}
ITEMS = items_of({"a": "V"})
SHARES = ("from_id", "to_id", "lead_time_days", "share")


def receipt(ordered: str, received: str) -> pd.DataFrame:
    days = {"ordered_on": pd.to_datetime([ordered]), "received_on": pd.to_datetime([received])}
    return pd.DataFrame({"order_id": ["1"], "item_id": ["a"], "quantity": [1.0]} | days)


def parts(*pairs: tuple[str, str], quantity: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["item_id", "component_id"]).assign(quantity=quantity)


FAULTS = [
    ({"lanes": lanes_of(("V", "dc", 7), ("dc", "s1", -3))},
     "lanes, row 2: lead_time_days is -3; expected a number of at least 0"),
    ({"lanes": lanes_of(("V", "s1", 7), ("s1", "s1", 3))}, "lanes, row 2: the lane leads from 's1' to itself; delete it"),
    ({"lanes": lanes_of(("V", "s1", 7), ("", "s1", 3))}, "lanes, row 2: from_id is empty; every row needs one"),
    ({"lanes": lanes_of(("V", "s1", "x"))}, "lanes, row 1: lead_time_days is 'x'; expected a number"),
    ({"lanes": lanes_of(("V", "s1", 7), ("V", "s1", 9))},
     "lanes, row 2: the lane from 'V' to 's1' is there twice, first in lanes, row 1; keep one"),
    ({"lanes": lanes_of(("V", "s1", 7, 0.5), ("W", "s1", 7, 0.4), columns=SHARES)},
     "lanes, row 1: the shares of the lanes to 's1' sum to 0.9; expected 1 (V 0.5, W 0.4)"),
    ({"lanes": lanes_of(("V", "s1", 7, 0.8), ("W", "s1", 7, 0.4), ("X", "s1", 7, None), columns=SHARES)},
     "lanes, row 1: the shares of the lanes to 's1' sum to 1.2; expected 1 (V 0.8, W 0.4, X nan)"),
    ({"lanes": lanes_of(("b", "c", 1), ("c", "d", 1), ("d", "b", 1), ("V", "s1", 7))},
     "lanes, row 1: lanes go in a circle, b -> c -> d -> b; delete one of them"),
    ({"lanes": lanes_of(("dc", "s1", 1, "a"), ("s1", "dc", 1, "a"), columns=("from_id", "to_id", "lead_time_days", "item_id"))},
     "lanes, row 2: item 'a' goes in a circle, s1 -> dc -> s1; delete one of these lanes or parts"),
    ({"bill_of_materials": parts(("a", "b"), ("b", "a"))},
     "bill_of_materials, row 2: item 'a' goes in a circle, s1 -> s1/b -> s1; delete one of these lanes or parts"),
    ({"bill_of_materials": parts(("a", "b"), quantity=0.0)},
     "bill_of_materials, row 1: quantity of component 'b' must be more than 0, not 0"),
    ({"locations": pd.DataFrame({"location_id": ["dc"]})},
     "forecast, row 1: demand for item 'a' at 's1', which is not among the locations; add the place there, or correct "
     "location_id in the data set demand"),
    ({"lanes": lanes_of(("V", "s2", 7)), "items": None},
     "nobody supplies item 'a' at 's1': no lane leads there, and the data set items names no vendor; add a lane to it, or the "
     "vendor"),
    ({"items": ITEMS.assign(unit="EA"), "stock": stock_of({("s1", "a"): 1.0}).assign(unit="XCS")},
     "stock, row 1: item 'a' is counted in 'XCS', in items, row 1 in 'EA'; deliver one unit for each item"),
    ({"items": ITEMS.assign(lead_time_days=-1)}, "items, row 1: lead_time_days is -1; expected a number of at least 0"),
    ({"items": ITEMS.drop(columns="item_id")}, "the data set items has no column item_id; it has vendor"),
    ({"receipts": receipt("2025-06-02", "2025-05-30")},
     "receipts, row 1: item 'a' was received on 2025-05-30, before it was ordered on 2025-06-02; correct one of the dates"),
    ({"lanes": lanes_of(("V", "s1", 7)).assign(capacity=0.0)},
     "lanes, row 1: every supplier of item 'a' has capacity 0; state what it can ship"),
]  # fmt: skip


@pytest.mark.parametrize(("data_sets", "said"), FAULTS)
def test_the_whole_message(data_sets: dict[str, pd.DataFrame], said: str) -> None:
    """One fault, one sentence that names its row."""
    with pytest.raises(ConfigError) as error:
        built(demand_of(SHOP), **{"items": ITEMS} | data_sets)
    assert str(error.value) == said


@pytest.mark.parametrize("value", [np.nan, -1.0, np.inf])
def test_a_forecast_is_units_of_at_least_zero(value: float) -> None:
    """The item, the place and the day are named."""
    forecast = demand_of(SHOP)
    forecast.loc[4, "mean"] = value
    with pytest.raises(ConfigError, match=rf"^forecast, item 'a' at 's1' on 2026-02-02: mean is {value:g}; expected units of"):
        built(forecast)


def test_a_forecast_has_every_period_of_every_series() -> None:
    """And at least one series."""
    with pytest.raises(ConfigError, match="expected the same 13 periods for every series"):
        built(demand_of(SHOP | {("s2", "a"): 1.0})[:-1])
    with pytest.raises(NotEnoughData):
        built(demand_of(SHOP)[:0])


def test_levels_are_units() -> None:
    """Whoever makes them."""
    group = built(demand_of(SHOP)).groups[0]
    with pytest.raises(ConfigError, match=r"^levels must be 2 x 1 x periods units of at least 0, not \(2, 1\)$"):
        with_levels(group, lambda g: g.stages.stock, transit_known=True)


SECTION = """supply:
  acme:
    suppliers:
    - {vendor: V, recovery_days: 21, capacity: 100}
    sites:
    - {location_id: dc, recovery_days: 3}
    lanes:
    - {from_id: V, to_id: dc, lead_time_days: 10}
    - {from_id: dc, to_id: s1, lead_time_days: 2, item_id: a}
"""


def test_network_yaml_states_what_was_not_delivered(tmp_path: Path) -> None:
    """Its tables replace the data sets of the same name; only the participant's own part is read."""
    path = network_file(tmp_path, SECTION)
    section = read_section(path, "acme")
    network = built(demand_of({("dc", "a"): 1.0, ("s1", "a"): 10.0}), section=section, lanes=lanes_of(("X", "s1", 1)))
    assert network.groups[0].graph.nodes == ("V", "dc", "s1")
    assert {p.name: (p.recovery_days, p.recovery_assumed) for p in network.places} == {
        "V": (21, False), "dc": (3, False), "s1": (28, True),
    }  # fmt: skip
    assert read_section(path, "other") == {}
    assert Network.load(tmp_path).supply["acme"].suppliers[0].vendor == "V"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("recovery_days: 21", "recovery: 21", "11:19: unknown key 'recovery'; did you mean 'recovery_days'?"),
        ("capacity: 100", "capacity: a lot", "11:48: capacity must be a number of at least 0, not 'a lot'"),
        (
            "    sites:",
            "    plants:",
            "12:5: unknown key 'plants'; did you mean 'lanes'?",
        ),
        ("lead_time_days: 10", "share: 1", "15:7: an entry of lanes needs lead_time_days"),
        (
            "  acme:",
            "  amce:",
            "9:3: supply names 'amce', which is no participant; did you mean 'acme'?; there are acme, other",
        ),
    ],
)
def test_a_fault_in_network_yaml_has_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """File, line and column, and the line itself."""
    path = network_file(tmp_path, SECTION.replace(old, new))
    with pytest.raises(ConfigError) as error:
        read_section(path, "acme")
    assert str(error.value).splitlines()[0] == f"{path}:{said}"


def test_rows_of_network_yaml_are_named_by_their_line(tmp_path: Path) -> None:
    """Where the fault is in what they mean."""
    path = network_file(tmp_path, SECTION.replace("from_id: V, to_id: dc", "from_id: dc, to_id: dc"))
    with pytest.raises(ConfigError) as error:
        built(demand_of(SHOP), section=read_section(path, "acme"))
    assert str(error.value) == f"{path}:15: the lane leads from 'dc' to itself; delete it"


def test_a_place_that_nothing_mentions_is_an_orphan(tmp_path: Path) -> None:
    """A supplier without lanes, named with its line."""
    path = network_file(tmp_path, SECTION.replace("vendor: V,", "vendor: Lonely,"))
    with pytest.raises(ConfigError) as error:
        built(demand_of({("dc", "a"): 1.0, ("s1", "a"): 1.0}), section=read_section(path, "acme"))
    assert str(error.value) == f"{path}:11: no lane and no demand mentions 'Lonely'; add a lane to or from it, or delete it"
