"""What docs/how-to/supply-network.md shows works, down to the simulation."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from supply_networks import WEEKS, built, demand_of, network_file
from support import ROOT

from decai_forecast.simulation.engine.frame import Outcome
from decai_forecast.simulation.engine.vectorised import run
from decai_forecast.simulation.network import Group, SupplyNetwork, read_section
from decai_forecast.simulation.network.reach import sole_items
from decai_forecast.simulation.shocks import Hit, Scenario, Shock, compile_scenario, read_scenario, standard_sweep

BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/how-to/supply-network.md").read_text(), flags=re.DOTALL)


@pytest.fixture
def network(tmp_path: Path) -> SupplyNetwork:
    section = read_section(network_file(tmp_path, BLOCKS[0]), "acme")
    return built(
        demand_of({("shop 1", "gift box"): 10.0, ("shop 2", "gift box"): 5.0, ("shop 1", "tea"): 20.0}), section=section
    )


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    text = BLOCKS[1].replace("2026-12-07", "2026-02-02")
    (path := tmp_path / "scenario.yaml").write_text(text)
    return read_scenario(path)


def mean_run(group: Group, hits: tuple[Hit, ...] = ()) -> Outcome:
    """The mean demand, in one replication."""
    demand = np.repeat(group.stages.throughput[group.graph.demand][:, :, None, None], WEEKS.horizon, axis=2)
    disturbance = hits[0].disturbance if hits else None
    return run(group.graph, group.stages, demand, disturbance, dtype=np.float64)


def test_the_example_is_a_network(network: SupplyNetwork) -> None:
    """A box is made of part 4711 at the distribution centre; both come from two suppliers."""
    assert {place.name for place in network.places} == {"Northern Mills", "Harbour Foods", "dc", "shop 1", "shop 2"}
    assert [group.stages.items for group in network.groups] == [("gift box",), ("tea",)]
    assert network.by_name["Northern Mills"].recovery_days == 42
    assert network.groups[0].graph.components == {"4711"}
    assert sole_items(network, "Harbour Foods") == ()


def test_in_normal_times_all_is_served(network: SupplyNetwork) -> None:
    """At the mean demand."""
    for group in network.groups:
        found = mean_run(group)
        assert found.served.sum() == pytest.approx(found.demand.sum())


def test_the_example_scenario_draws_stock_down(network: SupplyNetwork, scenario: Scenario) -> None:
    """Of both items, through the supplier that ships 30 % of each; demand of the box alone is higher."""
    hits = compile_scenario(scenario, network)
    assert [hit.group for hit in hits] == [0, 1]
    assert hits[0].disturbance.demand.max() == 1.3
    assert hits[1].disturbance.demand.max() == 1
    base, down = mean_run(network.groups[1]), mean_run(network.groups[1], hits[1:])
    assert down.on_hand.sum() < base.on_hand.sum()


def test_every_outage_of_the_sweep_can_be_simulated(network: SupplyNetwork) -> None:
    """A site that is down serves nobody while it is; no outage serves more."""
    base = [mean_run(group).served.sum() for group in network.groups]
    for found in standard_sweep(network):
        for hit in compile_scenario(found, network):
            assert mean_run(network.groups[hit.group], (hit,)).served.sum() <= base[hit.group] + 1e-9
    (hit,) = compile_scenario(Scenario("shop", (Shock("site-down", "shop 2", 0, 14),)), network)
    assert mean_run(network.groups[0], (hit,)).node_served[1, :2].tolist() == [0, 0]
