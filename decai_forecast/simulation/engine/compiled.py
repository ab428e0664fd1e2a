"""The engine compiled by numba: the numbers of ``vectorised`` at a multiple of the speed, once it is loaded or compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.engine.frame import Disturbance, Late, Outcome, Samples
from decai_forecast.simulation.engine.plan import conduct, ring_size, shock, terms, topology
from decai_forecast.simulation.engine.state import state
from decai_forecast.simulation.engine.sums import empty, outcome
from decai_forecast.simulation.engine.vectorised import Allocation
from decai_forecast.simulation.network.graph import Graph
from decai_forecast.simulation.network.stages import Stages

__all__ = ["BLOCK", "run"]

BLOCK = 128  # replications at a time: the state of 43 nodes then stays in a core's cache


def run(
    graph: Graph,
    stages: Stages,
    demand: Samples,
    disturbance: Disturbance | None = None,
    *,
    backorder: bool = True,
    allocation: Allocation = "proportional",
    behaviour: Behaviour | None = None,
    late: Late | None = None,
    trace: Samples | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> Outcome:
    """As ``vectorised.run``."""
    from decai_forecast.simulation.engine.kernel import simulate  # imports numba

    _, items, periods, replications = demand.shape
    form, nodes = topology(graph), len(graph.nodes)
    shocked = shock(disturbance, periods, nodes, dtype)
    latest = int(late.max(initial=0)) if late is not None else 0
    sums = empty(graph, items, periods, replications)
    simulate(
        form,
        terms(graph, stages, form, dtype),
        shocked,
        conduct(behaviour, nodes, items, dtype),
        np.ascontiguousarray(demand, dtype=dtype),
        np.empty((0, 0, periods, 0), dtype=np.uint8) if late is None else late,
        np.empty((0, 0, 0, 0), dtype=dtype) if trace is None else trace,
        state(form, len(graph.demand), ring_size(stages, shocked, latest, periods), min(BLOCK, replications), dtype),
        sums,
        allocation == "proportional",
        backorder,
    )
    return outcome(sums, replications)
