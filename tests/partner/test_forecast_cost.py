"""What ordering by each forecast had cost over the test window, in units or, where unit costs are known, in money."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand import build_table
from decai_forecast.network import Assumptions
from decai_forecast.partner.combine.cost import costs_of
from decai_forecast.partner.facts import ForecastCost
from decai_forecast.periods import Calendar

WEEKS = Calendar("W", 4)
TEST = date(2026, 6, 1)
PAST = pd.date_range(end="2026-05-25", periods=60, freq="7D")
AHEAD = pd.date_range("2026-06-01", periods=4, freq="7D")


def table(items: int = 2) -> pd.DataFrame:
    """Ten units a week, and so over the test window."""
    rows = [("all", f"i{k}", day, 10.0) for k in range(items) for day in [*PAST, *AHEAD]]
    frame = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "quantity"])
    return build_table(frame, WEEKS, date(2026, 6, 29))


def forecast(median: float, actual: float = 10.0, items: int = 2) -> pd.DataFrame:
    rows = [("all", f"i{k}", day, h, actual, 10.0) for k in range(items) for h, day in enumerate(AHEAD, start=1)]
    frame = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "h", "actual", "scale"])
    bands = {"q10": median - 1, "q50": median, "q90": median + 1, "mean": median}
    return frame.assign(lot=0.0, item_class="smooth", **bands)


def costs(items: pd.DataFrame | None = None, **tested: pd.DataFrame) -> dict[str, ForecastCost]:
    found = costs_of(tested, table(), items, WEEKS, TEST, Assumptions())
    assert [one.cost for one in found] == sorted(one.cost for one in found)
    return {one.forecast: one for one in found}


def test_without_a_test_window_nothing_is_told() -> None:
    """No forecast was tried."""
    assert costs_of({}, table(), None, WEEKS, TEST, Assumptions()) == ()


def test_three_forecasts_and_the_moving_average_are_compared() -> None:
    """Blends that did not ship are not told; the dearest stands last."""
    found = costs(local=forecast(10.0), shared=forecast(20.0), mean=forecast(15.0), combined=forecast(10.0))
    assert set(found) == {"own", "shared", "combined", "moving_average"}
    assert list(found)[-1] == "shared"
    assert found["own"].cost == found["combined"].cost < found["shared"].cost
    assert {one.series for one in found.values()} == {2}
    assert not any(one.in_money for one in found.values())
    assert found["moving_average"].saved == 0.0


def test_unit_costs_make_it_money() -> None:
    """Holding a unit for a week costs its share of the year's rate; the ratio of the costs stays."""
    items = pd.DataFrame({"item_id": ["i0", "i1"], "unit_cost": [100.0, 100.0]})
    units, money = (costs(of, local=forecast(10.0), combined=forecast(20.0)) for of in (None, items))
    assert all(one.in_money for one in money.values())
    assumptions = Assumptions()
    rate = 100.0 * assumptions.holding_rate * 7 / 365 / assumptions.holding_cost
    for name, one in money.items():
        assert one.cost == pytest.approx(rate * units[name].cost)
        assert one.stock == pytest.approx(units[name].stock)


@pytest.mark.parametrize(
    "items",
    [
        pd.DataFrame({"item_id": ["i0", "i1"], "category": ["a", "b"]}),
        pd.DataFrame({"item_id": ["i0"], "unit_cost": [100.0]}),
        pd.DataFrame({"item_id": ["i0", "i1"], "unit_cost": [100.0, np.nan]}),
    ],
)
def test_a_cost_that_is_not_known_of_all_is_no_money(items: pd.DataFrame) -> None:
    """Then costs stay multiples of a unit."""
    assert not costs(items, combined=forecast(10.0))["combined"].in_money


def test_series_that_are_not_known_throughout_are_left_out() -> None:
    """Without any other there is nothing to tell."""
    known, unknown = forecast(10.0), forecast(10.0, actual=np.nan)
    partly = known.assign(actual=known["actual"].where((known["item_id"] == "i0") | (known["h"] > 1)))
    assert costs(combined=partly)["combined"].series == 1
    assert costs(combined=unknown) == {}
