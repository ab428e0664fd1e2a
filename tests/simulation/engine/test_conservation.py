"""Nothing is made from nothing."""

from dataclasses import replace

import numpy as np
import pytest
from simulation.engine.networks import disturbed, random_demand, random_network, serial, undisturbed

PERIODS, QUIET = 40, 120


def _content(graph, stages):
    """[node, item]: raw units of the sources in a unit."""
    found = np.ones((len(graph.nodes), len(stages.items)))
    for n in np.flatnonzero(~graph.source):
        lanes = np.flatnonzero(graph.child == n)
        found[n] = (stages.quantity[lanes] * stages.share[lanes] * found[graph.parent[lanes]]).sum(axis=0)
    return found


@pytest.mark.parametrize("backorder", [True, False], ids=["backorder", "lost"])
@pytest.mark.parametrize("seed", range(8))
def test_units_are_conserved(run, seed, backorder):
    """Once all is quiet, raw units of the start and of the sources are in stock or were sold, with shocks and delays."""
    graph, stages = random_network(seed)
    demand = np.pad(random_demand(graph, seed), ((0, 0), (0, 0), (0, QUIET - PERIODS), (0, 0)))
    late = np.random.default_rng(seed).integers(0, 3, (len(graph.parent), 3, QUIET, 5)).astype(np.uint8)
    trace = np.empty((len(graph.nodes), 3, QUIET, 5))
    shocked = disturbed(graph, seed, QUIET)
    found = run(graph, stages, demand, shocked, backorder=backorder, late=late, trace=trace, dtype=np.float64)
    content, inner = _content(graph, stages), ~graph.source
    began = (stages.stock * content)[inner].sum(axis=0) + (stages.transit.sum(axis=2) * content[graph.parent]).sum(axis=0)
    added = found.asked[graph.source, :, 0].sum(axis=0)
    sold = ((found.demand if backorder else found.served) * content[graph.demand]).sum(axis=0)
    left = (trace[:, :, -1].sum(axis=2) * content)[inner].sum(axis=0)
    assert np.allclose(5 * began + added, sold + left)


@pytest.mark.parametrize("allocation", ["proportional", "index"])
def test_nothing_is_served_beyond_demand_or_stock(run, allocation):
    """Served units are at most the demand; what is not lost is not short."""
    graph, stages = random_network(3)
    found = run(graph, stages, random_demand(graph, 3), backorder=False, allocation=allocation, dtype=np.float64)
    assert (found.served <= found.demand + 1e-9).all()
    assert np.allclose(found.short, found.demand - found.served)


def test_a_paused_stage_ships_nothing_and_its_customers_wait(run):
    """A stage that is down for three periods serves nobody in them and all that waited in the next."""
    graph, stages = serial([1000], [1])
    demand, disturbance = np.full((1, 1, 6, 1), 10.0), undisturbed(graph, 6)
    disturbance.shipping[1:4, 1] = 0.0
    found = run(graph, stages, demand, disturbance, dtype=np.float64)
    assert found.total_served[:, 0].tolist() == [10, 0, 0, 0, 10, 10]
    assert found.short[0, 0] == 10 + 20 + 30
    assert found.first_short[0, 0].tolist() == [0, 1, 0, 0, 0, 0, 0]


def test_capacity_is_shared_in_proportion(run):
    """A source that can ship half of what two stages ask gives each the same part of it; in index order the first gets all."""
    from simulation.engine.networks import graph as make
    from simulation.engine.networks import stages as of

    graph = make(3, [0], [(0, 1, 0), (0, 2, 0)], [1, 2])
    stages = replace(of(graph, stock=[0, 30, 10], lead=[0, 0]), capacity=np.array([[20.0], [np.inf], [np.inf]]))
    demand, traces = np.array([30.0, 10.0]).reshape(2, 1, 1, 1), {}
    for allocation in ("proportional", "index"):
        traces[allocation] = np.empty((3, 1, 1, 1))
        run(graph, stages, demand, allocation=allocation, trace=traces[allocation], dtype=np.float64)
    assert traces["proportional"][1:].ravel().tolist() == [15, 5]
    assert traces["index"][1:].ravel().tolist() == [20, 0]
