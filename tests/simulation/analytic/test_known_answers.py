"""Models with a known best answer: values that the field's books print, and worlds that are drawn without the formulas."""

from __future__ import annotations

from itertools import product
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.analytic import (
    OutageQuantity,
    Shop,
    Stage,
    Stages,
    least_cost_quantity,
    one_warehouse,
    place_stock,
    read_stages,
    shared_demand,
    warehouse_cost,
)

CAMERA = (  # Snyder and Shen, Fundamentals of Supply Chain Theory, figure 6.14: name, time, holding cost, made of
    ("raw", 2, 0.01, ()), ("wafers", 3, 0.03, ("raw",)), ("package", 2, 0.04, ("wafers",)), ("base", 4, 0.06, ()),
    ("assembly", 2, 0.12, ("package", "base")), ("ship", 3, 0.13, ("assembly",)), ("camera", 6, 0.20, ()),
    ("board", 4, 0.08, ()), ("parts", 3, 0.04, ()), ("build", 2, 0.50, ("ship", "camera", "board", "parts")),
)  # fmt: skip


def camera(promise: int) -> Stages:
    last = {"deviation": 10.0, "promise": promise}
    made = tuple(
        Stage(name, time, cost, suppliers=parts, **(last if name == "build" else {})) for name, time, cost, parts in CAMERA
    )
    return Stages(made, float(stats.norm.ppf(0.95)))


@pytest.mark.parametrize(
    ("promise", "cost"), [(2, 18.8240044725922), (5, 12.4686888061037), (8, 3.25788236403285), (12, 0.232617430735335)]
)
def test_safety_stock_of_a_camera(promise: int, cost: float) -> None:
    """Costs of Snyder and Shen's figure 6.14 for four promises to the customer; the stages keep what they promise."""
    found = place_stock(camera(promise))
    assert found.cost == pytest.approx(cost, rel=1e-12)
    assert found.promises["build"] == promise
    assert min(found.covered.values()) >= 0


def test_safety_stock_of_a_stage_with_two_customers() -> None:
    """Snyder and Shen's example 6.5."""
    stages = (
        Stage("1", 2, 1, inputs_after=1), Stage("3", 1, 2, suppliers=("1",)), Stage("2", 1, 3, deviation=1, suppliers=("3",)),
        Stage("4", 1, 3, deviation=1, promise=1, suppliers=("3",)),
    )  # fmt: skip
    found = place_stock(Stages(stages, 1.0))
    assert found.promises == {"1": 0, "3": 0, "2": 0, "4": 1}
    assert found.cost == pytest.approx(2 * sqrt(2) + sqrt(6) + 3)


@pytest.mark.parametrize("seed", range(12))
def test_no_other_promises_cost_less(seed: int) -> None:
    """All promises of small random trees are tried; whichever stage the tree is hung at."""
    draw = np.random.default_rng(seed)
    times, costs = draw.integers(0, 4, 4).tolist(), draw.uniform(0.1, 5, 4).tolist()
    ways = [((), ("a",), ("a",), ("c",)), ((), (), ("a", "b"), ("c",)), ((), ("a",), (), ("b", "c"))][seed % 3]
    sold = {"b", "d"} if seed % 3 == 0 else {"d"}
    made = tuple(
        Stage(name, time, cost, 2.0 if name in sold else 0.0, 1 if name in sold else 0, 0, parts)
        for name, time, cost, parts in zip("abcd", times, costs, ways, strict=True)
    )
    stages = Stages(made, 1.5)
    assert not list(stages.faults())
    tried = (total(stages, promises) for promises in product(range(sum(times) + 2), repeat=4))
    assert place_stock(stages).cost == pytest.approx(min(tried))


def total(stages: Stages, promises: tuple[int, ...]) -> float:
    """Cost of the promises; infinity where they cannot be."""
    cost, by = 0.0, dict(zip("abcd", promises, strict=True))
    for stage in stages.stages:
        wait = max((by[part] for part in stage.suppliers), default=0)
        covered = wait + stage.time - by[stage.name]
        if covered < 0 or (stage.deviation and by[stage.name] > stage.promise):
            return float("inf")
        cost += stage.holding_cost * stages.deviations * sqrt(stages.variance(stage.name) * covered)
    return cost


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stages: [{name: a, time: 1, holding_cost: 1}]", "serves nobody"),
        ("stages: [{name: a, time: 1, holding_cost: 1, deviation: 1, suppliers: [b]}]", "is no stage above this one"),
        ("stages: [{name: a, time: 1, holding_cost: 1, deviation: 1}, {name: b, time: 1, holding_cost: 1, deviation: 1}]",
         "no tree"),
        ("stages: [{name: a, time: 500, holding_cost: 1, deviation: 1}]", "400"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_chain_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    """And with what was expected."""
    (tmp_path / "stages.yaml").write_text(text)
    with pytest.raises(ConfigError, match=words) as refused:
        read_stages(tmp_path / "stages.yaml")
    assert "stages.yaml:1:" in str(refused.value)


def test_the_quantity_to_order_from_a_supplier_that_fails() -> None:
    """Snyder and Shen's example 9.1: 772.81 units, 173.95 a year; 700 units would cost 174.787."""
    supplier = OutageQuantity(8, 0.225, 5, 1300, 1.5, 14)
    units, cost = least_cost_quantity(supplier)
    assert (units, cost) == (pytest.approx(772.811074, abs=1e-4), pytest.approx(173.950003, abs=1e-6))
    assert supplier.cost(700) == pytest.approx(174.787117, abs=1e-6)


def test_without_outages_it_is_harris() -> None:
    """As outages become rare; nothing below 0 is taken."""
    rare = OutageQuantity(8, 0.225, 5, 1300, 1e-9, 14)
    assert least_cost_quantity(rare)[0] == pytest.approx(304.0467800264368, rel=1e-5)
    with pytest.raises(ConfigError, match="demand is 0"):
        least_cost_quantity(OutageQuantity(8, 0.225, 5, 0, 1.5, 14))


@pytest.mark.parametrize(("correlation", "own", "supplier"), [(0.7, 5, 5), (0.3, 0, 2), (0.9, 3, 0), (0.0, 2, 2)])
def test_what_a_supplier_cannot_foresee(correlation: float, own: int, supplier: int) -> None:
    """From what one error does to the orders that follow, period by period, instead of from the closed form."""
    found, orders = shared_demand(correlation, 10.0, own, supplier), answers(correlation, own, supplier + 3)
    coming = [orders[: supplier + 1 - j].sum() for j in range(supplier + 1)]
    hidden = sum(orders[i] - correlation**i * orders[0] for i in range(1, supplier + 2))  # of the error behind the last order
    assert found.demand == pytest.approx(10 * np.linalg.norm(coming))
    assert found.orders == pytest.approx(10 * np.hypot(np.linalg.norm(coming), hidden))
    assert (found.saving > 0) == (correlation > 0)


def answers(correlation: float, own: int, periods: int) -> np.ndarray:
    """Orders of the company in the period of an error of 1 and in those after it: it orders what was asked for, and what its
    level moves by, which is what it expects of its lead time and one period."""
    asked = correlation ** np.arange(periods)
    before = np.concatenate([[0.0], asked[:-1]])
    return asked + sum(correlation**k for k in range(1, own + 2)) * (asked - before)


def test_a_warehouse_that_holds_nothing_is_a_longer_way() -> None:
    """One shop behind it then covers both lead times: the newsvendor of a Poisson demand."""
    shop = Shop(3.0, 2.0, 1.0, 9.0)
    cost, levels, fill = warehouse_cost(0, 1.5, 1.0, [shop])
    due = stats.poisson(3.0 * 3.5)
    units = np.arange(200)
    assert levels == (int(due.ppf(0.9)),)
    left = levels[0] - units
    assert cost == pytest.approx(float((np.where(left > 0, left, -9.0 * left) * due.pmf(units)).sum()))
    assert fill == 0


def test_the_least_cost_of_a_warehouse_is_what_happens_there() -> None:
    """Two kinds of shops, 200,000 sales drawn one by one: each unit that is sold was ordered ``level`` sales before."""
    shops = [Shop(1.0, 1.0, 1.5, 20.0), Shop(2.0, 2.0, 1.5, 12.0)]
    best = one_warehouse(2.0, 1.0, shops)
    assert drawn(best.level, best.shops, shops) == pytest.approx(best.cost, rel=0.02)
    for level in (best.level - 3, best.level + 3):
        assert warehouse_cost(level, 2.0, 1.0, shops)[0] > best.cost


def drawn(level: int, levels: tuple[int, ...], shops: list[Shop], sales: int = 200_000) -> float:
    """Cost per period of the warehouse (lead time 2, holding cost 1) and its shops."""
    draw, rate = np.random.default_rng(5), sum(shop.demand for shop in shops)
    at = np.cumsum(draw.exponential(1 / rate, sales))
    who = draw.choice(len(shops), sales, p=[shop.demand / rate for shop in shops])
    came = np.concatenate([np.zeros(level), at[: sales - level] + 2.0])  # at the warehouse, the unit of each sale
    sent = np.maximum(at, came)
    cost = float(np.maximum(at - came, 0)[level:].sum()) / at[-1]
    for k, shop in enumerate(shops):
        asked, own = at[who == k], levels[k]
        there = np.concatenate([np.zeros(own), (sent[who == k] + shop.lead)[: len(asked) - own]])
        wait = (there - asked)[own:]
        cost += float((np.maximum(wait, 0) * shop.backorder_cost + np.maximum(-wait, 0) * shop.holding_cost).sum()) / at[-1]
    return cost
