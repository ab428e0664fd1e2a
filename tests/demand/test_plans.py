"""Prices and promotions reach the features as far ahead as they are planned, and no plan that was not yet made."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, delivery, table

from decai_forecast.demand import build_table, prepare
from decai_forecast.demand.panel import to_panel
from decai_forecast.demand.plans import plan_rows, published_before, with_plans
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

A = pd.DataFrame({"location_id": ["main"], "item_id": ["a"]})
MAY = pd.date_range("2026-05-04", periods=4, freq="W-MON")  # Mondays 4, 11, 18, 25 May


def prices(*rows: tuple[str, str | None, float, float], **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["valid_from", "valid_to", "price", "promotion"])
    return frame.assign(item_id="a", location_id="main", **columns)


def test_a_promotion_interrupts_the_usual_price() -> None:
    """Four days of a week at 6 among days at 10; the week after is at 10 again."""
    plan = prices(("2026-01-01", None, 10.0, 0), ("2026-05-14", "2026-05-17", 6.0, 1))
    price, promotion = plan_rows(plan, A, WEEKS, MAY)
    assert price[0].tolist() == pytest.approx([10, (3 * 10 + 4 * 6) / 7, 10, 10])
    assert promotion[0].tolist() == pytest.approx([0, 4 / 7, 0, 0])


@pytest.mark.parametrize(("frequency", "shares"), [("D", [0, 1, 0]), ("W", [1 / 7, 0, 0]), ("M", [0, 1 / 31, 0])])
def test_a_period_is_promoted_as_much_as_its_days_are(frequency: str, shares: list[float]) -> None:
    """One day of promotion, Tuesday 2026-05-05, on each calendar."""
    calendar = Calendar(frequency, 2)
    first = {"D": "2026-05-04", "W": "2026-05-04", "M": "2026-04-01"}[frequency]
    dates = pd.date_range(first, periods=3, freq=calendar.pandas)
    plan = prices(("2026-01-01", None, 10.0, 0), ("2026-05-05", "2026-05-05", 6.0, 1))
    assert plan_rows(plan, A, calendar, dates)[1][0].tolist() == pytest.approx(shares)


def test_without_a_plan_nothing_is_known() -> None:
    """A price that ends leaves the periods after it unknown, and so does another item's price."""
    plan = prices(("2026-05-04", "2026-05-10", 10.0, 1))
    price, promotion = plan_rows(plan, pd.concat([A, A.assign(item_id="b")]), WEEKS, MAY)
    assert np.isnan(price[0, 1:]).all()
    assert np.isnan(promotion[0, 1:]).all()
    assert np.isnan(price[1]).all()


def test_prices_without_a_location_hold_everywhere() -> None:
    """One row serves all sites of an item."""
    plan = prices(("2026-01-01", None, 10.0, 0)).drop(columns="location_id")
    assert (plan_rows(plan, pd.concat([A, A.assign(location_id="south")]), WEEKS, MAY)[0] == 10).all()


def test_without_a_promotion_column_the_list_price_tells() -> None:
    """Below the list price is on promotion; a price of zero is no price."""
    plan = prices(("2026-05-04", "2026-05-10", 8.0, 0), ("2026-05-11", None, 0.0, 0), list_price=10.0)
    price, promotion = plan_rows(plan.drop(columns="promotion"), A, WEEKS, MAY)
    assert promotion[0, 0] == 1
    assert np.isnan(price[0, 1:]).all()


def test_a_plan_made_after_the_cut_off_is_not_used() -> None:
    """Of two promotions ahead only the one that was published before the cut-off is known."""
    plan = prices(("2026-05-11", "2026-05-17", 6.0, 1), ("2026-05-18", "2026-05-24", 6.0, 1))
    plan["published_on"] = ["2026-05-03", "2026-05-04"]
    _, promotion = plan_rows(published_before(plan, date(2026, 5, 4)), A, WEEKS, MAY)
    assert promotion[0].tolist() == pytest.approx([np.nan, 1, np.nan, np.nan], nan_ok=True)


def test_a_plan_made_within_its_period_counts_from_the_next() -> None:
    """Published on a Wednesday for that Monday, it was not known ahead for the running week."""
    plan = prices(("2026-05-11", None, 6.0, 1), published_on="2026-05-13")
    assert plan_rows(plan, A, WEEKS, MAY)[1][0].tolist() == pytest.approx([np.nan, np.nan, 1, 1], nan_ok=True)


def test_the_table_gets_the_plans_of_its_periods() -> None:
    """Each row carries what was planned for its own item and week."""
    rows = table(periods=30, items=2)
    plan = prices(("2020-01-01", None, 10.0, 0), ("2026-06-01", "2026-06-07", 6.0, 1)).assign(item_id="i01")
    found = with_plans(rows, plan, WEEKS).set_index(["item_id", "date"])["planned_promotion"]
    assert found["i00"].isna().all()
    assert found["i01"][found["i01"] > 0].to_dict() == {pd.Timestamp("2026-06-01"): 1.0}


def test_the_panel_carries_the_plan_over_the_horizon() -> None:
    """A promotion beyond the last delivery is in the arrays, at its own period."""
    plan = prices(("2020-01-01", None, 10.0, 0), ("2026-07-06", "2026-07-12", 6.0, 1)).assign(item_id="i00")
    panel = to_panel(table(periods=30, items=2), WEEKS, plans=plan)
    assert panel.planned_promotion[0, panel.index(date(2026, 7, 6))] == 1
    assert panel.planned_price[0, -1] == 10
    assert np.isnan(panel.planned_price[1]).all()


def test_planned_promotions_reach_the_features() -> None:
    """Training rows of promoted weeks know it, and it goes with what they sold."""
    given = delivery(periods=120)
    rows = {"valid_from": given["date"], "valid_to": given["date"] + pd.Timedelta(days=6)}
    plan = given[["location_id", "item_id", "price", "promotion"]].assign(**rows)
    known = with_plans(build_table(given, WEEKS, AS_OF), plan, WEEKS)
    train = prepare(known, WEEKS, AS_OF, seed=0).train
    assert set(train["promotion_ahead"]) == {0.0, 1.0}
    assert train["promotion_ahead"].corr(train["target"]) > 0.5


def test_an_unreadable_day_names_the_item() -> None:
    """The message says which item's row and how to write a day."""
    with pytest.raises(ConfigError) as error:
        plan_rows(prices(("soon", None, 6.0, 1)), A, WEEKS, MAY)
    assert str(error.value) == "prices of item a: valid_from is 'soon', not a day; write it as 2026-01-31"


def test_a_missing_column_is_named() -> None:
    """Without a first day there is no plan."""
    with pytest.raises(ConfigError) as error:
        plan_rows(prices(("2026-01-01", None, 6.0, 1)).drop(columns="valid_from"), A, WEEKS, MAY)
    assert str(error.value) == "plans cannot be read: the data set 'prices' has no column valid_from"
