"""One figure of the stock targets, in a process of its own. Usage: simulation_targets.py levels | promise | network | chain |
items | nodes | whole [SIZE]

Engines are loaded before the clock runs. ``levels``: what a level costs more than the best of a fine search, on samples that
neither has seen; ``promise``: how far the promised fill rate is from the one of another 2,000 replications.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from harness import cpu_seconds, said
from scipy import stats

from decai_forecast.demand.quantiles import LEVELS
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation import Simulation, simulate
from decai_forecast.simulation.demand import INDEPENDENT, marginals_of
from decai_forecast.simulation.proposed import Today, proposed_targets
from decai_forecast.simulation.setting import setting
from decai_forecast.simulation.targets import Goal, Terms, stock_targets
from decai_forecast.simulation.targets.single import Ahead, world_ahead
from decai_forecast.simulation.targets.sites import covering
from decai_forecast.simulation.usual import Usual

HORIZON, DAYS = 28, Calendar("D", 28)
SEEN = 300  # shortages that do not overlap, in the samples that a level is judged on: fewer tell its cost to no percent


def forecast(series: dict[tuple[str, str], float], spread: float = 0.2) -> pd.DataFrame:
    """Every day normal around a mean."""
    days, z = pd.date_range("2026-01-05", periods=HORIZON), stats.norm.ppf(LEVELS)
    frames = [
        pd.DataFrame({"location_id": place, "item_id": item, "date": days, "mean": mean}).assign(
            **{f"q{round(p * 100):02d}": max(0.0, mean * (1 + spread * u)) for p, u in zip(LEVELS, z, strict=True)}
        )
        for (place, item), mean in series.items()
    ]
    return pd.concat(frames, ignore_index=True)


def lumpy(shape: float, mean: float) -> pd.DataFrame:
    quantiles = {f"q{round(p * 100):02d}": float(stats.gamma.ppf(p, shape, scale=mean / shape)) for p in LEVELS}
    days = pd.date_range("2026-01-05", periods=HORIZON)
    return pd.DataFrame([{"location_id": "main", "item_id": "a", "date": day} | quantiles for day in days])


def levels(count: int = 300) -> None:
    before, regrets = cpu_seconds(), [regret(seed) for seed in range(count)]
    found = np.array(regrets)
    said(
        cpu=cpu_seconds() - before, items=count, within=float((found <= 0.01).mean()), median=float(np.median(found)),
        worst=float(found.max()),
    )  # fmt: skip


def regret(seed: int) -> float:
    """Of an item with any ratio from .01 to .9999, lead time, lumpiness and volume."""
    draw = np.random.default_rng(seed)
    ratio = float(np.clip(1 / (1 + np.exp(-draw.uniform(-4.6, 9.2))), 0.01, 0.9999))
    lead, shape, mean = (
        int(draw.choice([1, 2, 3, 7, 14, 28])),
        float(draw.choice([0.3, 1, 4, 25])),
        float(draw.choice([0.5, 5, 100])),
    )
    law, backorder = marginals_of(lumpy(shape, mean)), bool(draw.random() < 0.3)
    one = np.ones((1, 1))
    terms = Terms(lead * one.astype(np.int64), one, one * ratio / (1 - ratio), 1, backorder)
    level = float(stock_targets(law, terms, Goal(), seed=3, horizon=HORIZON, season=7)["level_proposed"].iloc[0])
    seen = int(np.clip(SEEN * lead / (HORIZON * (1 - ratio)), 3000, 100_000))
    world = world_ahead(terms.group(["main"], ["a"]), law, Ahead(HORIZON, 7, 999, seen), 0, backorder=backorder)

    def cost(units: float) -> float:
        return float(world.costs(world.run(covering(world, np.full((2, 1, HORIZON), units))))[1, 0])

    middle, wide = mean * lead, mean * (lead / shape) ** 0.5
    coarse = np.unique(np.maximum(np.concatenate([middle + wide * np.linspace(-3, 9, 30), middle * np.linspace(0, 1, 8)]), 0))
    costs = np.array([cost(units) for units in coarse])
    k = int(costs.argmin())
    fine = np.linspace(coarse[max(k - 1, 0)], coarse[min(k + 1, len(coarse) - 1)], 9)
    return cost(level) / min(costs.min(), *map(cost, fine)) - 1


def promise(count: int = 100) -> None:
    before, off = cpu_seconds(), []
    for seed in range(count):
        draw = np.random.default_rng(seed)
        law = marginals_of(lumpy(float(draw.choice([1, 4, 25])), float(draw.choice([5, 100]))))
        shares, one = draw.dirichlet([3, 1, 1, 1]), np.ones((1, 1))
        terms = Terms(int(draw.integers(1, 15)) * one.astype(np.int64), one, 9 * one, late=shares.reshape(1, 1, -1))
        row = stock_targets(law, terms, Goal("fill_rate", 0.95), seed=3, horizon=HORIZON, season=7, replications=400).iloc[0]
        world = world_ahead(terms.group(["main"], ["a"]), law, Ahead(HORIZON, 7, 999, 2000), 0)
        level = np.full((2, 1, HORIZON), row["level_proposed"])
        served = world.services(world.run(covering(world, level)), "fill_rate")[1, 0]
        off.append(abs(served - row["service_target"]))
    said(
        cpu=cpu_seconds() - before,
        networks=count,
        mean=float(np.mean(off)),
        worst=float(np.max(off)),
        within=float(np.mean(np.array(off) <= 0.01)),
    )


def timed(series: dict[tuple[str, str], float], lanes: pd.DataFrame) -> None:
    """The whole simulation, the sweep over outages and the search of the targets, once the engines are loaded."""
    small = pd.DataFrame([("V", "hub", 3.0), ("hub", "shop", 1.0)], columns=["from_id", "to_id", "lead_time_days"])
    run({("shop", "a"): 20.0}, small)
    before = cpu_seconds()
    found = run(series, lanes)
    said(cpu=cpu_seconds() - before, targets=len(found.targets), saved=float(found.targets["cost_proposed"].sum()))


def run(series: dict[tuple[str, str], float], lanes: pd.DataFrame) -> Simulation:
    return simulate(forecast(series), {"lanes": lanes}, Assumptions(), DAYS, seed=7)


def network() -> None:
    """Two warehouses and six shops, six items, each at three shops."""
    draw, rows, series = np.random.default_rng(0), [], {}
    for k in range(6):
        hub = ("north", "south")[k % 2]
        rows.append((f"V{k}", hub, f"i{k}", 14.0))
        for shop in draw.choice(6, size=3, replace=False):
            rows.append((hub, f"shop{shop}", f"i{k}", 3.0))
            series[f"shop{shop}", f"i{k}"] = float(draw.integers(5, 50))
    timed(series, pd.DataFrame(rows, columns=["from_id", "to_id", "item_id", "lead_time_days"]))


def chain(size: int = 60) -> None:
    links = [("V", "n0", 2.0), *((f"n{k}", f"n{k + 1}", 1.0) for k in range(size - 2)), (f"n{size - 2}", "shop", 1.0)]
    timed({("shop", "a"): 20.0}, pd.DataFrame(links, columns=["from_id", "to_id", "lead_time_days"]))


def depots(size: int) -> tuple[dict[tuple[str, str], float], pd.DataFrame]:
    """One item: a supplier, ten warehouses, and shops."""
    hubs = [("V", f"hub{k}", 14.0) for k in range(10)]
    shops = [(f"hub{k % 10}", f"shop{k}", 2.0) for k in range(size - 11)]
    lanes = pd.DataFrame([*hubs, *shops], columns=["from_id", "to_id", "lead_time_days"])
    return {(shop, "a"): 20.0 for _, shop, _ in shops}, lanes


def whole(size: int = 500) -> None:
    """With an outage of every one of the places."""
    timed(*depots(size))


def nodes(size: int = 500) -> None:
    """The search of the targets alone."""
    series, lanes = depots(size)
    run({("shop", "a"): 20.0}, pd.DataFrame([("V", "hub", 3.0), ("hub", "shop", 1.0)], columns=lanes.columns))
    given = Assumptions()
    now = setting(forecast(series), {"lanes": lanes}, given, DAYS, seed=7, replications=200, dependence=INDEPENDENT)
    before = cpu_seconds()
    found, _ = proposed_targets(now.network, now.planner, Goal(), Today(now.stocked, False, Usual({})))
    said(cpu=cpu_seconds() - before, targets=len(found))


def items(size: int = 10_000) -> None:
    """Stock targets of as many items at one site, lead time two weeks."""
    names = [f"i{k:05d}" for k in range(size)]
    means = np.random.default_rng(0).lognormal(2, 1, size)
    days, one = pd.date_range("2026-01-05", periods=HORIZON), np.ones((1, size))
    quantiles = np.maximum(means[:, None] * (1 + 0.3 * stats.norm.ppf(LEVELS)), 0)
    frame = pd.DataFrame(np.repeat(quantiles, HORIZON, axis=0), columns=[f"q{round(p * 100):02d}" for p in LEVELS])
    frame = frame.assign(
        location_id="main", item_id=np.repeat(names, HORIZON), date=np.tile(days, size), mean=np.repeat(means, HORIZON)
    )
    law, terms = marginals_of(frame), Terms(14 * one.astype(np.int64), one, 9 * one)
    few = Terms(terms.lead[:, :200], one[:, :200], 9 * one[:, :200])
    stock_targets(law.only(slice(200)), few, Goal(), seed=1, horizon=HORIZON, season=7)
    before = cpu_seconds()
    found = stock_targets(law, terms, Goal(), seed=1, horizon=HORIZON, season=7)
    said(cpu=cpu_seconds() - before, targets=len(found))


if __name__ == "__main__":
    cases = {
        "levels": levels,
        "promise": promise,
        "network": network,
        "chain": chain,
        "items": items,
        "nodes": nodes,
        "whole": whole,
    }
    cases[sys.argv[1]](*map(int, sys.argv[2:]))
