"""One case in a process of its own. Usage: simulation_case.py speed|sampling|sweep WORD ...

speed ENGINE ITEMS REPLICATIONS: the 43-node network on demand that lies in memory, as often as takes a second; the least
time counts, reading the demand included, compiling and loading not. sampling ITEMS REPLICATIONS: drawing demand from quantiles
against simulating it. sweep ITEMS REPLICATIONS SCENARIOS WORKERS: the driver on 50 nodes and 90 periods, all of it.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from harness import cpu_seconds, said
from simulation_sets import demand43, downs, net43, net50

from decai_forecast.simulation.demand.marginals import Marginals, pieces_of
from decai_forecast.simulation.demand.sample import sample
from decai_forecast.simulation.engine import compiled, vectorised
from decai_forecast.simulation.engine.drive import sweep

PERIODS = 90
LEVELS = np.array([-1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645, 2.326])  # normal deviates of q05 .. q99


def best(run, least: float = 1.0) -> float:  # type: ignore[no-untyped-def] -- anything that can be called
    """CPU-seconds of the quickest of several turns, after one that compiles or loads."""
    run()
    found, began = [], cpu_seconds()
    while len(found) < 3 or cpu_seconds() - began < least:
        before = cpu_seconds()
        run()
        found.append(cpu_seconds() - before)
    return min(found)


def speed(engine: str, items: int, replications: int) -> None:
    group, periods = net43(items), 100 if items * replications <= 10_000 else 20
    demand = demand43(periods, replications, items)
    run = {"compiled": compiled.run, "vectorised": vectorised.run}[engine]
    cost = float(run(group.graph, group.stages, demand, allocation="index", dtype=np.float32).cost[0])
    cpu = best(lambda: run(group.graph, group.stages, demand, allocation="index", dtype=np.float32))
    said(cpu=cpu, node_periods=43 * periods * items * replications, cost=cost)


def marginals(items: int, mean: float = 10.0, spread: float = 3.0) -> Marginals:
    """24 stores' forecasts, the same N(10, 3) for every one."""
    quantiles = np.broadcast_to(np.maximum(mean + spread * LEVELS, 0), (24, items, PERIODS, len(LEVELS)))
    sites, names = tuple(f"s{k}" for k in range(24)), tuple(f"i{k}" for k in range(items))
    return Marginals(sites, names, *pieces_of(np.ascontiguousarray(quantiles)), np.zeros((24, items)))


def sampling(items: int, replications: int) -> None:
    group, law, some = net50(items), marginals(items), range(replications)
    demand = sample(law, seed=1, replications=some, compiled=True)
    drawing = best(lambda: sample(law, seed=1, replications=some, compiled=True))
    running = best(lambda: compiled.run(group.graph, group.stages, demand))
    said(cpu=drawing, running=running, draws=demand.size, node_periods=50 * PERIODS * items * replications)


def swept(items: int, replications: int, scenarios: int, workers: int) -> None:
    group, law, began, before = net50(items), marginals(items), time.monotonic(), cpu_seconds()
    found = sweep(
        [group], lambda _, some, of: sample(law.only(some.tolist()), seed=1, replications=of), downs(group, PERIODS, scenarios),
        replications, periods=PERIODS, seed=1, workers=workers,
    )  # fmt: skip
    base = found.base[0]
    fill = float(base.served.sum() / base.demand.sum())
    said(cpu=cpu_seconds() - before, wall=time.monotonic() - began, fill=fill)


if __name__ == "__main__":
    kind, *words = sys.argv[1:]
    if kind == "speed":
        speed(words[0], int(words[1]), int(words[2]))
    {"sampling": sampling, "sweep": swept}[kind](*map(int, words))
