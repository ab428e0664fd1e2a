"""What a forecast is worth: cost of ordering by it, against a moving average with the same rule on the same demand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from worlds import WEEKS, normal_forecast

from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.network import Assumptions
from decai_forecast.simulation.targets import forecast_money

ITEMS = {f"x{k}": (20.0 + k, 5.0) for k in range(20)}


def sold(seed: int = 0) -> pd.DataFrame:
    """What normal demand brought, in the rows of a forecast."""
    frame = normal_forecast(ITEMS)
    return frame[["location_id", "item_id", "date"]].assign(
        actual=np.random.default_rng(seed).normal(frame["mean"], 5).clip(0).round()
    )


def forecasts() -> dict[str, pd.DataFrame]:
    """One knows the truth, one is far too wide, and the moving average lies too low."""
    wide = normal_forecast({name: (mean, 4 * sd) for name, (mean, sd) in ITEMS.items()})
    low = normal_forecast({name: (mean * 0.7, sd) for name, (mean, sd) in ITEMS.items()})
    return {"own": wide, "combined": normal_forecast(ITEMS), "moving_average": low}


def money(**changes: object) -> pd.DataFrame:
    given = {"actual": sold(), "forecasts": forecasts(), "assumptions": Assumptions(), "calendar": WEEKS, "seed": 1} | changes
    return forecast_money(**given).set_index("forecast")


def test_the_better_forecast_costs_least() -> None:
    """The true distribution costs least; what is saved is told against the moving average, whose own saving is 0."""
    found = money()
    assert found.index[0] == "combined"
    assert found.loc["combined", "saved"] == pytest.approx(found.loc["moving_average", "cost"] - found.loc["combined", "cost"])
    assert found.loc["moving_average", ["saved", "better", "worse"]].tolist() == [0, 0, 0]
    assert not found["in_money"].any()


def test_costs_are_stock_and_lost_sales() -> None:
    """A unit on hand costs 1 a period, a lost one 9."""
    found = money()
    assert found["cost"].to_numpy() == pytest.approx((found["stock"] + 9 * found["lost"]).to_numpy())


def test_unit_costs_make_it_money() -> None:
    """With a cost of 3 for every unit all costs are three times as high; where one is unknown they stay in units."""
    cost = sold()[["location_id", "item_id"]].drop_duplicates().assign(unit_cost=3.0)
    found = money(unit_cost=cost)
    assert found["in_money"].all()
    assert found.loc["own", "cost"] == pytest.approx(3 * money().loc["own", "cost"])
    assert not money(unit_cost=cost.iloc[1:])["in_money"].any()


def test_a_saving_is_a_share_of_any_cost() -> None:
    """What is saved of a cost below one unit of money is the same share as of any; of no cost it is no number."""
    cost = sold()[["location_id", "item_id"]].drop_duplicates()
    small, nothing = (money(unit_cost=cost.assign(unit_cost=each)) for each in (1e-6, 0.0))
    assert small.loc["moving_average", "cost"] < 1
    assert small["saved_share"].to_dict() == pytest.approx(money()["saved_share"].to_dict())
    assert nothing["saved_share"].isna().all()


def test_series_with_unknown_periods_are_left_out() -> None:
    """A censored period says nothing of what was asked for; without any series left that is said."""
    actual = sold()
    actual.loc[3, "actual"] = np.nan
    assert (money(actual=actual)["series"] == len(ITEMS) - 1).all()
    with pytest.raises(NotEnoughData) as error:
        money(actual=actual.assign(actual=np.nan))
    assert str(error.value) == "no series of the past window has a sale known in every period and a forecast of every kind"


def test_a_moving_average_is_needed() -> None:
    """Without the yardstick nothing is told."""
    with pytest.raises(ConfigError) as error:
        money(forecasts={"own": normal_forecast(ITEMS)})
    assert str(error.value) == "there is no forecast 'moving_average' to compare with; there are own"


def test_delivered_lead_times_and_margins_count() -> None:
    """A longer way needs more stock; a lost unit costs its margin where that is known, whatever is assumed."""
    series = sold()[["location_id", "item_id"]].drop_duplicates().assign(unit_cost=1.0)
    near, far = (money(unit_cost=series.assign(lead_time_days=days)) for days in (7.0, 56.0))
    assert far.loc["combined", "cost"] > near.loc["combined", "cost"]
    dear = money(unit_cost=series.assign(lost=90.0))
    assert dear["cost"].to_numpy() == pytest.approx((dear["stock"] + 90 * dear["lost"]).to_numpy())
    assert dear.loc["combined", "fill_rate"] > money(unit_cost=series).loc["combined", "fill_rate"]
