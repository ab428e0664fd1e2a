"""Rows made as of a young company teach the shared forecaster to serve newcomers; own models do not see them."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, DAYS, MONTHS, WEEKS, table

from decai_forecast.demand import fit_mean, prepare, train_local
from decai_forecast.demand.prepare import forecast_rows
from decai_forecast.errors import NotEnoughData
from decai_forecast.periods import Calendar


@pytest.mark.parametrize(("calendar", "oldest"), [(DAYS, 91), (WEEKS, 26), (MONTHS, 6)], ids=["D", "W", "M"])
def test_one_row_in_ten_knows_a_short_history_only(calendar: Calendar, oldest: int) -> None:
    """No window reaches further back than the company's age, and nothing of a year ago is known."""
    train = prepare(table(calendar, periods=3 * calendar.year), calendar, AS_OF, seed=1).train
    young = train[train["young"]]
    assert 0.05 < len(young) / (len(train) - len(young)) <= 0.1
    assert young["age"].between(1, oldest).all()
    assert young[["year_ago", "season_mean" if calendar.frequency != "D" else "years_ago"]].isna().all(axis=None)
    assert young["weight"].mean() == pytest.approx(1, abs=1e-3)


def test_own_models_do_not_see_them() -> None:
    """They are the same, to the byte, with and without these rows."""
    train = prepare(table(), WEEKS, AS_OF, seed=1).train
    grown = train[~train["young"]].drop(columns="young")
    assert train_local(train, seed=1) == train_local(grown, seed=1)
    assert fit_mean(train, seed=1) == fit_mean(grown, seed=1)


@pytest.mark.parametrize("weeks", [1, 4, 60])
def test_a_newcomer_gets_rows_from_its_first_sale_on(weeks: int) -> None:
    """The same columns as a grown company's, one row per series and period."""
    given = table()
    rows = forecast_rows(given[given["date"] >= pd.Timestamp(AS_OF) - pd.Timedelta(weeks=weeks)], WEEKS, AS_OF)
    grown = prepare(given, WEEKS, AS_OF, seed=1).future
    assert list(rows) == list(grown)
    assert len(rows) == len(grown)
    assert np.isfinite(rows["scale"]).all()
    assert (rows["age"] <= weeks).all()


def test_without_a_sale_there_is_nothing_to_scale_by() -> None:
    """It is said so."""
    with pytest.raises(NotEnoughData, match="no sale before 2020-01-06"):
        forecast_rows(table(), WEEKS, date(2020, 1, 6))
