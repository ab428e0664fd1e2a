"""Stock that nobody counted settles: both engines do the same, and what was delivered is there in the first period."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from simulation.engine.networks import disturbed, graph, random_demand, random_network, stages

from decai_forecast.simulation.engine import compiled, vectorised
from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.network.graph import Bools, Graph
from decai_forecast.simulation.network.stages import Settling, Stages

EARLY = 6  # periods before the first


def settling(of: Graph, given: Stages, seed: int, counted: Bools | None = None) -> Stages:
    """Some nodes are counted, some pipelines are known; what is not starts anywhere."""
    draw = np.random.default_rng(seed)
    there = draw.random(given.stock.shape) < 0.5 if counted is None else counted
    return replace(
        given,
        settling=Settling(
            periods=np.full(len(given.items), EARLY), stock=draw.uniform(0, 9, given.stock.shape),
            transit=draw.uniform(0, 3, (*given.share.shape, 4)), quantity=given.quantity[:, :, None], counted=there,
            ordered=there | (draw.random(given.stock.shape) < 0.3 if counted is None else counted), cycle=3,
        ),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_engines_settle_alike(seed: int) -> None:
    """Any DAG, with late shipments, behaviours and disturbances: equal to 1e-9, and a trace of the periods that count."""
    of, given = random_network(seed)
    given, demand = settling(of, given, seed), random_demand(of, seed, replications=5)
    before = random_demand(of, seed + 50, replications=5)[:, :, :EARLY]
    draw, nodes = np.random.default_rng(seed), len(of.nodes)
    late = draw.integers(0, 3, (len(of.parent), 3, 40 + EARLY, 5)).astype(np.uint8) if seed % 2 else None
    names = ("anchor", "alpha", "beta", "theta", "gamma")
    rates = {name: draw.uniform(0, 1, (nodes, 1)) for name in names}
    behaviour = Behaviour(**rates, cover=np.ones((nodes, 1)), expected=np.full((nodes, 3), 5.0)) if seed % 3 == 0 else None
    traces = [np.zeros((nodes, 3, 40, 5)) for _ in range(2)]
    found = [
        engine.run(
            of, given, demand, disturbed(of, seed), backorder=bool(seed % 2), behaviour=behaviour, late=late, trace=trace,
            before=before, dtype=np.float64,
        )
        for engine, trace in zip((vectorised, compiled), traces, strict=True)
    ]  # fmt: skip
    assert np.allclose(traces[0][~of.source], traces[1][~of.source], rtol=1e-9, atol=1e-9)
    for name, values in vars(found[0]).items():
        assert np.allclose(values, getattr(found[1], name), rtol=1e-9, atol=1e-6), name
    assert found[0].total_demand.shape == (40, 5)


def line() -> tuple[Graph, Stages]:
    """A supplier three periods from a shop that orders up to 40 and sells what it has."""
    of = graph(2, [0], [(0, 1, 0)], [1])
    return of, stages(of, stock=[0.0, 25.0], lead=[3], level=np.full((2, 1, 1), 40.0), transit=np.full((1, 1, 3), 5.0))


def run(engine: Any, given: Stages, demand: np.ndarray, before: np.ndarray | None = None) -> Any:
    return engine.run(line()[0], given, demand, before=before, backorder=False, dtype=np.float64)


@pytest.mark.parametrize("engine", [vectorised, compiled])
def test_what_is_counted_starts_as_if_nothing_had_been_before(engine: Any) -> None:
    """A network of which everything was delivered has the same outcome with and without periods before the first."""
    of, given = line()
    demand, before = (np.random.default_rng(k).uniform(5, 15, (1, 1, n, 4)) for k, n in ((1, 20), (2, EARLY)))
    plain, settled = run(engine, given, demand), run(engine, settling(of, given, 1, np.ones((2, 1), bool)), demand, before)
    for name, values in vars(plain).items():
        if name != "cost":  # goods under way at the end are charged as far as the run goes, in both
            assert np.allclose(values, getattr(settled, name), rtol=1e-12), name


@pytest.mark.parametrize("engine", [vectorised, compiled])
def test_what_is_not_counted_goes_on_as_the_policy_left_it(engine: Any) -> None:
    """The periods that count are those of one long run from the same state."""
    of, given = line()
    whole = np.random.default_rng(1).uniform(5, 15, (1, 1, 20 + EARLY, 4))
    free = settling(of, given, 1, np.zeros((2, 1), bool))
    assert free.settling is not None
    begun = replace(given, stock=free.settling.stock, transit=free.settling.transit)
    long, short = run(engine, begun, whole), run(engine, free, whole[:, :, EARLY:], whole[:, :, :EARLY])
    assert np.allclose(long.total_served[EARLY:], short.total_served, rtol=1e-12)
    assert np.allclose(long.node_demand[:, EARLY:], short.node_demand, rtol=1e-12)
    assert short.first_short.sum() == 4
    assert short.demand.sum() == pytest.approx(whole[:, :, EARLY:].sum())
