"""Instants of cron expressions: equal to those of Airflow's timetable, also where a clock is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decai_forecast.cron_times import CronTimes, is_cron

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago")
CRONS = ("0 1 * * *", "30 2 * * *", "0,30 2,3 * * *", "30 * * * *", "30 23 * * *", "15 0 * * 1", "0 */2 * * *", "45 1 1 * *")
SPRING, AUTUMN = (datetime(2026, month, 23, tzinfo=UTC) for month in (3, 10))  # clocks are changed within two weeks
MOMENTS = st.datetimes(datetime(2026, 2, 1), datetime(2026, 12, 1), timezones=st.just(UTC))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", [SPRING, AUTUMN])
def test_each_instant_around_a_clock_change_is_airflows(zone: str, start: datetime) -> None:
    """Each step from one instant to the next."""
    from airflow.timetables.trigger import CronTriggerTimetable

    end = start + timedelta(days=14)
    for cron in CRONS:
        timetable, at = CronTriggerTimetable(cron, timezone=zone), pendulum.instance(start)
        for instant in CronTimes(cron, ZoneInfo(zone)).between(start, end):
            at = timetable._get_next(at)
            assert at.timestamp() == instant.timestamp(), (cron, at, instant)
        assert timetable._get_next(at) > end


@settings(max_examples=150, deadline=None)
@given(moment=MOMENTS, cron=st.sampled_from(CRONS), zone=st.sampled_from(ZONES))
def test_before_and_after_any_moment_are_neighbours(moment: datetime, cron: str, zone: str) -> None:
    """Of the same list of instants, wherever one begins to look."""
    times = CronTimes(cron, ZoneInfo(zone))
    last, following = times.until(moment), times.after(moment)
    assert last <= moment < following
    assert times.after(last) == following
    assert times.until(following) == following
    assert times.until(following - timedelta(microseconds=1)) == last


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("0 1 * * *", True), ("0 1 29 2 *", True), ("*/5 22-23 * * 1-5", True), ("0 1 30 2 *", False), ("0 1 31 4,6 *", False),
        ("61 1 * * *", False), ("0 1 * * * 30", False), ("@daily", False), ("midnight", False), ("", False),
    ],
)  # fmt: skip
def test_a_cron_expression_has_five_fields_and_comes_at_all(text: str, good: bool) -> None:
    """Airflow would stop at a day that never comes, and take a sixth field for seconds."""
    assert is_cron(text) is good
