"""The engine compiled by numba: the numbers of ``vectorised`` at a multiple of the speed, once it is loaded or compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.engine.frame import Disturbance, Late, Outcome, Samples
from decai_forecast.simulation.engine.plan import conduct, ring_size, shock, terms, topology
from decai_forecast.simulation.engine.settle import no_reset, settled
from decai_forecast.simulation.engine.sums import Sums, outcome
from decai_forecast.simulation.engine.vectorised import Allocation
from decai_forecast.simulation.engine.workspace import Found, drawn, given, rows
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
    before: Samples | None = None,
    warm: int = 0,
    dtype: npt.DTypeLike = np.float32,
) -> Outcome:
    """As ``vectorised.run``."""
    from decai_forecast.simulation.engine.kernel import simulate  # imports numba

    customers, items, periods, replications = demand.shape
    form, nodes = topology(graph), len(graph.nodes)
    numbers, shocked = terms(graph, stages, form, dtype), shock(disturbance, periods, nodes, dtype)
    reset = no_reset(numbers)
    if before is not None and stages.settling is not None:
        numbers, shocked, reset = settled(form, numbers, shocked, stages.settling, before.shape[2])
        demand = np.concatenate([before, demand], axis=2)
    layout, height = rows(form, customers, ring_size(stages, shocked, late, demand.shape[2]))
    width = min(BLOCK, replications)
    found = Found(
        units=np.zeros((3, customers, items)),
        firsts=np.zeros((customers, items, periods + 1), dtype=np.int32),
        flows=np.zeros((7 * nodes, items)),
        cost=np.zeros(replications),
        totals=np.zeros((2, periods, replications)),
        places=np.zeros((3, customers, periods)),
    )
    simulate(  # type: ignore[call-arg]  # numba's dispatcher takes what its function takes
        *given(form, numbers, shocked, conduct(behaviour, nodes, items, dtype)),
        *drawn(np.ascontiguousarray(demand, dtype=dtype), late, trace),
        layout,
        np.zeros((height, width), dtype=dtype),
        np.zeros((customers, width), dtype=np.int32),
        *found,
        allocation == "proportional",
        backorder,
        reset.periods,
        reset.values,
        warm,
    )
    return outcome(_sums(found, nodes), replications)


def _sums(found: Found, nodes: int) -> Sums:
    flows = np.ascontiguousarray(np.moveaxis(found.flows.reshape(7, nodes, -1), 0, -1))
    return Sums(
        demand=found.units[0],
        served=found.units[1],
        short=found.units[2],
        first_short=found.firsts,
        on_hand=flows[..., 0],
        orders=flows[..., 3:5],
        placed=flows[..., 5],
        dry=flows[..., 6],
        asked=flows[..., 1:3],
        cost=found.cost,
        total_demand=found.totals[0],
        total_served=found.totals[1],
        node_demand=found.places[0],
        node_served=found.places[1],
    )
