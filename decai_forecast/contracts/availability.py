"""When a delivery is there: the contract's timeOfAvailability as a cron expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["schedule_of", "time_fault"]

TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(:00)?")
FIXED = re.compile(r"(\d{1,2}) (\d{1,2}) ")  # minute and hour of a cron expression that runs at one time of day


def schedule_of(levels: Iterable[Mapping[str, Any]]) -> str:
    """The cron expression of the first level that has one, else every day at its time; empty where there is neither."""
    items = list(levels)
    crons = [str(item.get("schedule") or "") for item in items if item.get("scheduler") == "cron"]
    times = [found for item in items if (found := TIME.fullmatch(str(item.get("value"))))]
    daily = [f"{int(found[2])} {int(found[1])} * * *" for found in times]
    return next((cron for cron in (*crons, *daily) if cron), "")


def time_fault(item: Mapping[str, Any]) -> str:
    """What is wrong with the level's time, empty if nothing is."""
    value, cron = item.get("value"), str(item.get("schedule") or "") if item.get("scheduler") == "cron" else ""
    time, fixed = TIME.fullmatch(str(value)), FIXED.match(cron)
    if time and fixed and (int(time[2]), int(time[1])) != (int(fixed[1]), int(fixed[2])):
        return f"value {value!r} and schedule {cron!r} are different times; keep one of them"
    if not time and not cron:
        return f"timeOfAvailability needs a time such as '06:00' (in timeZone, in quotes) or a cron schedule, not {value!r}"
    return ""
