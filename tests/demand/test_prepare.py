"""Training and forecast rows: free of scale, free of the future, the same for the same seed."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, DAYS, MONTHS, WEEKS, delivery, table

from decai_forecast.demand import FEATURES, build_table, prepare
from decai_forecast.demand.panel import to_panel
from decai_forecast.demand.prophet_features import prophet_totals
from decai_forecast.demand.target import LARGEST_RATIO
from decai_forecast.errors import NotEnoughData
from decai_forecast.periods import Calendar

CALENDARS = pytest.mark.parametrize("calendar", [DAYS, WEEKS, MONTHS], ids=["D", "W", "M"])


def earlier(calendar: Calendar) -> date:
    """A cut-off one horizon before the end of the table."""
    return calendar.add(calendar.floor(AS_OF), -calendar.horizon)


@CALENDARS
def test_features_are_the_same_for_all_frequencies(calendar: Calendar) -> None:
    """One list of columns serves days, weeks and months; the forecast rows are one per series and period of the horizon."""
    found = prepare(table(calendar), calendar, AS_OF, seed=1)
    assert list(found.train) == [*FEATURES, "target", "back", "weight", "young"]
    assert set(FEATURES) <= set(found.future)
    assert len(found.future) == 4 * calendar.horizon
    assert found.future["date"].min() == pd.Timestamp(calendar.floor(AS_OF))
    assert found.future["actual"].isna().all()


@CALENDARS
def test_the_week_of_the_year_is_known_where_there_are_weeks(calendar: Calendar) -> None:
    """Of the period to forecast, not of its origin; months are told apart without it."""
    future = prepare(table(calendar), calendar, AS_OF, seed=1).future
    if calendar is MONTHS:
        assert future["week"].isna().all()
        return
    assert future["week"].tolist() == future["date"].dt.isocalendar().week.tolist()
    assert future["week"].nunique() == (2 if calendar is DAYS else 13)


@CALENDARS
def test_a_company_a_thousand_times_larger_has_the_same_rows(calendar: Calendar) -> None:
    """Features and target do not tell the size; only ``scale`` does, which stays at home."""
    small = table(calendar)
    one, other = (prepare(t, calendar, AS_OF, seed=1) for t in (small, small.assign(quantity=small["quantity"] * 1000)))
    pd.testing.assert_frame_equal(other.train, one.train, rtol=1e-4)
    pd.testing.assert_frame_equal(other.future[list(FEATURES)], one.future[list(FEATURES)], rtol=1e-4)
    assert other.future["scale"].to_numpy() == pytest.approx(one.future["scale"].to_numpy() * 1000)


def test_a_series_a_thousand_times_larger_has_the_same_rows() -> None:
    """What is not of the company's or the category's total does not change when one of its series grows."""
    small = table()
    large = small.assign(quantity=small["quantity"] * np.where(small["item_id"] == "i01", 1000, 1))
    own = [name for name in (*FEATURES, "target") if not name.startswith(("partner_", "category_"))]
    one, other = (prepare(t, WEEKS, AS_OF, seed=1).train[own] for t in (small, large))
    pd.testing.assert_frame_equal(other, one, rtol=1e-5)


def altered(given: pd.DataFrame, cutoff: date, change: str) -> pd.DataFrame:
    """The delivery with something else from the cut-off on."""
    after = given["date"] >= pd.Timestamp(cutoff)
    if change == "rows":
        late = pd.DataFrame({"date": [pd.Timestamp(cutoff)], "location_id": "main", "item_id": "new", "quantity": 1e5})
        return pd.concat([given[~after], late])
    value = {"quantity": 1e5, "price": 77.0, "promotion": 1.0}[change]
    return given.assign(**{change: given[change].mask(after, value)})


@CALENDARS
@pytest.mark.parametrize("change", ["quantity", "price", "promotion", "rows"])
def test_nothing_from_the_cutoff_on_reaches_a_feature_or_a_target(calendar: Calendar, change: str) -> None:
    """Whatever happens at the cut-off and after it, only the actuals differ."""
    given, cutoff = delivery(calendar), earlier(calendar)
    tables = [build_table(d, calendar, AS_OF) for d in (given, altered(given, cutoff, change))]
    one, other = (prepare(t, calendar, cutoff, seed=1) for t in tables)
    pd.testing.assert_frame_equal(other.train, one.train)
    pd.testing.assert_frame_equal(other.future.drop(columns="actual"), one.future.drop(columns="actual"))
    assert one.future["actual"].notna().all()
    assert (other.future["actual"] == one.future["actual"]).all() == (change in ("price", "promotion"))


def test_what_happened_before_the_cutoff_counts() -> None:
    """The counterpart: the last known period reaches the forecast rows."""
    given, cutoff = delivery(), earlier(WEEKS)
    more = given.assign(quantity=given["quantity"] + 5.0 * (given["date"] == pd.Timestamp(WEEKS.add(cutoff, -1))))
    tables = [build_table(d, WEEKS, AS_OF) for d in (given, more)]
    one, other = (prepare(t, WEEKS, cutoff, seed=1).future["lag0"] for t in tables)
    assert (other > one).all()


def test_actuals_are_the_sales_of_the_horizon() -> None:
    """``actual`` is the demand table's quantity at the row's own key."""
    known = table()
    future = prepare(known, WEEKS, earlier(WEEKS), seed=1).future
    both = future.merge(known, on=["location_id", "item_id", "date"], validate="one_to_one")
    assert len(both) == len(future)
    assert (both["actual"] == both["quantity"]).all()


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    """Horizons are drawn by the seed and the cut-off, by nothing else."""
    known = table()
    first, again, other = (prepare(known, WEEKS, AS_OF, seed=seed).train for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_training_rows_are_no_more_than_asked_for() -> None:
    """A sample of the rows is taken where there are more."""
    known = table()
    drawn = (prepare(known, WEEKS, AS_OF, seed=1, max_rows=n).train for n in (10**6, 100))
    everything, some = (train[~train["young"]].drop(columns=["weight", "young"]) for train in drawn)
    assert len(some) == 100 < len(everything)
    assert set(map(bytes, some.to_numpy())) <= set(map(bytes, everything.to_numpy()))


def test_a_bulk_order_is_bounded() -> None:
    """A target is at most the root of a hundred times the own scale; the second in a row, which is not taken for a slip."""
    known = table()
    known.loc[known["date"].isin(pd.to_datetime(["2026-05-04", "2026-05-11"])), "quantity"] = 1e6
    assert prepare(known, WEEKS, AS_OF, seed=1).train["target"].max() == pytest.approx(LARGEST_RATIO**0.5)


def test_a_series_that_fell_asleep_is_scaled_by_a_twentieth_of_its_life() -> None:
    """What has not sold for a year still gets a forecast, on a scale that tells how little is to be expected."""
    given = delivery()
    old = (given["item_id"] == "i00") & (given["date"] >= pd.Timestamp(WEEKS.add(AS_OF, -53)))
    table = build_table(given[~old], WEEKS, AS_OF)
    future = prepare(table, WEEKS, AS_OF, seed=1).future
    life = table.loc[table["item_id"] == "i00", "quantity"].mean()
    assert future.loc[future["item_id"] == "i00", "scale"].to_numpy() == pytest.approx(life / 20)


@CALENDARS
@pytest.mark.parametrize("periods", [0, 1, 5, 12])
def test_too_little_history_is_said(calendar: Calendar, periods: int) -> None:
    """A tiny delivery raises NotEnoughData, nothing else."""
    tiny = delivery(calendar, items=1).tail(periods)
    with pytest.raises(NotEnoughData):
        prepare(build_table(tiny, calendar, AS_OF), calendar, AS_OF, seed=1)


def test_a_cutoff_before_the_first_row_is_too_early() -> None:
    """There is nothing before it to train on."""
    with pytest.raises(NotEnoughData, match="0 periods before 2001-01-01"):
        prepare(table(), WEEKS, date(2001, 1, 1), seed=1)


@pytest.mark.parametrize(("periods", "fitted"), [(20, False), (60, True)])
def test_prophet_needs_history_and_is_flat_without(periods: int, fitted: bool) -> None:
    """Without enough periods a total is the mean of the history, for every period; large categories have their own."""
    panel = to_panel(table(periods=periods), WEEKS)
    found, made = prophet_totals(panel, periods)
    total = found["partner:all"]
    assert made is fitted
    assert set(found) == {"partner:all", "category:c0", "category:c1"}
    assert len(total) == periods + WEEKS.horizon
    assert (np.ptp(total) == 0) is not fitted
    assert total[:periods].mean() == pytest.approx(np.nansum(panel.quantity, axis=0)[:periods].mean(), rel=0.05)


def test_unknown_periods_make_no_targets() -> None:
    """Where the demand is unknown nothing is learnt, and no feature breaks."""
    holes = delivery().sample(frac=0.6, random_state=2)
    train = prepare(build_table(holes, WEEKS, AS_OF, missing="unknown"), WEEKS, AS_OF, seed=1).train
    assert np.isfinite(train["target"]).all()
    assert not np.isinf(train.to_numpy(float)).any()


def test_silence_is_no_collapse_of_the_groups() -> None:
    """Eight weeks of which nobody delivered anything: the total is not known there, and its trend is what the rest says; to
    Prophet it is unknown, too."""
    given = table(periods=160)
    silent = (given["date"] >= pd.Timestamp(AS_OF) - pd.Timedelta(weeks=10)) & (
        given["date"] < pd.Timestamp(AS_OF) - pd.Timedelta(weeks=2)
    )
    quiet = given.assign(quantity=given["quantity"].mask(silent), promotion=0.0)
    flat = quiet.assign(quantity=quiet["quantity"].where(quiet["quantity"].isna(), 10.0))
    future = prepare(flat, WEEKS, AS_OF, seed=1).future
    for name in ("partner_trend_short", "partner_trend_long", "category_trend_short", "category_trend_long"):
        np.testing.assert_allclose(future[name], 1.0)
    panel = to_panel(flat, WEEKS)
    views, fitted = prophet_totals(panel, panel.index(AS_OF))
    assert fitted
    np.testing.assert_allclose(views["partner:all"], 40.0, rtol=0.02)


def test_a_young_company_has_no_history_of_zeros() -> None:
    """In the rows that play one, its total before it began is unknown, so that a flat demand has no trend."""
    flat = table(periods=160).assign(quantity=10.0)
    train = prepare(flat, WEEKS, AS_OF, seed=1).train
    np.testing.assert_allclose(train.loc[train["young"], "partner_trend_long"], 1.0, rtol=1e-6)
