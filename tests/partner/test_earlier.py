"""What earlier nights forecast: one forecast of each cut-off, and of each past period the last one before it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from combined import combined

from decai_forecast.demand.overrides import Override
from decai_forecast.demand.watch import bias_alarms
from decai_forecast.partner import earlier as module
from decai_forecast.partner.earlier import earlier_forecasts, nearest_forecasts
from decai_forecast.periods import Calendar
from decai_forecast.round import Round
from decai_forecast.store import Store

WEEKS = Calendar("W", 2)
FIRST, SECOND, THIRD = date(2026, 6, 1), date(2026, 6, 8), date(2026, 6, 15)
NIGHT = Round.of("2026-06-15")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "shop")


def night(store: Store, cutoff: date, median: float, said: tuple[Override, ...] = ()) -> None:
    """A forecast of one item for the two weeks from ``cutoff`` on."""
    days = [pd.Timestamp(cutoff) + pd.Timedelta(weeks=k) for k in range(2)]
    rows = [("all", "i0", day, h, median, median - 5, median, median + 5) for h, day in enumerate(days, start=1)]
    frame = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "h", "mean", "q10", "q50", "q90"])
    combined(store, cutoff, frame.assign(lot=0.0), said)


def table(*units: float) -> pd.DataFrame:
    """What was sold in the weeks from the first on; the second one was sold out."""
    dates = pd.date_range(FIRST, periods=len(units), freq="7D")
    frame = pd.DataFrame({"location_id": "all", "item_id": "i0", "date": dates, "quantity": units})
    plain = {"price": np.nan, "promotion": np.nan, "planned_price": np.nan, "planned_promotion": np.nan}
    return frame.assign(censored=[k == 1 for k in range(len(units))], category="", country="", **plain)


def test_nights_stand_newest_first(store: Store) -> None:
    """Those before this one's cut-off; the forecast of this very cut-off is no earlier one."""
    for cutoff in (FIRST, SECOND, THIRD):
        night(store, cutoff, 10.0)
    found = earlier_forecasts(store, WEEKS, NIGHT)
    assert [(one.round, one.cutoff) for one in found] == [("2026-06-08", SECOND), ("2026-06-01", FIRST)]
    assert found[0].sha256 == found[0].combined.files["forecast.parquet"].sha256
    tuesday = Round.of("2026-06-16")
    assert [one.cutoff for one in earlier_forecasts(store, WEEKS, tuesday)] == [SECOND, FIRST]


def test_before_the_first_night_there_are_none(store: Store) -> None:
    """And nothing to judge by."""
    assert earlier_forecasts(store, WEEKS, NIGHT) == []
    assert nearest_forecasts([], table(1.0), WEEKS) is None


def test_some_nights_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest ones."""
    monkeypatch.setattr(module, "KEPT", 1)
    for cutoff in (FIRST, SECOND):
        night(store, cutoff, 10.0)
    assert [one.cutoff for one in earlier_forecasts(store, WEEKS, NIGHT)] == [SECOND]


def test_a_period_has_the_last_forecast_before_it(store: Store) -> None:
    """As the model made it, with what was sold since; what was sold out is not known."""
    night(store, FIRST, 10.0)
    night(store, SECOND, 20.0)
    found = nearest_forecasts(earlier_forecasts(store, WEEKS, NIGHT), table(7.0, 8.0, 9.0), WEEKS)
    assert found is not None
    rows = found.sort_values("date")[["date", "h", "q50", "override", "actual"]].to_numpy().tolist()
    days = [pd.Timestamp(day) for day in (FIRST, SECOND, THIRD)]
    assert [row[:4] for row in rows] == [[days[0], 1, 10.0, ""], [days[1], 1, 20.0, ""], [days[2], 2, 20.0, ""]]
    np.testing.assert_array_equal([row[4] for row in rows], [7.0, np.nan, 9.0])


def test_a_slip_judges_no_forecast_and_no_planner(store: Store) -> None:
    """A million typed among sales of nine: nobody can have forecast it, and no bias is told of it."""
    sold = [8.0, 9.0, 10.0] * 12
    weeks = [WEEKS.add(FIRST, k) for k in range(36)]
    for cutoff in weeks:
        night(
            store, cutoff, 9.0, (Override("all", "i0", cutoff, cutoff, "fair", "ada", "2026-05-30T08:00:00+00:00", value=9.0),)
        )
    later = earlier_forecasts(store, WEEKS, Round.of("2027-02-08"))
    typed = table(*sold[:35], 1e6).assign(censored=False)
    for overridden in (False, True):
        found = nearest_forecasts(later, typed, WEEKS, overridden=overridden)
        assert found is not None
        assert found["actual"].max() == 10.0
        assert found.loc[found["date"] == typed["date"].max(), "actual"].isna().all()
        assert bias_alarms(found, weeks[30]) == []


def test_what_is_still_to_come_is_not_judged(store: Store) -> None:
    """Nor a table without a row."""
    night(store, SECOND, 10.0)
    earlier = earlier_forecasts(store, WEEKS, NIGHT)
    assert nearest_forecasts(earlier, table(7.0), WEEKS) is None
    assert nearest_forecasts(earlier, table(), WEEKS) is None


def test_of_planners_only_what_they_changed(store: Store) -> None:
    """The last night before the period with an override in it, even where a later one had none; with the model's numbers."""
    said = Override("all", "i0", SECOND, SECOND, "fair", "ada", "2026-05-30T08:00:00+00:00", value=99.0)
    night(store, FIRST, 10.0, (said,))
    night(store, SECOND, 20.0)
    earlier = earlier_forecasts(store, WEEKS, NIGHT)
    found = nearest_forecasts(earlier, table(7.0, 8.0, 9.0), WEEKS, overridden=True)
    assert found is not None
    assert found[["date", "h", "q50", "override"]].to_numpy().tolist() == [[pd.Timestamp(SECOND), 2, 10.0, said.id]]
    assert nearest_forecasts(earlier[:1], table(7.0, 8.0, 9.0), WEEKS, overridden=True) is None
