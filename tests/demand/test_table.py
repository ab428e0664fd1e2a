"""The demand table lies on a regular calendar and tells only what may be known."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, DAYS, WEEKS, delivery

from decai_forecast.demand import build_table
from decai_forecast.periods import Calendar


def rows(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"item_id": "a", "quantity": 1.0} | columns)


@pytest.mark.parametrize("calendar", [DAYS, WEEKS], ids=["D", "W"])
def test_every_series_is_regular_up_to_the_last_period(calendar: Calendar) -> None:
    """Whatever rows are missing, periods follow each other without a gap up to the last whole one before as_of."""
    holes = delivery(calendar).sample(frac=0.5, random_state=1)
    for _, series in build_table(holes, calendar, AS_OF).groupby(["location_id", "item_id"]):
        assert (series["date"].diff().dropna() == pd.Timedelta(days=calendar.days)).all()
        assert series["date"].iloc[-1] == pd.Timestamp(calendar.add(AS_OF, -1))
        assert series["quantity"].iloc[0] > 0  # begins with its first sale


def test_a_week_is_the_sum_of_its_days() -> None:
    """Daily rows add up to weeks that start on Mondays; nothing is lost between the two."""
    daily = delivery(DAYS, periods=70)
    by_day, by_week = build_table(daily, DAYS, AS_OF), build_table(daily, WEEKS, AS_OF)
    by_day["date"] -= pd.to_timedelta(by_day["date"].dt.day_of_week, unit="D")
    sums = by_day.groupby(["location_id", "item_id", "date"], as_index=False)["quantity"].sum()
    pd.testing.assert_frame_equal(sums, by_week[sums.columns], check_dtype=False)


@pytest.mark.parametrize(("missing", "expected"), [("zero", [3.0, 0.0, 0.0, 2.0]), ("unknown", [3.0, np.nan, 0.0, 2.0])])
def test_gaps_are_zero_or_unknown(missing: str, expected: list[float]) -> None:
    """A period without a row is what the contract says; a delivered zero stays a zero."""
    given = rows(date=["2026-06-18", "2026-06-20", "2026-06-21"], quantity=[3.0, 0.0, 2.0])
    assert build_table(given, DAYS, AS_OF, missing=missing)["quantity"].tolist() == pytest.approx(expected, nan_ok=True)


def test_returns_do_not_lower_demand() -> None:
    """A negative quantity counts as zero, also beside a sale of the same day."""
    given = rows(date=["2026-06-20", "2026-06-21", "2026-06-21"], quantity=[5.0, 4.0, -9.0])
    assert build_table(given, DAYS, AS_OF)["quantity"].tolist() == [5.0, 4.0]


def test_the_list_price_is_preferred_and_carried_forward() -> None:
    """The price paid tells that something was sold; the list price does not."""
    given = rows(date=["2026-06-19", "2026-06-21"], price=[1.0, 2.0], list_price=[7.0, 8.0])
    assert build_table(given, DAYS, AS_OF)["price"].tolist() == [7.0, 7.0, 8.0]


def test_promotions_are_shares_and_unknown_where_no_row_is() -> None:
    """A week's promotion is the share of its rows; it is not carried into periods without rows."""
    given = rows(date=["2026-06-01", "2026-06-02", "2026-06-15"], promotion=[1.0, 0.0, 1.0])
    assert build_table(given, WEEKS, AS_OF)["promotion"].tolist() == pytest.approx([0.5, np.nan, 1.0], nan_ok=True)


@pytest.mark.parametrize("calendar", [DAYS, WEEKS], ids=["D", "W"])
@pytest.mark.parametrize("later", [0, 1, 400])
def test_rows_at_or_after_as_of_are_ignored(calendar: Calendar, later: int) -> None:
    """as_of is exclusive: rows from that day on change nothing."""
    given = delivery(calendar, periods=60)
    beyond = given.head(5).assign(date=pd.Timestamp(AS_OF + timedelta(days=later)), quantity=1e6, price=99.0)
    expected = build_table(given, calendar, AS_OF)
    pd.testing.assert_frame_equal(build_table(pd.concat([given, beyond]), calendar, AS_OF), expected)


def test_a_started_week_is_left_out() -> None:
    """Only whole periods count: mid-week, the running week is not there."""
    thursday = AS_OF - timedelta(days=4)
    assert build_table(delivery(DAYS), WEEKS, thursday)["date"].max() == pd.Timestamp("2026-06-08")


def test_the_order_of_rows_does_not_matter() -> None:
    """A shuffled delivery gives the same table."""
    given = delivery(DAYS, periods=40)
    shuffled = given.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(build_table(shuffled, WEEKS, AS_OF), build_table(given, WEEKS, AS_OF))


def test_without_a_sale_the_table_is_empty() -> None:
    """Zeros only: no series has begun."""
    assert build_table(rows(date=["2026-06-20"], quantity=[0.0]), DAYS, AS_OF).empty
