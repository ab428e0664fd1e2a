"""Without counts a shelf opens as the policy keeps it, not full: service is that of the steady state, for any lead time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from supply_networks import DAYS, built, demand_of, items_of, lanes_of
from worlds import items_of as with_leads
from worlds import normal_forecast, run

from decai_forecast.simulation.engine import vectorised
from decai_forecast.simulation.network.graph import Graph
from decai_forecast.simulation.network.stages import Stages


def steady(level: float, lead: int) -> float:
    """The fill rate of a base stock over 400 weeks of N(100, 30), a supplier's lead time away."""
    of = Graph(("V", "s"), np.array([True, False]), np.array([0]), np.array([1]), np.array([0]), np.array([1]))
    nodes, one = np.zeros((2, 1)), np.ones((1, 1))
    given = Stages(
        items=("x",), quantity=one, share=one, lead=np.array([[lead]]), lead_late=None, stock=np.array([[0.0], [level]]),
        transit=np.zeros((1, 1, 1)), level=np.array([[[0.0]], [[level]]]), review=np.ones(2, dtype=np.int64),
        capacity=np.full((2, 1), np.inf), throughput=np.ones((2, 1)), holding=nodes, shortage=nodes, value=nodes,
    )  # fmt: skip
    demand = np.maximum(np.random.default_rng(3).normal(100, 30, (1, 1, 400, 64)), 0)
    found = vectorised.run(of, given, demand, backorder=False, dtype=np.float64)
    return float(found.total_served[100:].sum() / found.total_demand[100:].sum())


@pytest.mark.parametrize("lead", [1, 4, 9, 13])
def test_service_is_that_of_the_steady_state(lead: int) -> None:
    """Whether the lead time is a week, or as long as the whole forecast."""
    found = run(normal_forecast({"x": (100, 30)}), items=with_leads({"x": "V"}, 7.0 * lead), replications=400)
    row = found.series.iloc[0]
    assert row["fill_rate"] == pytest.approx(steady(row["order_up_to_level"], lead), abs=0.004)
    assert row["on_hand"] == pytest.approx(row["order_up_to_level"] - 100 * lead, rel=1e-6)
    assert row["p_stockout"] > 0.1


def test_a_longer_way_needs_more_stock_and_serves_no_better() -> None:
    """Before, a lead time as long as the forecast looked perfect."""
    rows = [run(normal_forecast({"x": (100, 30)}), items=with_leads({"x": "V"}, 7.0 * lead)).series.iloc[0] for lead in (2, 13)]
    assert rows[1]["fill_rate"] < 0.9995
    assert rows[0]["on_hand"] < rows[1]["on_hand"] < rows[1]["order_up_to_level"] / 3


def test_what_was_counted_stays_as_it_was_counted() -> None:
    """Beside items that nobody counted, and at a shop whose centre nobody counted."""
    lanes = lanes_of(("V", "dc", 3), ("dc", "s1", 1), ("dc", "s2", 1))
    stock = pd.DataFrame({"location_id": ["s1"], "item_id": ["a"], "on_hand": [7.0]})
    group = built(demand_of({("s1", "a"): 2.0, ("s2", "a"): 2.0, ("s1", "b"): 2.0}, DAYS), DAYS, lanes=lanes, stock=stock,
                  items=items_of({"a": "V", "b": "V"})).groups[0]  # fmt: skip
    settling, at = group.stages.settling, group.graph.nodes.index
    assert settling is not None
    assert group.stages.stock[at("s1"), 0] == 7
    assert settling.counted[[at("s1"), at("s2"), at("dc")], 0].tolist() == [True, False, False]
    assert settling.periods.tolist() == [5, 5]


def test_where_everything_was_counted_nothing_settles() -> None:
    """The simulation starts as it stands."""
    stock = pd.DataFrame({"location_id": ["s"], "item_id": ["a"], "on_hand": [7.0]})
    forecast = demand_of({("s", "a"): 2.0}, DAYS)
    assert built(forecast, DAYS, stock=stock).groups[0].stages.settling is None
    assert built(forecast, DAYS).groups[0].stages.settling is not None
