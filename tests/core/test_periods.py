"""The calendar and the cut-offs of a night."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

CALENDARS = [Calendar("D", 28), Calendar("W", 13)]


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("offset", range(0, 200, 17))
def test_no_choice_window_reaches_into_the_test_window(calendar: Calendar, offset: int) -> None:
    """Every choice window ends at or before the test cut-off, and the test window ends where shipping begins."""
    cuts = calendar.cutoffs(date(2026, 1, 1) + timedelta(days=offset))
    assert calendar.add(cuts.test, calendar.horizon) == cuts.ship
    assert all(calendar.add(c, calendar.horizon) <= cuts.test for c in cuts.choice)
    assert sorted(cuts.all) == list(cuts.all)


@pytest.mark.parametrize("calendar", CALENDARS)
def test_choice_origins_stay_from_one_night_to_the_next(calendar: Calendar) -> None:
    """Within a horizon only the grid's newest point changes, so that past forecasters are reused."""
    nights = [calendar.cutoffs(date(2026, 3, 2) + timedelta(days=calendar.days * k)) for k in range(calendar.horizon)]
    assert len({night.choice for night in nights}) <= 2


@pytest.mark.parametrize("day", range(20, 27))
def test_weeks_start_on_mondays(day: int) -> None:
    """Whatever the weekday, only whole weeks count."""
    cuts = Calendar("W", 13).cutoffs(date(2026, 7, day))
    assert cuts.ship == date(2026, 7, 20)
    assert all(c.weekday() == 0 for c in cuts.all)


@pytest.mark.parametrize(
    ("frequency", "horizon", "said"),
    [("Q", 3, "use D .daily., W .weekly, Mondays. or M .monthly."), ("D", 0, "at least 1 period")],
)
def test_what_is_not_known_is_refused(frequency: str, horizon: int, said: str) -> None:
    """The message says what is."""
    with pytest.raises(ConfigError, match=said):
        Calendar(frequency, horizon)


def test_months_begin_on_the_first() -> None:
    """They are counted as months, whatever their length, and their grid of cut-offs is one of months too."""
    months = Calendar("M", 3)
    assert months.floor(date(2026, 2, 28)) == date(2026, 2, 1)
    assert months.add(date(2025, 11, 1), 14) == date(2027, 1, 1)
    assert months.between(date(2025, 11, 1), date(2027, 1, 1)) == 14
    found = months.cutoffs(date(2026, 6, 22))
    assert (found.test, found.ship) == (date(2026, 3, 1), date(2026, 6, 1))
    assert [day.month % 3 for day in found.choice] == [1, 1, 1]
