"""Networks of the reference cases, as graphs and stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from decai_forecast.simulation.engine.frame import Disturbance
from decai_forecast.simulation.network import Graph, Stages

INFINITE = np.inf


def graph(nodes: int, sources: Sequence[int], lanes: Sequence[tuple[int, int, int]], demand: Sequence[int]) -> Graph:
    """``lanes`` are (parent, child, component)."""
    parent, child, component = np.array(sorted(lanes, key=lambda lane: (lane[1], lane[2], lane[0])), dtype=np.int64).T
    source = np.isin(np.arange(nodes), sources)
    return Graph(tuple(f"n{k}" for k in range(nodes)), source, parent, child, component, np.array(demand, dtype=np.int64))


def stages(of: Graph, items: int = 1, **given: Any) -> Stages:
    """Stages with one unit of each component, no capacity, no costs and no stock, but for what is given (broadcast)."""
    nodes, lanes = len(of.nodes), len(of.parent)
    zeros = {"stock": 0.0, "holding": 0.0, "shortage": 0.0, "value": np.nan, "throughput": 1.0, "capacity": INFINITE}
    found: dict[str, Any] = {name: np.full((nodes, items), value) for name, value in zeros.items()}
    found |= {"quantity": np.ones((lanes, items)), "share": np.ones((lanes, items)), "lead": np.ones((lanes, items), dtype=np.int64)}
    for name, values in given.items():
        if name in found:
            values = np.broadcast_to(np.asarray(values, dtype=found[name].dtype).reshape(-1, 1), found[name].shape)
            found[name] = values.copy()
        else:
            found[name] = values
    found.setdefault("transit", np.zeros((lanes, items, 1)))
    found.setdefault("review", np.ones(nodes, dtype=np.int64))
    found.setdefault("level", found["stock"][:, :, None])
    found.setdefault("lead_late", None)
    return Stages(items=tuple(f"i{k}" for k in range(items)), **found)


def undisturbed(of: Graph, periods: int) -> Disturbance:
    """A disturbance that changes nothing, to be changed."""
    shape = (periods, len(of.nodes))
    return Disturbance(np.ones(shape, bool), np.full(shape, INFINITE), np.zeros(shape, np.int64), np.ones(shape))


def serial(levels: Sequence[float], leads: Sequence[int], **given: Any) -> tuple[Graph, Stages]:
    """A source and stages in a row, the most upstream first; stock starts at the level."""
    count = len(levels)
    line = graph(count + 1, [0], [(k, k + 1, 0) for k in range(count)], [count])
    return line, stages(line, stock=[0.0, *levels], lead=leads, **given)


def net43() -> tuple[Graph, Stages]:
    """10 suppliers, 3 DCs that assemble 4, 3 and 3 parts, 10 stores each; node 0 is the source of the suppliers."""
    centre, parts = [0] * 4 + [1] * 3 + [2] * 3, range(10)
    lanes = [(0, 1 + i, 0) for i in parts] + [(1 + i, 11 + centre[i], i) for i in parts]
    lanes += [(11 + k // 10, 14 + k, 0) for k in range(30)]
    of = graph(44, [0], lanes, list(range(14, 44)))
    lead = np.array([0, *(2 + i % 4 for i in parts), 2, 3, 4, *(1 + k % 3 for k in range(13, 43))])
    mean = np.array([0.0] + [200.0] * 13 + [20.0] * 30)
    safety = np.array([0.0] + [0.5 * 10**0.5] * 10 + [0.3 * 10**0.5] * 3 + [1.0] * 30)
    stock = np.round(mean * (lead + 1) + 6 * safety * np.sqrt(lead + 1))
    holding, shortage = [0.0] + [0.1] * 10 + [0.3] * 3 + [1.0] * 30, [0.0] * 14 + [9.0] * 30
    return of, stages(of, stock=stock, lead=lead[of.child], holding=holding, shortage=shortage)


def net43_demand(periods: int, replications: int) -> np.ndarray:
    """[store, 1, period, replication]; the first replications do not depend on the others only if there is one."""
    drawn = np.maximum(0, np.rint(np.random.default_rng(0).normal(20, 6, (periods, 30, replications))))
    return np.ascontiguousarray(drawn.transpose(1, 0, 2)[:, None])
