"""numpy and numba simulate the same."""

from dataclasses import replace

import numpy as np
import pytest
from simulation.engine.networks import disturbed, random_demand, random_network

from decai_forecast.simulation.engine import compiled, vectorised
from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.network.stages import OrderRule

WAYS = [(True, "proportional"), (True, "index"), (False, "proportional"), (False, "index")]


@pytest.mark.parametrize("seed", range(12))
def test_engines_agree_on_random_networks(seed):
    """Any DAG, with assembly, dual sourcing, capacity, disturbances, late shipments and behaviours: equal to 1e-9."""
    graph, stages = random_network(seed)
    demand, draw = random_demand(graph, seed, replications=5), np.random.default_rng(seed)
    late = draw.integers(0, 3, (len(graph.parent), 3, 40, 5)).astype(np.uint8) if seed % 2 else None
    behaviour = _behaviour(len(graph.nodes), draw) if seed % 3 == 0 else None
    backorder, allocation = WAYS[seed % 4]
    stages = replace(stages, rule=_rule(stages.stock.shape, draw)) if seed % 4 < 2 else stages
    traces = [np.zeros((len(graph.nodes), 3, 40, 5)) for _ in range(2)]
    found = [
        engine.run(
            graph,
            stages,
            demand,
            disturbed(graph, seed),
            backorder=backorder,
            allocation=allocation,
            behaviour=behaviour,
            late=late,
            trace=trace,
            warm=0 if seed % 2 else 35,
            dtype=np.float64,
        )
        for engine, trace in zip((vectorised, compiled), traces, strict=True)
    ]
    inner = ~graph.source
    assert np.allclose(traces[0][inner], traces[1][inner], rtol=1e-9, atol=1e-9)
    for name, values in vars(found[0]).items():
        assert np.allclose(values, getattr(found[1], name), rtol=1e-9, atol=1e-6), name


def test_engines_agree_over_blocks_of_replications():
    """300 replications, more than two blocks of the compiled engine and not a multiple of one."""
    graph, stages = random_network(1)
    demand = random_demand(graph, 1, replications=300)
    one, other = (engine.run(graph, stages, demand, dtype=np.float64) for engine in (vectorised, compiled))
    assert all(np.allclose(values, getattr(other, name), rtol=1e-9, atol=1e-6) for name, values in vars(one).items())


def _rule(shape, draw):
    def some(most):
        return np.where(draw.random(shape) < 0.5, draw.integers(1, most, shape), 0).astype(float)

    return OrderRule(gap=some(20), least=some(15), multiple=some(12), cost=some(5))


def _behaviour(nodes, draw):
    of = {name: draw.uniform(0, 1, (nodes, 1)) for name in ("anchor", "alpha", "beta", "theta", "gamma")}
    return Behaviour(**of, cover=draw.uniform(0, 2, (nodes, 1)), expected=draw.uniform(1, 20, (nodes, 3)))
