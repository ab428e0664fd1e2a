"""Networks of the simulation benchmark: 43 nodes as in stockpyl's run, and 50 nodes with many items."""

from __future__ import annotations

from typing import Any

import numpy as np

from decai_forecast.simulation.engine.frame import Disturbance, Hit, Samples
from decai_forecast.simulation.network import Graph, Group, Stages

CENTRE = [0] * 4 + [1] * 3 + [2] * 3  # of the 10 suppliers: the DC that they deliver to


def net43(items: int = 1) -> Group:
    """A source, and the 43 nodes of stockpyl's run: 10 suppliers, 3 DCs that assemble 4, 3 and 3 parts, 10 stores each."""
    lanes = [(0, 1 + i, 0) for i in range(10)] + [(1 + i, 11 + CENTRE[i], i) for i in range(10)]
    lanes += [(11 + k // 10, 14 + k, 0) for k in range(30)]
    lead = np.array([0, *(2 + i % 4 for i in range(10)), 2, 3, 4, *(1 + k % 3 for k in range(13, 43))])
    mean = np.array([0.0] + [200.0] * 13 + [20.0] * 30)
    safety = np.array([0.0] + [0.5 * 10**0.5] * 10 + [0.3 * 10**0.5] * 3 + [1.0] * 30)
    stock = np.round(mean * (lead + 1) + 6 * safety * np.sqrt(lead + 1))
    holding, shortage = [0.0] + [0.1] * 10 + [0.3] * 3 + [1.0] * 30, [0.0] * 14 + [9.0] * 30
    return _group(44, lanes, list(range(14, 44)), lead, (stock, mean, np.array(holding), np.array(shortage)), items)


def net50(items: int) -> Group:
    """10 sources, 10 plants, 6 DCs that each assemble two plants' parts, 24 stores: 50 nodes, any of which may be hit."""
    lanes = [(i, 10 + i, 0) for i in range(10)]
    lanes += [(10 + (2 * j + part) % 10, 20 + j, part) for j in range(6) for part in range(2)]
    lanes += [(20 + k % 6, 26 + k, 0) for k in range(24)]
    lead = np.array([0] * 10 + [5] * 10 + [4] * 6 + [2] * 24)
    mean = np.array([40.0] * 20 + [40.0] * 6 + [10.0] * 24)
    stock = np.where(np.arange(50) < 10, 0.0, np.round(mean * (lead + 2)))
    holding, shortage = np.repeat([0, 0.1, 0.3, 1.0], [10, 10, 6, 24]), np.repeat([0.0, 9.0], [26, 24])
    return _group(50, lanes, list(range(26, 50)), lead, (stock, mean, holding, shortage), items, sources=10)


def downs(group: Group, periods: int, count: int, length: int = 14) -> list[list[Hit]]:
    """One scenario per node, the first ``count`` of them: it ships and orders nothing for ``length`` periods, for all items."""
    every = np.arange(len(group.stages.items))
    return [[Hit(0, every, _down(group.graph, periods, node, length))] for node in range(count)]


def demand43(periods: int, replications: int, items: int = 1) -> Samples:
    """As stockpyl's run has it, N(20, 6) rounded; [store, item, period, replication] single precision."""
    drawn = np.random.default_rng(0).normal(20, 6, (periods, 30, items, replications))
    return np.ascontiguousarray(np.maximum(0, np.rint(drawn)).transpose(1, 2, 0, 3), dtype=np.float32)


def _down(graph: Graph, periods: int, node: int, length: int) -> Disturbance:
    shape = (periods, len(graph.nodes))
    found = Disturbance(np.ones(shape, bool), np.full(shape, np.inf), np.zeros(shape, np.int64), np.ones(shape))
    found.ordering[:length, node], found.shipping[:length, node] = False, 0.0
    return found


def _group(nodes: int, lanes: list[Any], demand: list[int], lead: Any, of: Any, items: int, sources: int = 1) -> Group:
    ordered = sorted(lanes, key=lambda lane: (lane[1], lane[2], lane[0]))
    parent, child, component = (np.array(column, dtype=np.int64) for column in zip(*ordered, strict=True))
    graph = Graph(tuple(f"n{k}" for k in range(nodes)), np.arange(nodes) < sources, parent, child, component, np.array(demand))
    stock, mean, holding, shortage = (np.repeat(np.asarray(values, float)[:, None], items, axis=1) for values in of)
    ones = np.ones((len(lanes), items))
    stages = Stages(
        items=tuple(f"i{k}" for k in range(items)), quantity=ones, share=ones,
        lead=np.repeat(lead[child][:, None], items, axis=1), lead_late=None,
        stock=stock, transit=np.zeros((len(lanes), items, 1)), level=stock[:, :, None],
        review=np.ones(nodes, dtype=np.int64), capacity=np.full((nodes, items), np.inf), throughput=mean,
        holding=holding, shortage=shortage, value=np.full((nodes, items), np.nan),
    )  # fmt: skip
    return Group(graph, stages)
