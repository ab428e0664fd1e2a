"""A simulated network: what is exposed, and that the answer depends on nothing but its inputs."""

import json

import numpy as np
import pandas as pd
import pytest
from worlds import WEEKS, items_of, normal_forecast, run, stock_of, suppliers, two_suppliers

from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.network import Assumptions
from decai_forecast.simulation import Simulation
from decai_forecast.simulation.demand import Dependence


def test_order_up_to_level_agrees_with_the_closed_form() -> None:
    """N(50, 8) per week, 4 weeks after the order sees its week, p / (p + h) = .9: 220.5 units, 20.5 of them safety stock."""
    found = run(normal_forecast({"x": (50, 8)}), items=items_of({"x": "A"}, 28), replications=20_000).series.iloc[0]
    assert found["order_up_to_level"] == pytest.approx(220.5, rel=0.005)
    assert found["safety_stock"] == pytest.approx(20.5, rel=0.05)


def test_same_inputs_same_result() -> None:
    """Equal seeds give equal JSON; another seed gives another one."""
    forecast, items = two_suppliers()
    first, second, other = (run(forecast, items=items, seed=seed).to_json() for seed in (1, 1, 2))
    assert json.dumps(first) == json.dumps(second) != json.dumps(other)


def test_order_of_rows_changes_nothing() -> None:
    """Shuffled frames give the same result to the bit."""
    forecast, items = two_suppliers()
    shuffled = run(forecast.sample(frac=1, random_state=3), items=items.sample(frac=1, random_state=4))
    assert shuffled.to_json() == run(forecast, items=items).to_json()


def test_series_do_not_depend_on_their_company() -> None:
    """Simulated alone, among others, or across blocks, an item has the same figures (also beside a longer lead time)."""
    forecast = normal_forecast({f"item-{k:03d}": (10 + k % 7, 3) for k in range(150)})
    items = items_of({f"item-{k:03d}": f"S{k % 4}" for k in range(150)})
    items.loc[0, "lead_time_days"] = 70
    among = run(forecast, items=items, replications=20).series.set_index("item_id").loc["item-140"]
    alone = (
        run(forecast[forecast["item_id"] == "item-140"], items=items, replications=20)
        .series.set_index("item_id")
        .loc["item-140"]
    )
    pd.testing.assert_series_equal(among, alone)


def test_scenarios_share_their_random_numbers() -> None:
    """The outage of a month is known to a few per cent from 50 replications; without any outage there is nothing to say."""
    forecast, items = two_suppliers()
    with pytest.raises(ConfigError, match="recovers in 0 days"):
        run(forecast, items=items, assumptions=Assumptions(supplier_outage_days=0))
    month = run(forecast, items=items, replications=50).worst
    assert 0 < month["lost_units_se"] < 0.03 * month["lost_units"]


def test_the_worst_supplier_is_the_one_whose_outage_loses_most() -> None:
    """Shares add up to 1, the worst is named (a shop that is closed feeds nobody), and its outage is in the service band."""
    forecast, items = two_suppliers()
    found = run(forecast, items=items)
    assert suppliers(found)["share"].sum() == pytest.approx(1)
    assert found.exposure["node"].iloc[0] == "main"
    assert found.worst_node == suppliers(found).sort_values("lost_units")["node"].iloc[-1]
    assert (found.service["down_mean"] < found.service["base_mean"])[3:6].all()
    total = (found.service["down_mean"] * found.service["demand_mean"]).sum() / found.service["demand_mean"].sum()
    assert total == pytest.approx(found.worst["network_fill_rate"], abs=0.01)


def test_an_outage_touches_only_its_own_items() -> None:
    """Extra losses of the series of a supplier add up to the supplier's; longer outages lose more."""
    forecast, items = two_suppliers()
    short, long = (run(forecast, items=items, assumptions=Assumptions(supplier_outage_days=days)) for days in (14, 42))
    per_vendor = long.series.groupby("vendor")["down_lost_units"].sum()
    assert per_vendor.to_dict() == pytest.approx(suppliers(long).set_index("node")["lost_units"].to_dict())
    assert long.worst["lost_units"] > short.worst["lost_units"] > 0


def test_two_sources_halve_the_dependence() -> None:
    """An item with two suppliers is no single-source item, and its outage loses less than that of a single source."""
    forecast = normal_forecast({"one": (40, 8), "two": (40, 8)})
    items = pd.concat([items_of({"one": "A"}), items_of({"two": "A"}), items_of({"two": "B"})])
    found = run(forecast, items=items)
    sources = suppliers(found).set_index("node")
    assert sources["single_source_items"].to_dict() == {"A": 1, "B": 0}
    assert sources["share"].to_dict() == pytest.approx({"A": 0.75, "B": 0.25})
    lost = found.series.set_index("item_id")["down_lost_units"]
    assert lost["two"] < lost["one"]


def test_delivered_stock_is_used_and_missing_stock_is_assumed() -> None:
    """Known stock is taken as it is; where none is known what the policy keeps on the shelf is, and the row says so."""
    forecast = normal_forecast({"known": (20, 5), "unknown": (20, 5)})
    found = run(forecast, stock=stock_of({"known": 15.0, "of nobody": 4.0})).series.set_index("item_id")
    assert found.loc["known", "on_hand"] == 15
    assert found["on_hand_assumed"].to_dict() == {"known": False, "unknown": True}
    assert found.loc["unknown", "on_hand"] == pytest.approx(found.loc["unknown", "order_up_to_level"] - 2 * 20)
    assert found.loc["known", "days_of_supply"] == pytest.approx(15 / 20 * 7)


def test_more_stock_never_serves_less() -> None:
    """Fill rate grows with the opening stock; plenty of it never runs out and outlasts the horizon."""
    forecast = normal_forecast({"x": (20, 5)})
    found = [run(forecast, stock=stock_of({"x": units})).series.iloc[0] for units in (0.0, 20.0, 60.0, 2000.0)]
    assert np.all(np.diff([row["fill_rate"] for row in found]) >= 0)
    assert found[-1]["p_stockout"] == 0
    assert found[-1]["days_of_supply_flag"] == ">horizon"
    assert np.isnan(found[-1]["days_of_supply"])


def test_an_item_without_demand_never_runs_out() -> None:
    """Zero demand: no stock needed, no stock-out, no fill rate, and no division by zero."""
    found = run(normal_forecast({"x": (0, 0)}))
    row = found.series.iloc[0]
    assert (row["p_stockout"], row["order_up_to_level"], row["expected_lost_units"]) == (0, 0, 0)
    assert np.isnan(row["fill_rate"])
    assert np.isnan(found.fill_rate)
    assert (found.service["base_mean"] == 1).all()


def test_unknown_suppliers_count_as_one() -> None:
    """Without items, or where the supplier is empty, the supplier is ``unknown``."""
    forecast = normal_forecast({"x": (9, 2), "y": (9, 2)})
    assert suppliers(run(forecast))["node"].tolist() == ["unknown"]
    items = pd.DataFrame({"item_id": ["x", "y"], "vendor": [" ", None]})
    assert run(forecast, items=items).hhi == pytest.approx(1)


def test_result_survives_json() -> None:
    """From JSON and back nothing is lost, times beyond the horizon included."""
    forecast, items = two_suppliers()
    found = run(forecast, items=items, stock=stock_of({"item-0": 9999.0}))
    again = Simulation.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert again.to_json() == found.to_json()
    pd.testing.assert_frame_equal(again.exposure, found.exposure)


def test_incomplete_frames_are_refused_with_a_reason() -> None:
    """A missing column, a ragged horizon and an empty forecast each say what was expected."""
    forecast = normal_forecast({"x": (9, 2)})
    with pytest.raises(ConfigError, match="no column q50"):
        run(forecast.drop(columns="q50"))
    with pytest.raises(ConfigError, match="expected the same 13 periods"):
        run(forecast.iloc[1:], calendar=WEEKS)
    with pytest.raises(NotEnoughData, match="no series"):
        run(forecast.iloc[:0], calendar=WEEKS)


@pytest.mark.parametrize(
    ("moves", "told", "assumed"),
    [
        (Dependence(), "its periods and items are independent around the forecast", True),
        (
            Dependence(0.5, rows=39),
            "its periods move together with correlation 0.50, as at other companies, since there are too few past forecasts to "
            "learn from",
            True,
        ),
        (
            Dependence(0.3, 0.1, 0.2, 2600),
            "its periods move together with correlation 0.30, sites of an item share 10% and the company 20% of the surprise, "
            "as in 2,600 past forecasts",
            False,
        ),
    ],
)
def test_what_the_demand_is_taken_for_is_told(moves: Dependence, told: str, assumed: bool) -> None:
    """What was learned from the company's own past is no assumption."""
    stated = run(normal_forecast({"x": (50, 8)}), dependence=moves, replications=20).assumptions
    assert [(one.text, one.assumed) for one in stated if one.name == "Demand"] == [(f"{told}; 20 replications", assumed)]
