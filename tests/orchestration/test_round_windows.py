"""A year of nights on Airflow's own timetables: each delivery lands in exactly one round, and that one is closed after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest

from decai_forecast.network import Network, Participant
from decai_forecast.orchestration.context import closing_round, delivery_round, round_of_run
from decai_forecast.orchestration.partitions import nightly
from decai_forecast.round import Round

ZONES = ("Europe/Paris", "America/New_York", "Australia/Sydney", "Asia/Kolkata")
DELIVERIES = (
    "0 1 * * *", "30 23 * * *", "0 5 * * *", "30 2 * * *", "59 2 * * *", "0 3 * * *", "0 0 * * *", "15 12 * * *", "0 22 * * 0",
    "0 1 * * 1-5", "*/30 2 * * *", "0 6 1 * *",
)  # fmt: skip
CLOSINGS = (
    ("0 3 * * *", "Europe/Paris"),
    pytest.param("30 2 * * *", "America/New_York", marks=pytest.mark.long),
    pytest.param("0 7,19 * * *", "Europe/Paris", marks=pytest.mark.long),
)
START, END = pendulum.datetime(2026, 1, 1, tz="UTC"), pendulum.datetime(2027, 1, 2, tz="UTC")


def instants(cron: str, zone: str) -> Iterator[datetime]:
    """When Airflow's scheduler starts the runs of a DAG, of a year."""
    timetable, at = nightly(cron, zone), START
    while (at := timetable._get_next(at)) < END:
        yield at


def run_at(dag: str, at: datetime) -> dict[str, Any]:
    """The context of a scheduled run."""
    run = SimpleNamespace(dag_id=dag, logical_date=at, run_after=at, partition_key=None, conf={})
    return {"params": {"round": "", "as_of": ""}, "dag_run": run}


def by_id(_: str) -> Round:
    raise AssertionError("the run has no partition")


@pytest.mark.parametrize(("close_at", "zone"), CLOSINGS)
def test_each_delivery_of_a_year_lands_in_one_round(tmp_path: Path, close_at: str, zone: str) -> None:
    """A dozen schedules in four zones, across both clock changes: the round is that of the next run of `close_round`."""
    network = Network(tmp_path, "n", "D", 28, (Participant("acme"),), time_zone=zone, close_at=close_at)
    closed = [(at, closing_round(run_at("close_round", at), network, by_id)) for at in instants(close_at, zone)]
    assert Counter(round.id for _, round in closed).most_common(1)[0][1] == 1
    assert all(round.as_of == at.astimezone(network.zone).date() for at, round in closed)
    spans = {round.id: (before, at) for (before, _), (at, round) in pairwise(closed)}
    for cron in DELIVERIES:
        for theirs in ZONES:
            for start in instants(cron, theirs):
                landed = delivery_round(run_at("deliver_acme", start), network, by_id).id
                if closed[0][0] <= start < closed[-1][0]:
                    opened, ends = spans[landed]
                    assert opened <= start < ends, (cron, theirs, start)


@pytest.mark.parametrize(
    ("at", "delivers_for", "closes"),
    [
        ("2026-11-24 22:30", "2026-11-25", "2026-11-24"),  # 23:30 in Paris, before midnight
        ("2026-11-25 00:00", "2026-11-25", "2026-11-24"),
        ("2026-11-25 02:00", "2026-11-26", "2026-11-25"),  # 03:00 in Paris: closed
        ("2026-11-25 04:00", "2026-11-26", "2026-11-25"),
    ],
)
def test_a_run_before_midnight_is_for_the_next_day(tmp_path: Path, at: str, delivers_for: str, closes: str) -> None:
    """Rounds are named by the day on which they are closed."""
    network = Network(tmp_path, "n", "D", 28, (Participant("acme"),), time_zone="Europe/Paris")
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    for dag, meant, rule in (("deliver_acme", delivers_for, delivery_round), ("close_round", closes, closing_round)):
        context = run_at(dag, moment)
        assert rule(context, network, by_id).id == meant
        assert round_of_run(network, context["dag_run"]) == meant


def test_the_rounds_of_a_day_with_two_closings_have_names_of_their_own(tmp_path: Path) -> None:
    """The later one is the further round of its day, as one that is run by hand is."""
    network = Network(tmp_path, "n", "D", 28, (Participant("acme"),), close_at="0 7,19 * * *")
    morning = datetime(2026, 11, 25, 6, tzinfo=UTC)
    names = [network.windows.round_for(morning + timedelta(hours=hours)).id for hours in (0, 6, 18)]
    assert names == ["2026-11-25", "2026-11-25.2", "2026-11-26"]
