"""What a choice is worth over the test window: scores, value added over a moving average, what would have shipped before."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand import Choice
from decai_forecast.partner.combine import judged as module
from decai_forecast.partner.combine.judged import Judged, dependence_of_past, judged, past_forecasts, past_levels
from decai_forecast.partner.combine.origins import Origins
from decai_forecast.simulation.demand import Dependence
from decai_forecast.simulation.demand.dependence import USUAL_PERIODS

LOCAL = Choice("local", "the own", 3, {})
DATES = pd.date_range("2026-03-30", periods=4, freq="7D")
TEST = date(2026, 3, 30)


def forecast(median: float, actual: float = 100.0, items: int = 2) -> pd.DataFrame:
    """Of each item, four weeks; the band is 40 units wide."""
    rows = [("all", f"i{k}", day, h, actual, 50.0) for k in range(items) for h, day in enumerate(DATES, start=1)]
    frame = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "h", "actual", "scale"])
    bands = {"q10": median - 20, "q50": median, "q90": median + 20, "mean": median}
    return frame.assign(lot=0.0, item_class="smooth", **bands)


def future(mean3: float) -> pd.DataFrame:
    """The rows that were forecast; ``mean3`` is in multiples of the scale of 50 units."""
    return forecast(0.0).assign(mean3=mean3)


def origins(local: float, shared: float, actual: float = 100.0) -> Origins:
    test = {"local": forecast(local, actual), "shared": forecast(shared, actual)}
    return Origins([TEST], [], test, test)


def test_every_candidate_is_scored_and_the_choice_beside_them() -> None:
    """The choice has the numbers of the candidate that it is."""
    found = judged(origins(local=90.0, shared=120.0), LOCAL, future(1.6))
    assert set(found.forecasts) == set(found.scores) == {"local", "shared", "combined"}
    assert {name: round(one.wape, 6) for name, one in found.scores.items()} == {"local": 0.1, "shared": 0.2, "combined": 0.1}
    pd.testing.assert_frame_equal(found.forecasts["combined"], found.forecasts["local"])


def test_value_is_added_over_a_moving_average() -> None:
    """It lies at 80 units of 100, the choice at 90: half of its error is saved, for both items."""
    found = judged(origins(local=90.0, shared=120.0), LOCAL, future(1.6))
    assert found.naive_wape == pytest.approx(0.2)
    added = found.value_added
    assert added is not None
    assert (added.units, added.share) == (pytest.approx(80.0), pytest.approx(0.5))
    assert (added.series, added.better, added.worse) == (2, 2, 0)


def test_value_may_be_lost() -> None:
    """Then units and share are below zero, and the series count as worse; equal ones count as neither."""
    added = judged(origins(local=60.0, shared=120.0), LOCAL, future(1.6)).value_added
    assert added is not None
    assert (added.units, added.better, added.worse) == (pytest.approx(-160.0), 0, 2)
    same = judged(origins(local=80.0, shared=120.0), LOCAL, future(1.6)).value_added
    assert same is not None
    assert (same.units, same.better, same.worse) == (pytest.approx(0.0), 0, 0)


def test_a_moving_average_without_an_error_has_no_share() -> None:
    """Nothing can be saved of nothing."""
    added = judged(origins(local=90.0, shared=120.0), LOCAL, future(2.0)).value_added
    assert added is not None
    assert (added.units, added.share) == (pytest.approx(-80.0), None)


@pytest.mark.parametrize("actual", [0.0, np.nan])
def test_a_window_without_a_sale_judges_nothing(actual: float) -> None:
    """Neither a score nor a value; the forecasts are there."""
    found = judged(origins(local=90.0, shared=120.0, actual=actual), LOCAL, future(1.6))
    assert set(found.forecasts) == {"local", "shared", "combined"}
    assert (found.scores, found.naive_wape, found.value_added) == ({}, None, None)


def test_without_a_test_window_there_is_nothing_to_judge() -> None:
    """Where history does not reach."""
    short = Origins([], [], {}, origins(90.0, 120.0).ship)
    assert judged(short, LOCAL, future(1.6)) == Judged({}, {})
    assert judged(origins(90.0, 120.0), LOCAL, None) == Judged({}, {})


def test_a_cut_off_knows_only_those_before_it() -> None:
    """What would have shipped is calibrated on earlier cut-offs: the oldest on none, so it is as it was forecast."""
    frames = [{"local": forecast(90.0)}, {"local": forecast(90.0)}]
    days = [date(2025, 12, 29), TEST]
    past = past_forecasts(Origins(days, frames[:1], frames[1], frames[1]), LOCAL)
    assert list(past) == days
    alone = past_forecasts(Origins(days[:1], frames[:1], {}, frames[0]), LOCAL)
    pd.testing.assert_frame_equal(past[days[0]], alone[days[0]])
    assert not past[TEST]["q90"].equals(past[days[0]]["q90"])  # too narrow once is wider the next time


def test_past_levels_stand_by_cut_off() -> None:
    """Mean and every level of each series, with the cut-off at which it would have shipped."""
    days = [date(2025, 12, 29), TEST]
    rows = past_levels({day: forecast(90.0, items=3) for day in days})
    assert list(rows.columns[:4]) == ["location_id", "item_id", "date", "mean"]
    assert rows.groupby("cutoff").size().to_dict() == {pd.Timestamp(day): 12 for day in days}
    assert (rows["q10"] < rows["q90"]).all()


def test_of_very_many_series_some_items_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evenly apart, each at all its sites."""
    monkeypatch.setattr(module, "PAST_SERIES", 4)
    both = [forecast(90.0, items=6).assign(location_id=site) for site in ("north", "south")]
    rows = past_levels({TEST: pd.concat(both, ignore_index=True)})
    assert sorted(rows["item_id"].unique()) == ["i0", "i3"]
    assert sorted(rows["location_id"].unique()) == ["north", "south"]


def test_few_past_rows_tell_the_dependence_of_other_companies() -> None:
    """An unknown actual is no row."""
    assert dependence_of_past([]) == Dependence(USUAL_PERIODS)
    assert dependence_of_past([forecast(90.0, actual=np.nan)]) == Dependence(USUAL_PERIODS)
