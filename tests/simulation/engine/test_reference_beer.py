"""Sterman's beer game (1989): four stages in a row, demand 4 a week and then 8.

Orders take two weeks to the next stage. A stage that lives two weeks later than its customer sees them in its own period, so
the delays are moved into lead times: 4 periods between stages, 3 to the factory. Stage 0 is the retailer, node 4.
"""

from dataclasses import replace

import numpy as np
import pytest
from simulation.engine.networks import serial

from decai_forecast.simulation.engine.behaviour import anchored

WEEKS = 36


def _start(stage: int) -> int:
    """The period that is the stage's first week."""
    return 6 - 2 * stage


@pytest.mark.parametrize(("step", "wanted"), [(4, [36, 44, 52, 48]), (5, None)])
def test_beer_optimal_targets(run, step, wanted):
    """With the optimal targets 28, 28, 28, 20 the game costs 180 (holding 0.5, backlog 1), a week's later step 210."""
    graph, stages = serial([12] * 4, [3, 4, 4, 4])
    periods = _start(0) + WEEKS
    level, transit = np.zeros((5, 1, periods)), np.zeros((4, 1, periods))
    for stage, target in enumerate([28, 28, 28, 20]):
        node, first = 4 - stage, _start(stage)
        level[node, 0, max(first - 2, 0)], level[node, 0, max(first - 1, 0)] = 24, 28  # so that 4 are on order to begin with
        level[node, 0, first:] = target + 4  # order = 4 + target - stock - line
        transit[node - 1, 0, first : first + (3 if stage == 3 else 2)] = 4
    demand = np.array([0.0] * _start(0) + [4.0] * step + [8.0] * (WEEKS - step)).reshape(1, 1, -1, 1)
    trace = np.empty((5, 1, periods, 1))
    run(graph, replace(stages, level=level, transit=transit), demand, trace=trace, dtype=np.float64)
    net = np.stack([trace[4 - stage, 0, _start(stage) : _start(stage) + WEEKS, 0] for stage in range(4)])
    cost = (0.5 * np.maximum(net, 0) + np.maximum(-net, 0)).sum(axis=1)
    assert cost.sum() == (180 if wanted else 210)
    assert wanted is None or cost.tolist() == wanted


def test_beer_human_amplifies_upstream(run):
    """With people's mean parameters (alpha .26, beta .34, theta .36, target 17) orders vary more with every stage."""
    graph, stages = serial([17] * 4, [3, 4, 4, 4])
    transit = np.full((4, 1, 3), 4.0)
    stages = replace(stages, stock=np.array([0.0, 12, 12, 12, 12])[:, None], transit=transit)
    behaviour = anchored(*(np.full((5, 1), value) for value in (0.26, 0.34, 0.36, 4.0)))
    demand = np.array([4.0] * 4 + [8.0] * (WEEKS - 4)).reshape(1, 1, -1, 1)
    found = run(graph, stages, demand, behaviour=behaviour, dtype=np.float64)
    once, square = found.orders[1:, 0].T / WEEKS
    spread = square - once**2  # factory first
    assert (np.diff(spread) < 0).all()
    assert spread[-1] > demand.var()
