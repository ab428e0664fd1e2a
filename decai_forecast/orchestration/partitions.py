"""How a night's keys travel between DAGs: the nightly timetable, and the quorum over ``partner|round`` partitions.

The three classes run in the scheduler; the plugin registers them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.partition_mappers.base import PartitionMapper
from airflow.partition_mappers.window import Window
from airflow.timetables.trigger import CronTriggerTimetable

__all__ = ["NightlyTimetable", "PartnersOfRound", "RoundOfKey", "nightly"]


class NightlyTimetable(CronTriggerTimetable):
    """Runs by cron; the partition (the round) is named by the task while it runs.

    Airflow's own ``PartitionedAtRuntime`` never schedules a run.
    """

    partitioned_at_runtime = True


def nightly(cron: str, time_zone: str) -> NightlyTimetable:
    """A nightly schedule whose first run is the next one: installing a network must not start last night's run."""
    return NightlyTimetable(cron, timezone=time_zone, run_immediately=timedelta(0))


class RoundOfKey(PartitionMapper):
    """``acme|2026-11-22`` belongs to round ``2026-11-22``."""

    def to_downstream(self, key: str) -> str:
        return key.rsplit("|", 1)[-1]

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RoundOfKey:
        return cls(max_downstream_keys=data.get("max_downstream_keys"))


class PartnersOfRound(Window):
    """The keys that a round can receive: one of each partner."""

    expected_decoded_type = str

    def __init__(self, partners: list[str]) -> None:
        super().__init__()
        self.partners = sorted(partners)

    def to_upstream(self, decoded_downstream: str) -> frozenset[str]:
        return frozenset(f"{partner}|{decoded_downstream}" for partner in self.partners)

    def serialize(self) -> dict[str, Any]:
        return {"partners": self.partners}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> PartnersOfRound:
        return cls(data["partners"])
