"""What a proposal is compared with: what the company held in the last twelve months, never a single count."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from reports import examples
from simulation.worlds import WEEKS, items_of, normal_forecast, run, stock_of

from decai_forecast.network import Assumptions
from decai_forecast.reports import build_report, orders_csv
from decai_forecast.simulation.usual import usual_of

START = date(2026, 1, 5)


def counts(units: list[float], item: str = "x") -> pd.DataFrame:
    days = pd.date_range(end="2025-12-29", periods=len(units), freq="W-MON")
    return pd.DataFrame({"location_id": "main", "item_id": item, "date": days, "on_hand": units})


def test_the_mean_of_a_year_of_counts() -> None:
    """Older counts, later ones and items with too few do not count; negative stock counts as none."""
    stock = pd.concat([counts([100.0] * 20 + [500.0] * 52), counts([5.0] * 5, "few"), counts([-3.0] * 8, "none")])
    found = usual_of(pd.concat([stock, counts([9.0]).assign(date=pd.Timestamp("2026-02-02"))]), WEEKS, START)
    assert found.on_hand == {("main", "x"): 500.0, ("main", "none"): 0.0}
    assert usual_of(stock.drop(columns="date"), WEEKS, START).on_hand == {}


def test_a_company_that_holds_too_much_is_shown_what_it_costs() -> None:
    """The level now is what it held and the demand of two weeks; holding it costs what that stock costs."""
    forecast = normal_forecast({"x": (100.0, 20.0)})
    row = run(forecast, items=items_of({"x": "A"}), stock=counts([400.0] * 30)).targets.iloc[0]
    assert row["level_now"] == pytest.approx(600.0, rel=0.01)
    assert row["cost_now"] == pytest.approx(400.0, rel=0.03)
    assert row["cost_proposed"] < row["cost_now"]


@pytest.mark.parametrize("day", ["2026-01-19", "2026-06-01"])
def test_what_is_ordered_counts_whenever_it_is_due(day: str) -> None:
    """An open order that arrives later than is simulated is not ordered once more."""
    orders = pd.DataFrame(
        {"location_id": "main", "item_id": ["x"], "vendor": "A", "quantity": 500.0, "expected_on": [pd.Timestamp(day)]}
    )
    found = run(
        normal_forecast({"x": (20.0, 5.0)}, 4), items=items_of({"x": "A"}), stock=stock_of({"x": 15.0}), open_orders=orders,
        replications=20, assumptions=Assumptions(supplier_outage_days=14),
    )  # fmt: skip
    assert found.periods < 21
    assert found.targets["position"].tolist() == [515.0]
    assert orders_csv(build_report(examples.facts(simulation=found))).splitlines()[1:] == []


def test_one_count_is_compared_with_nothing() -> None:
    """Neither is what nobody delivered on order: without open orders the position is not known."""
    found = run(normal_forecast({"x": (100.0, 20.0)}), items=items_of({"x": "A"}), stock=stock_of({"x": 900.0}))
    row = found.targets.iloc[0]
    assert np.isnan([row["level_now"], row["cost_now"], row["fill_rate_now"], row["position"]]).all()
    stated = [one for one in found.assumptions if one.name == "Levels now"]
    assert stated[0].assumed
    assert stated[0].text == "unknown: it takes 6 counts of stock of the last twelve months, and there are 0"
