"""The 43-node network of stockpyl 1.0.2 (index allocation), whose costs and inventory levels lie in net43.npz."""

from pathlib import Path

import numpy as np
import pytest
from simulation.engine.networks import net43, net43_demand, undisturbed

WANTED = np.load(Path(__file__).with_name("net43.npz"))


@pytest.mark.parametrize(("dtype", "relative"), [(np.float64, 1e-9), (np.float32, 1e-6)])
@pytest.mark.parametrize(("case", "cost"), [(0, 227_561.5), (1, 348_351.9)], ids=["normal", "disrupted"])
def test_cost_and_all_inventory_levels_are_stockpyls(run, case, cost, dtype, relative):
    """43 nodes x 100 periods, undisturbed and with a supplier that cannot order in periods 30 to 44."""
    graph, stages = net43()
    disturbance, trace = undisturbed(graph, 100), np.empty((44, 1, 100, 1), dtype)
    disturbance.ordering[30:45, 1] = not case
    found = run(graph, stages, net43_demand(100, 1), disturbance, allocation="index", trace=trace, dtype=dtype)
    assert found.cost[0] == pytest.approx(WANTED["cost"][case], rel=relative) == pytest.approx(cost, rel=1e-7)
    assert np.allclose(trace[1:, 0, :, 0].T, WANTED["levels"][case], rtol=relative, atol=1e-9)
