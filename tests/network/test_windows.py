"""Schedules that can never be in time for a round are told before the first night, where they are written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from decai_forecast.cron_times import CronTimes
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network, Participant

TODAY = datetime(2026, 11, 30, 12, tzinfo=UTC)


def network(home: Path, **terms: object) -> Network:
    """Closed at 03:00 in Paris."""
    return Network(home, "n", "D", 28, (Participant("acme"),), time_zone="Europe/Paris", **terms)


def starts(cron: str, zone: str = "Europe/Paris") -> CronTimes:
    return CronTimes(cron, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("cron", "zone", "good"),
    [
        ("0 1 * * *", "Europe/Paris", True),
        ("30 23 * * *", "Europe/Paris", True),
        ("0 15 * * *", "Europe/Paris", True),
        ("59 14 * * *", "Europe/Paris", False),  # more than twelve hours before
        ("50 2 * * *", "Europe/Paris", True),
        ("51 2 * * *", "Europe/Paris", False),  # less than ten minutes before
        ("0 5 * * *", "Europe/Paris", False),
        ("0 5 * * *", "Asia/Tokyo", True),  # 21:00 in Paris
        ("45 21 * * *", "America/New_York", False),  # 03:45 in Paris, but for three weeks
        ("0 1 29 2 *", "Europe/Paris", True),
        ("*/10 * * * *", "UTC", True),
    ],
)
def test_what_can_be_in_time(tmp_path: Path, cron: str, zone: str, good: bool) -> None:
    """In winter or in summer."""
    assert bool(network(tmp_path).windows.never_in_time(starts(cron, zone))) is not good


def test_the_fault_says_when_it_would_be_right(tmp_path: Path) -> None:
    """In the zone of the delivery, with the weekday where rounds are not closed every day."""
    windows = network(tmp_path).windows
    assert windows.never_in_time(starts("0 5 * * *")) == (
        "a delivery at '0 5 * * *' (Europe/Paris) is in time for no round: rounds are closed at '0 3 * * *' (Europe/Paris, "
        "close_at) and take what starts between 12 hours (window_hours) and 10 minutes before; one at 01:00 would be in time"
    )
    weekly = network(tmp_path, close_at="0 3 * * 2").windows
    assert "one at Monday 19:00 would be" in weekly.never_in_time(starts("0 1 * * 1", "America/New_York"))


def test_a_network_may_agree_on_a_wider_window(tmp_path: Path) -> None:
    """Then a morning's delivery is for the night that follows."""
    windows = network(tmp_path, window_hours=24.0).windows
    assert windows.never_in_time(starts("0 5 * * *")) == ""
    assert windows.round_for(datetime(2026, 11, 30, 4, tzinfo=UTC)).id == "2026-12-01"


def test_what_is_missed_of_a_year_is_counted(tmp_path: Path) -> None:
    """01:00 in UTC is 03:00 in Paris in summer: nothing then is in time."""
    windows = network(tmp_path).windows
    assert windows.coverage(starts("0 1 * * *"), TODAY).words() == ""
    found = windows.coverage(starts("0 1 * * *", "UTC"), TODAY)
    assert (found.rounds, found.in_time, found.first_missed) == (366, 149, "2027-03-28")
    assert found.words() == "in time for 149 of 366 rounds of a year; the first that it misses is 2027-03-28"


def test_the_time_of_the_network_itself_is_checked(tmp_path: Path) -> None:
    """It counts for every contract that names none."""
    wrong = network(tmp_path, deliver_at="0 5 * * *")
    with pytest.raises(ConfigError, match=r"deliver_at: a delivery at '0 5 \* \* \*' \(Europe/Paris\) is in time for no round"):
        wrong.save()
