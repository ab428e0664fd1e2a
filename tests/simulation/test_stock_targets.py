"""Stock targets: known optima are found, services are reached, and both policies are judged on the same demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from worlds import normal_forecast

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.demand import Marginals, marginals_of
from decai_forecast.simulation.network.graph import Graph
from decai_forecast.simulation.network.stages import Stages
from decai_forecast.simulation.targets import Goal, Terms, optimise, stock_targets


def normal(mean: float, sd: float, items: int = 1) -> Marginals:
    return marginals_of(normal_forecast({f"x{k}": (mean, sd) for k in range(items)}, 13))


def terms(lead: int, holding: float = 1.0, shortage: float = 9.0, *, items: int = 1, backorder: bool = False) -> Terms:
    one = np.ones((1, items))
    return Terms(lead * one.astype(np.int64), holding * one, shortage * one, 1, backorder)


def targets(law: Marginals, given: Terms, goal: Goal, **more: object) -> pd.DataFrame:
    return stock_targets(law, given, goal, **{"seed": 1, "horizon": 13, "season": 13, "replications": 2000} | more)


def test_nv_normal_l4() -> None:
    """Five protected periods of N(50, 8), h .18, p .70, backorders: level 264.77, cost 4.4668 (Snyder & Shen)."""
    row = targets(normal(50, 8), terms(5, 0.18, 0.70, backorder=True), Goal("cost")).iloc[0]
    assert row["level_proposed"] == pytest.approx(264.767, rel=0.005)
    assert row["cost_proposed"] == pytest.approx(4.4668, rel=0.03)


@pytest.mark.parametrize(("z", "service"), [(0.5, 0.6915), (1, 0.8413), (1.645, 0.95)])
def test_csl_ebo(z: float, service: float) -> None:
    """The level for a cycle service over N(250, 17.89) is 250 + z 17.89, and it gives that service on fresh demand."""
    row = targets(normal(50, 8), terms(5, backorder=True), Goal("cycle_service", service)).iloc[0]
    assert row["level_proposed"] == pytest.approx(250 + z * 17.8885, rel=0.01)  # eight levels tell a normal so well
    assert row["csl_proposed"] == pytest.approx(service, abs=0.02)


@pytest.mark.parametrize("backorder", [False, True])
def test_fill_rate_is_reached_and_no_more(backorder: bool) -> None:
    """On fresh demand the level serves the share asked for, within the noise of sampling; safety stock is the rest."""
    row = targets(normal(50, 20), terms(3, backorder=backorder), Goal("fill_rate", 0.97)).iloc[0]
    assert row["fill_rate_proposed"] == pytest.approx(0.97, abs=0.005)
    assert row["safety_stock"] == pytest.approx(row["level_proposed"] - 150, abs=2)
    assert (row["service_type"], row["service_target"]) == ("F", 0.97)


def test_both_policies_are_judged_on_the_same_demand() -> None:
    """Today's levels held as they are proposed have the same figures; unknown ones have none."""
    law, given, goal = normal(50, 8, items=2), terms(2, items=2), Goal("cycle_service", 0.9)
    level = targets(law, given, goal)["level_proposed"].to_numpy()
    rows = targets(law, given, goal, level_now=np.array([[level[0], np.nan]]))
    assert rows.loc[0, "cost_now"] == pytest.approx(rows.loc[0, "cost_proposed"], rel=0.02)
    assert rows.loc[1, [c for c in rows if c.endswith("_now")]].isna().all()


def test_blocks_and_neighbours_change_nothing() -> None:
    """A series' row is the same alone as beside others."""
    both = targets(normal(50, 8, items=2), terms(2, items=2), Goal("cycle_service", 0.9), replications=100)
    alone = targets(normal(50, 8), terms(2), Goal("cycle_service", 0.9), replications=100)
    pd.testing.assert_frame_equal(both.iloc[:1], alone)


def test_a_series_without_demand_has_no_row() -> None:
    """Nothing is proposed where nothing is asked for."""
    law = normal(50, 8, items=2)
    base, rise = law.base.copy(), law.rise.copy()
    base[:, 1], rise[:, 1] = 0, 0
    rows = targets(replace(law, base=base, rise=rise), terms(2, items=2), Goal(), replications=50)
    assert rows["item_id"].tolist() == ["x0"]


def test_a_goal_that_cannot_be_is_refused() -> None:
    """A service of 95 is not a share."""
    with pytest.raises(ConfigError) as error:
        Goal("fill_rate", 95)
    assert str(error.value) == "a fill_rate of 95 cannot be aimed at; give a share between 0 and 1, such as 0.95"


SERIAL = Graph(
    ("source", "3", "2", "1"), np.arange(4) == 0, np.arange(3), np.arange(1, 4), np.zeros(3, np.int64), np.array([3])
)
PERIODS, WARM = 120, 20


def serial(level: tuple[float, float, float]) -> Stages:
    """Lead times 2, 1, 1 from upstream, local holding cost 2, 4, 7, backorders 37.12 (Snyder & Shen, example 6.1)."""
    column = lambda *values: np.array(values, dtype=float)[:, None]  # noqa: E731
    one, free = np.ones((3, 1)), np.full((4, 1), np.inf)
    holding, shortage = column(0, 2, 4, 7), column(0, 0, 0, 37.12)
    start = (np.zeros((4, 1)), np.zeros((3, 1, PERIODS)), column(0, *level)[:, :, None], np.ones(4, np.int64))
    return Stages(("x",), one, one, np.array([[2], [1], [1]]), None, *start, free, free, holding, shortage, free)


def demand(number: int) -> np.ndarray:
    size = 300 if number else 3000
    return np.random.default_rng(number).normal(5, 1, (1, 1, PERIODS, size)).astype(np.float32)


def test_serial() -> None:
    """The search finds Clark and Scarf's levels 6.49, 5.53, 10.69 and, within 3 standard errors, their cost of 47.65."""
    found = optimise(SERIAL, serial((10.69, 5.53, 6.49)), np.full((1, 1, PERIODS), 5.0), demand, warm=WARM)
    assert found.level[1:, 0, 0] == pytest.approx([10.69, 5.53, 6.49], abs=0.2)
    assert found.cost_now[0] == pytest.approx(47.65, abs=3 * found.error)
    assert found.cost_proposed[0] == pytest.approx(found.cost_now[0], rel=0.002)


def test_a_fill_rate_of_the_network_is_reached_at_less_cost() -> None:
    """Levels for a fill rate reach it on fresh demand; they cost less than ample ones that reach it."""
    found = optimise(SERIAL, serial((13, 7, 7.5)), np.full((1, 1, PERIODS), 5.0), demand, fill_rate=0.99, warm=WARM)
    assert found.fill_proposed[0, 0] == pytest.approx(0.99, abs=0.002)
    assert found.fill_now[0, 0] > 0.99
    assert found.cost_proposed[0] < found.cost_now[0]
