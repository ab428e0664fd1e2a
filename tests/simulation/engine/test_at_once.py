"""Lead times of no whole period: what is ordered arrives in time for the customers it was ordered for."""

import numpy as np
import pytest
from simulation.engine.networks import graph, stages


@pytest.mark.parametrize("backorder", [True, False])
def test_what_arrives_at_once_is_ordered_for_today(run, backorder):
    """A shop without stock, supplied within the period, serves everybody: nothing is given up before it was ordered."""
    of = graph(2, [0], [(0, 1, 0)], [1])
    found = run(of, stages(of, lead=[0]), np.full((1, 1, 6, 4), 5.0), backorder=backorder)
    assert found.served.tolist() == found.demand.tolist() == [[5.0 * 6 * 4]]


def test_what_is_made_at_once_still_waits_for_its_parts(run):
    """Made of a part at hand and one that takes two periods: the first two periods are lost, and not ordered again."""
    of = graph(3, [0, 1], [(0, 2, 0), (1, 2, 1)], [2])
    found = run(of, stages(of, lead=[0, 2], stock=[0, 0, 0], level=np.array([0, 0, 10.0])[:, None, None]),
                np.full((1, 1, 8, 1), 5.0), backorder=False)  # fmt: skip
    assert found.node_served[0].tolist() == [0, 0, 5, 5, 5, 5, 5, 5]
    assert found.on_hand[2].tolist() == [5]
