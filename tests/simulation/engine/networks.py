"""Networks of the reference cases, as graphs and stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
    found |= {
        "quantity": np.ones((lanes, items)),
        "share": np.ones((lanes, items)),
        "lead": np.ones((lanes, items), dtype=np.int64),
    }
    for name, values in given.items():
        if name in found:
            column = np.asarray(values, dtype=found[name].dtype).reshape(-1, 1)
            found[name] = np.broadcast_to(column, found[name].shape).copy()
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


def random_network(seed: int, items: int = 3) -> tuple[Graph, Stages]:
    """Any DAG: assembly with quantities, dual sourcing from the sources, capacity, reviews, lead times from 0, transit."""
    draw = np.random.default_rng(seed)
    sources, inner = 2, int(draw.integers(4, 7))
    lanes: list[tuple[int, int, int]] = []
    for child in range(sources, sources + inner):
        if draw.random() < 0.35:
            lanes += [(0, child, 0), (1, child, 0)]
        else:
            parents = draw.choice(child, size=min(child, int(draw.integers(1, 3))), replace=False)
            lanes += [(int(parent), child, k) for k, parent in enumerate(parents)]
    last = sources + inner - 1
    of = graph(sources + inner, range(sources), lanes, sorted({last, last - 1, sources}))
    count, nodes = len(of.parent), len(of.nodes)
    pair = np.array([((of.child == child) & (of.component == part)).sum() == 2 for _, child, part in _keys(of)])
    share = np.where(pair, np.where(of.parent == 0, 0.3, 0.7), 1.0)[:, None] + np.zeros((count, items))
    quantity = np.where(pair[:, None], 1, draw.integers(1, 3, (count, items))).astype(float)
    found = stages(of, items, holding=draw.uniform(0.1, 1, nodes), shortage=np.full(nodes, 9.0), share=share[:, 0])
    units = draw.integers(20, 200, (nodes, items)) * ~of.source[:, None]
    limited = np.where(draw.random((nodes, items)) < 0.3, 400.0, INFINITE)
    transit = draw.integers(0, 6, (count, items, 2)) * quantity[:, :, None] * (share < 1)[:, :, None]
    changed = {"lead": draw.integers(0, 4, (count, items)), "quantity": quantity, "stock": units * 1.0, "capacity": limited}
    changed |= {"throughput": np.full((nodes, items), 60.0), "review": draw.integers(1, 3, nodes), "transit": transit}
    return of, replace(found, **changed, level=units[:, :, None] * 1.0)


def _keys(of: Graph) -> list[tuple[int, int, int]]:
    return list(zip(of.parent.tolist(), of.child.tolist(), of.component.tolist(), strict=True))


def random_demand(of: Graph, seed: int, items: int = 3, periods: int = 40, replications: int = 5) -> np.ndarray:
    """Poisson demand of three units, [demand node, item, period, replication]."""
    drawn = np.random.default_rng(seed + 1000).poisson(3, (len(of.demand), items, periods, replications))
    return drawn.astype(float)


def disturbed(of: Graph, seed: int, periods: int = 40) -> Disturbance:
    """Pauses of orders and shipments, less capacity, delays and more demand, each at some node between periods 5 and 12."""
    draw, found, time = np.random.default_rng(seed + 2000), undisturbed(of, periods), slice(5, 12)
    pick = lambda: int(draw.integers(len(of.nodes)))  # noqa: E731 -- one word for five uses
    found.ordering[time, pick()] = False
    found.shipping[time, pick()] = 0.0
    found.shipping[time, pick()] = 0.5
    found.lead[time, pick()] = 2
    found.demand[time, of.demand[0]] = 1.5
    return found
