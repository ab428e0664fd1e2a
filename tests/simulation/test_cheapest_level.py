"""The level of least cost: no more than a fine search finds, whatever the demand and the ratio of the costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from decai_forecast.demand.quantiles import LEVELS
from decai_forecast.simulation.demand import Marginals, marginals_of
from decai_forecast.simulation.engine import compiled
from decai_forecast.simulation.network import Graph, OrderRule, Stages
from decai_forecast.simulation.targets import Goal, Terms, stock_targets
from decai_forecast.simulation.targets.search import cheapest, reaching
from decai_forecast.simulation.targets.single import Ahead, world_ahead
from decai_forecast.simulation.targets.sites import covering

HORIZON = 28


def gamma(shape: float, mean: float) -> Marginals:
    """Demand of any lumpiness: shape .3 comes seldom and much, 25 is nearly normal."""
    quantiles = {f"q{round(p * 100):02d}": float(stats.gamma.ppf(p, shape, scale=mean / shape)) for p in LEVELS}
    days = pd.date_range("2026-01-05", periods=HORIZON)
    return marginals_of(pd.DataFrame([{"location_id": "main", "item_id": "a", "date": day} | quantiles for day in days]))


def one(value: float, kind: type = float) -> np.ndarray:
    return np.array([[value]], dtype=kind)


CASES = [
    (0.01, 14, 1.0, False), (0.3, 1, 0.3, False), (0.5, 28, 4.0, False), (0.8, 7, 1.0, True), (0.9, 14, 25.0, False),
    (0.97, 14, 1.0, False), (0.99, 3, 0.3, True), (0.9986, 14, 1.0, False), (0.9999, 2, 4.0, False),
]  # fmt: skip


@pytest.mark.parametrize(("ratio", "lead", "shape", "backorder"), CASES)
def test_no_level_of_a_fine_search_costs_clearly_less(ratio: float, lead: int, shape: float, backorder: bool) -> None:
    """On samples that neither has seen; ratios from .01 to .9999, that of a daily margin of 40 % among them."""
    law, terms = gamma(shape, 10.0), Terms(one(lead, np.int64), one(1.0), one(ratio / (1 - ratio)), 1, backorder)
    row = stock_targets(law, terms, Goal(), seed=3, horizon=HORIZON, season=7).iloc[0]
    group = terms.group(["main"], ["a"])
    world = world_ahead(group, law, Ahead(HORIZON, 7, 99, 1500), 0, backorder=backorder)

    def cost(level: float) -> float:
        return float(world.costs(world.run(covering(world, np.full((2, 1, HORIZON), level))))[1, 0])

    mean, spread = 10.0 * lead, 10.0 * (lead / shape) ** 0.5
    coarse = np.maximum(np.concatenate([mean * np.linspace(0, 1, 6), mean + spread * np.linspace(0.2, 8, 20)]), 0)
    found = np.array([cost(level) for level in coarse])
    k = int(found.argmin())
    fine = [cost(level) for level in np.linspace(coarse[max(k - 1, 0)], coarse[min(k + 1, len(coarse) - 1)], 9)]
    told = 1.015 if ratio < 0.999 else 1.03  # of few shortages even 1,500 replications tell the optimum no better
    assert cost(row["level_proposed"]) <= told * min(found.min(), *fine)


def test_the_search_ends_below_both_its_neighbours() -> None:
    """On concave, flat and steep flanks alike; a parabola through them would return a maximum."""
    lowest = np.array([-5.3, 0.0, 2.2, 9.0])

    def bent(at: np.ndarray) -> np.ndarray:
        return np.sqrt(np.abs(at - lowest))

    found, least = cheapest(bent, np.zeros(4))
    assert np.abs(found - lowest).max() < 0.13
    assert (least == bent(found)).all()
    assert (least <= np.minimum(bent(found - 0.125), bent(found + 0.125))).all()


def test_the_least_that_serves_is_found_or_told_to_be_none() -> None:
    found, reached = reaching(lambda at: np.minimum(at / 10, np.array([1.0, 0.5])), 0.7, (2,))
    assert found[0] == pytest.approx(7.0, abs=0.02)
    assert reached.tolist() == [True, False]


def policy(level: float, rule: OrderRule, holding: float, shortage: float) -> tuple[Graph, Stages]:
    group = Terms(one(1, np.int64), one(holding), one(shortage), 1, True).group(["site"], ["x"])
    return group.graph, replace(group.stages, level=np.full((2, 1, 1), level), stock=np.array([[0.0], [level]]), rule=rule)


def rule(gap: float = 0.0, least: float = 0.0, multiple: float = 0.0, cost: float = 0.0) -> OrderRule:
    return OrderRule(*(np.array([[0.0], [value]]) for value in (gap, least, multiple, cost)))


def simulated(graph: Graph, stages: Stages, mean: float, periods: int = 400) -> float:
    demand = np.random.default_rng(0).poisson(mean, (1, 1, periods, 400)).astype(np.float32)
    found = compiled.run(graph, stages, demand, warm=40)
    return float(found.cost.mean() / (periods - 40))


def test_min_and_max_cost_what_the_textbook_says() -> None:
    """Case ss-discrete: h 1, p 4, K 5, Poisson 6: s 4, S 10 cost 8.034112; its neighbours cost more."""
    cost = {
        (s, top): simulated(*policy(top, rule(gap=top - s, cost=5.0), 1.0, 4.0), 6.0) for s, top in ((4, 10), (3, 10), (4, 12))
    }
    assert cost[4, 10] == pytest.approx(8.034112, rel=0.005)
    assert min(cost, key=cost.__getitem__) == (4, 10)


def test_reorder_point_and_quantity_cost_what_the_textbook_says() -> None:
    """Case rq-poisson: h 20, p 150, K 100, rate 1.5, lead time 2: r 3, Q 5 cost 107.923581; here in steps of 1/25."""
    step = 25
    graph, stages = policy(4.0, rule(multiple=5.0, cost=100.0), 20.0 / step, 150.0 / step)
    stages = replace(stages, lead=np.array([[2 * step]]))
    demand = np.random.default_rng(0).poisson(1.5 / step, (1, 1, 6000, 100)).astype(np.float32)
    found = compiled.run(graph, stages, demand, warm=500)
    assert found.cost.mean() / 5500 * step == pytest.approx(107.923581, rel=0.02)


def test_orders_are_at_least_the_minimum_and_whole_lots() -> None:
    """A demand of 3 with a minimum of 7 and lots of 5 is ordered ten at a time, three times in ten periods."""
    graph, stages = policy(30.0, rule(least=7.0, multiple=5.0), 1.0, 9.0)
    found = compiled.run(graph, stages, np.full((1, 1, 100, 1), 3.0, dtype=np.float32))
    assert found.orders[1, 0, 0] / found.placed[1, 0] == 10.0
    assert found.placed[1, 0] == pytest.approx(30, abs=1)


def test_orders_that_cost_are_placed_seldom() -> None:
    """With a cost of 100 an order covers about the economic quantity, and all costs together are less than without a gap."""
    law, charge = gamma(25.0, 10.0), rule(cost=100.0)
    terms = Terms(one(3, np.int64), one(1.0), one(99.0), 1, False, None, OrderRule(*(v[1:] for v in vars(charge).values())))
    row = stock_targets(law, terms, Goal(), seed=1, horizon=HORIZON, season=7).iloc[0]
    gap = row["level_proposed"] - row["reorder_point"]
    assert gap == pytest.approx(np.sqrt(2 * 100 * 10), rel=0.45)
    assert row["cost_proposed"] < 0.75 * 100


def test_stock_in_nearly_all_periods() -> None:
    """Service of type 3: the share of periods that end with stock."""
    row = stock_targets(gamma(4.0, 10.0), Terms(one(7, np.int64), one(1.0), one(9.0)), Goal("in_stock", 0.95), seed=1,
                        horizon=HORIZON, season=7, replications=800).iloc[0]  # fmt: skip
    assert row["in_stock_proposed"] == pytest.approx(0.95, abs=0.01)
    assert (row["service_type"], row["service_target"]) == ("T", 0.95)


@pytest.mark.parametrize(("lead", "shortage"), [(2, 0.01), (7, 0.005)])
def test_what_is_not_worth_to_stock_has_no_level(lead: int, shortage: float) -> None:
    """Nothing, and not the small part of a large demand that is rounded up to one piece."""
    terms = Terms(one(lead, np.int64), one(1.0), one(shortage))
    row = stock_targets(gamma(0.3, 5000.0), terms, Goal(), seed=1, horizon=HORIZON, season=7).iloc[0]
    assert (row["level_proposed"], row["reorder_point"], row["fill_rate_proposed"]) == (0.0, 0.0, 0.0)
    assert row["cost_proposed"] == pytest.approx(5000 * shortage, rel=0.1)


def test_low_levels_begin_with_no_more_than_they_allow() -> None:
    """A level of nothing has nothing on its way and sells nothing; where a lost unit costs little, the level found costs
    less than that."""
    law, terms = gamma(0.3, 100.0), Terms(one(28, np.int64), one(1.0), one(2.0))
    world = world_ahead(terms.group(["main"], ["a"]), law, Ahead(HORIZON, 7, 1, 50), 0)
    nothing = world.run(covering(world, np.zeros((2, 1, HORIZON))))
    assert (nothing.on_hand == 0).all()
    assert (nothing.served == 0).all()
    row = stock_targets(law, terms, Goal(), seed=1, horizon=HORIZON, season=7).iloc[0]
    assert row["cost_proposed"] < 2.0 * 100.0
