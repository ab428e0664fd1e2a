"""Scenarios: what they say, what they do to the arrays, and what is wrong with them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from supply_networks import DAYS, built, demand_of, items_of, lanes_of

from decai_forecast.errors import ConfigError
from decai_forecast.shock_kinds import KINDS, ShockKind
from decai_forecast.simulation.network import SupplyNetwork
from decai_forecast.simulation.shocks import (
    Scenario,
    Shock,
    check,
    compile_scenario,
    read_scenario,
    scenario_of,
    standard_sweep,
)

FILE = """name: Port strike
probability: 0.05
shocks:
- {kind: supplier-down, node: V, start: 2026-01-08, length_days: 3}
- {kind: demand, factor: 1.5, items: [a]}
"""


def chain() -> SupplyNetwork:
    """V ships a and b to a distribution centre, which ships to two shops; W ships c to one of them; ten days."""
    demand = {("s1", "a"): 1.0, ("s2", "a"): 1.0, ("s1", "b"): 1.0, ("s1", "c"): 1.0}
    lanes = lanes_of(("V", "dc", 4, "*"), ("dc", "s1", 1, "*"), ("dc", "s2", 1, "*"), ("W", "s1", 2, "c"),
                     columns=("from_id", "to_id", "lead_time_days", "item_id"))  # fmt: skip
    return built(demand_of(demand, DAYS), DAYS, lanes=lanes, items=items_of({"a": "V", "b": "V", "c": "W"}))


def one(*shocks: Shock) -> Scenario:
    return Scenario("test", shocks)


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Dates and days, factors, items; each shock knows its line."""
    (path := tmp_path / "strike.yaml").write_text(FILE)
    found = read_scenario(path)
    assert (found.name, found.probability) == ("Port strike", 0.05)
    assert found.shocks == (
        Shock("supplier-down", "V", date(2026, 1, 8), 3), Shock("demand", "", 0, None, 1.5, ("a",)),
    )  # fmt: skip
    assert [shock.where for shock in found.shocks] == [f"{path}:4", f"{path}:5"]


def test_every_kind_has_its_record() -> None:
    """What happens, the range of its factor, and what it can hit; in the order of the form."""
    assert list(KINDS) == list(ShockKind)


def test_a_supplier_that_is_down_ships_nothing() -> None:
    """From its first to its last day, for the items it ships; nobody else is hit."""
    (hit,) = compile_scenario(one(Shock("supplier-down", "V", date(2026, 1, 8), 3)), chain())
    network = chain()
    assert network.groups[hit.group].stages.items == ("a", "b")
    assert hit.items.tolist() == [0, 1]
    down = np.zeros((10, 4))
    down[3:6, 0] = 1
    assert np.array_equal(hit.disturbance.shipping, np.where(down, 0.0, np.inf))
    assert hit.disturbance.ordering.all()
    assert (hit.disturbance.demand == 1).all()


def test_a_site_that_is_down_neither_ships_nor_orders() -> None:
    """To the end of the horizon where no length is given."""
    (hit,) = compile_scenario(one(Shock("site-down", "dc", 8)), chain())
    dc = 1
    assert hit.disturbance.ordering[:, dc].tolist() == [True] * 8 + [False] * 2
    assert hit.disturbance.shipping[8:, dc].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("shock", "field", "value"),
    [
        (Shock("capacity", "V", 0, 1, 0.3), "shipping", 0.3),
        (Shock("lead-time", "V", 0, 1, 2.5), "lead", 6),
        (Shock("demand", "s1", 0, 1, 2.0), "demand", 2.0),
        (Shock("order-pause", "s1", 0, 1), "ordering", False),
        (Shock("ship-pause", "dc", 0, 1), "shipping", 0.0),
    ],
)
def test_each_kind_is_one_array(shock: Shock, field: str, value: float) -> None:
    """The lead time of four days times 2.5 is six days more."""
    network = chain()
    hit = compile_scenario(one(shock), network)[0]
    node = network.groups[hit.group].graph.nodes.index(shock.node)
    assert getattr(hit.disturbance, field)[0, node] == value
    assert getattr(hit.disturbance, field)[1, node] != value


def test_shocks_that_overlap_add_up() -> None:
    """The least capacity, the product of demand, the sum of delays."""
    shocks = [Shock("capacity", "V", 0, 5, 0.5), Shock("capacity", "V", 0, 9, 0.8), Shock("demand", "s1", 0, 5, 2.0)]
    shocks += [Shock("demand", "", 0, 5, 1.5), Shock("lead-time", "V", 0, 5, 2.0), Shock("lead-time", "V", 0, 5, 1.5)]
    hit = compile_scenario(one(*shocks), chain())[0].disturbance
    assert hit.shipping[[0, 6], 0].tolist() == [0.5, 0.8]
    assert hit.demand[0].tolist() == [1, 1, 3, 1.5]
    assert hit.lead[0, 0] == 6


def test_items_that_are_not_named_are_not_hit() -> None:
    """Items hit in different ways are told apart."""
    shocks = (Shock("supplier-down", "V", 0, 2, items=("b",)), Shock("demand", "s2", 0, 2, 2.0))
    hits = compile_scenario(one(*shocks), chain())
    assert [hit.items.tolist() for hit in hits] == [[0], [1]]
    assert hits[0].disturbance.shipping.min() == np.inf
    assert hits[1].disturbance.demand.max() == 1


def test_a_period_that_is_touched_is_hit_as_a_whole() -> None:
    """Days 10 to 15 of a calendar of weeks are the second and the third week."""
    network = built(demand_of({("s1", "a"): 1.0}), items=items_of({"a": "V"}))
    (hit,) = compile_scenario(one(Shock("supplier-down", "V", 10, 5)), network)
    assert np.flatnonzero(hit.disturbance.shipping[:, 0] == 0).tolist() == [1, 2]
    (before,) = compile_scenario(one(Shock("supplier-down", "V", date(2026, 1, 1), 5)), network)
    assert np.flatnonzero(before.disturbance.shipping[:, 0] == 0).tolist() == [0]


def test_the_standard_sweep_takes_every_place_down_once() -> None:
    """For its time to recover."""
    found = standard_sweep(chain())
    assert [(s.name, s.shocks[0].kind) for s in found] == [
        ("V down", "supplier-down"), ("W down", "supplier-down"), ("dc down", "site-down"), ("s1 down", "site-down"),
        ("s2 down", "site-down"),
    ]  # fmt: skip
    assert {shock.length for scenario in found for shock in scenario.shocks} == {28}


FAULTS = [
    (Shock("supplier-down", "dc"), "'dc' is a site; a shock of kind supplier-down hits only suppliers"),
    (Shock("order-pause", "V"), "'V' is a supplier; a shock of kind order-pause hits only sites"),
    (Shock("site-down", "s3"), "no site or supplier 's3'; there are 5 places: V, W, dc, s1, s2"),
    (Shock("site-down", "s1", where="x.yaml:4", items=("z",)), "x.yaml:4: no item 'z' in the network"),
    (Shock("site-down", "s1", 10), "the shock lies outside the 10 periods from 2026-01-05; move its start"),
    (Shock("site-down", "s1", date(2025, 1, 1), 9), "the shock lies outside the 10 periods from 2026-01-05; move its start"),
    (Shock("demand", "dc", factor=2), "nobody buys at 'dc'; a shock of demand needs a site with customers, or no node"),
]


@pytest.mark.parametrize(("shock", "said"), FAULTS)
def test_a_shock_that_cannot_happen_is_told(shock: Shock, said: str) -> None:
    """With its place in the file, where it came from one."""
    with pytest.raises(ConfigError) as error:
        check(one(shock), chain())
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: supplier-down", "kind: suplier-down",
         "4:10: kind must be one of site-down, supplier-down, capacity, lead-time, demand, order-pause, ship-pause, not "
         "'suplier-down'; did you mean 'supplier-down'?"),
        ("factor: 1.5", "factor: 150", "5:26: factor is 150; a shock of kind demand needs a number from 0 to 100"),
        ("length_days: 3", "factor: 0.5", "4:61: a shock of kind supplier-down has no factor; delete it, or use capacity"),
        ("start: 2026-01-08", "start: soon",
         "4:41: start must be a date such as 2026-12-07, or days after the forecast's first day, not 'soon'"),
        ("node: V, ", "", "4:3: a shock of kind supplier-down needs node, the name of a site or supplier"),
        ("length_days: 3", "length_days: 0", "4:66: length_days must be a whole number from 1 to 36,500, not 0"),
        ("probability: 0.05", "chance: 0.05", "2:1: unknown key 'chance'; known are name, probability, shocks"),
        ("0.05", "5", "2:14: probability must be a number from 0 to 1, not 5"),
        ("kind: demand", "kind: demand, kind: demand", "5:18: key 'kind' is there twice (first in line 5); keep one of them"),
        (FILE, "- 1\n", "1:1: expected a scenario (a mapping with name and shocks)"),
    ],
)  # fmt: skip
def test_a_fault_in_a_file_has_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """File, line and column."""
    (path := tmp_path / "strike.yaml").write_text(FILE.replace(old, new))
    with pytest.raises(ConfigError) as error:
        read_scenario(path)
    assert str(error.value).splitlines()[0] == f"{path}:{said}"


def test_a_form_is_read_like_a_file() -> None:
    """Its faults name the key."""
    form = {"name": "what if", "shocks": [{"kind": "capacity", "node": "V", "start": "2026-01-08", "factor": 0.5}]}
    assert scenario_of(form).shocks == (Shock("capacity", "V", date(2026, 1, 8), None, 0.5),)
    with pytest.raises(ConfigError) as error:
        scenario_of({"name": "what if", "shocks": [{"kind": "capacity", "node": "V"}]})
    assert str(error.value) == "shocks.0.factor: factor is nothing; a shock of kind capacity needs a number from 0 to 1"
