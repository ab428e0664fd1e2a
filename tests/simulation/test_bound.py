"""No policy loses less than the best response: the linear program against the simulation on random networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from supply_networks import built, demand_of, stock_of

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.best_response import best_response
from decai_forecast.simulation.engine.drive import Policy, sweep
from decai_forecast.simulation.engine.frame import Samples
from decai_forecast.simulation.network import Group, SupplyNetwork
from decai_forecast.simulation.network.graph import Ints
from decai_forecast.simulation.network.reach import outside_demand
from decai_forecast.simulation.shocks import compile_scenario, standard_sweep

TWELVE = Calendar("D", 12)
TTR = 5


def random_network(seed: int) -> SupplyNetwork:
    """Up to four suppliers with limits, two centres, four shops, three items of which one is assembled; TTR of 5 days."""
    rng = np.random.default_rng(seed)
    sold = {(f"s{k}", item): float(rng.integers(1, 9)) for k in range(4) for item in "abk" if rng.random() < 0.8}
    centre = [f"dc{rng.integers(2)}" for _ in range(4)]
    origins = [(f"V{v}", f"dc{c}") for v in range(4) for c in range(2) if rng.random() < 0.6 or v == c]
    lanes = pd.DataFrame([*origins, *((centre[k], f"s{k}") for k in range(4))], columns=["from_id", "to_id"])
    lanes["lead_time_days"] = rng.integers(1, 4, len(lanes))
    vendors = [(item, f"V{v}") for item in ("a", "b", "c1", "c2") for v in (0, 1, *rng.integers(0, 4, 1))]
    stock = {
        (place, item): float(rng.integers(0, 8))
        for place in ("dc0", "dc1", "s0", "s1", "s2", "s3")
        for item in ("a", "b", "k", "c1")
    }
    limits = pd.DataFrame({"vendor": ["V0", "V1"], "capacity": rng.uniform(5, 60, 2), "where": "here"})
    return built(
        demand_of(sold or {("s0", "a"): 1.0}, TWELVE), TWELVE, lanes=lanes, stock=stock_of(stock),
        items=pd.DataFrame(vendors, columns=["item_id", "vendor"]).drop_duplicates(),
        bill_of_materials=pd.DataFrame({"item_id": ["k", "k"], "component_id": ["c1", "c2"], "quantity": [2.0, 1.0]}),
        section={"suppliers": limits}, assumptions=Assumptions(supplier_outage_days=TTR),
    )  # fmt: skip


def lost(network: SupplyNetwork, days: int) -> dict[str, float]:
    """Units that today's policy loses in the first ``days``, per place that is down, at the mean demand."""

    def draw(group: Group, items: Ints, replications: range) -> Samples:
        return np.tile(outside_demand(group)[:, items, None, None], (1, 1, TWELVE.horizon, len(replications)))

    scenarios = standard_sweep(network)
    hits = [compile_scenario(scenario, network) for scenario in scenarios]
    found = sweep(network.groups, draw, hits, 1, periods=TWELVE.horizon, seed=0, policy=Policy(backorder=False))
    units = [sum(float((o.node_demand - o.node_served)[:, :days].sum()) for o in of) for of in found.scenarios]
    return {scenario.shocks[0].node: loss for scenario, loss in zip(scenarios, units, strict=True)}


@pytest.mark.parametrize("seed", [10, 12])
def test_no_policy_loses_less(seed: int) -> None:
    """Whatever is down: the policy's losses while it is are at least the impact, which leaves out what is lost anyway."""
    network = random_network(seed)
    impact = best_response(network).set_index("node")
    policy = lost(network, TTR)
    assert all(policy[name] >= impact.loc[name, "pi_lp_units"] - 1e-3 for name in policy)
    assert sum(impact["pi_lp_units"]) > 0
    assert (impact["rei_lp"].max(), impact["rei_lp"].min() >= 0) == (1, True)


@pytest.mark.parametrize("seed", [9, 12, 15])
def test_what_outlasts_the_outage_loses_nothing(seed: int) -> None:
    """A time to survive beyond the time to recover means no impact, and the other way round."""
    found = best_response(random_network(seed))
    survives = found["tts_lp_days"].fillna(np.inf) >= TTR - 1e-6
    assert ((found["pi_lp_units"] < 1e-6) == survives).all()
