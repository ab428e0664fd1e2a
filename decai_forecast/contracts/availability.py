"""When a delivery is there: the contract's timeOfAvailability as a cron expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from decai_forecast.contracts.model import Contract
from decai_forecast.cron_times import CronTimes
from decai_forecast.documents.fault import Fault
from decai_forecast.network import Windows

__all__ = ["out_of_time", "schedule_of", "starts_of", "time_fault"]

SCHEDULED = "demand"  # the data set whose contract says when a company's night begins

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


def starts_of(contract: Contract, windows: Windows) -> CronTimes | None:
    """When deliveries start by this contract; None where it does not decide. Without a zone of its own it is the network's."""
    if contract.data_set != SCHEDULED or not contract.schedule:
        return None
    return CronTimes(contract.schedule, ZoneInfo(contract.time_zone) if contract.time_zone else windows.closings.zone)


def out_of_time(raw: Mapping[str, Any], contract: Contract, windows: Windows) -> Iterator[Fault]:
    """A time at which no delivery can be in time for a round of the network."""
    starts = starts_of(contract, windows)
    if starts is not None and (fault := windows.never_in_time(starts)):
        yield Fault(_place(raw), fault)


def _place(raw: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Of the first level that has a schedule, else of the first that has a time."""
    times = [(k, item) for k, item in enumerate(raw["slaProperties"]) if item.get("property") == "timeOfAvailability"]
    number, item = next(((k, item) for k, item in times if item.get("scheduler") == "cron"), times[0])
    return ("slaProperties", number, "schedule" if item.get("scheduler") == "cron" else "value")
