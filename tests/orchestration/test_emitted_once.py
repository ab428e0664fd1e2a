"""The partition of a round is emitted once, and by a run that was killed before Airflow knew of it once more."""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from parties import ROUND, Parties

from decai_forecast.coordinator.federate import keep_last
from decai_forecast.coordinator.heartbeat import SIGN, Sign, TrainingElsewhere
from decai_forecast.coordinator.roster import write_roster
from decai_forecast.orchestration import tasks
from decai_forecast.orchestration.plan import SHARED


class Event:
    """What Airflow takes from a task that ended well."""

    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}
        self.partitions: list[str] = []

    def add_partitions(self, key: str) -> None:
        self.partitions.append(key)


@pytest.fixture
def parties(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parties:
    """Three companies are ready."""
    parties = Parties(tmp_path, "abc", quorum=3)
    parties.network.save()
    parties.submit("abc")
    monkeypatch.setenv("DECAI_HOME", str(tmp_path))
    return parties


def context(run_id: str, number: int = 1) -> dict[str, Any]:
    run, params = (
        SimpleNamespace(partition_key=None, conf={}, run_id=run_id),
        {"round": ROUND.id, "as_of": ROUND.as_of.isoformat()},
    )
    task = SimpleNamespace(try_number=number, max_tries=5)
    return {"params": params, "dag_run": run, "ti": task, "outlet_events": defaultdict(Event)}


def emitted(work: Any, run_id: str) -> list[str]:
    given = context(run_id)
    work(given)
    return given["outlet_events"][SHARED].partitions


def test_a_run_that_was_killed_emits_again_and_no_other(parties: Parties) -> None:
    """Between publishing and the task's end: otherwise no report of the round would ever start."""
    keep_last(parties.coordinator, ROUND, "worse")
    assert emitted(tasks.federate, "first") == [ROUND.id]
    assert emitted(tasks.federate, "first") == [ROUND.id]
    with pytest.raises(AirflowSkipException, match="has its shared forecaster"):
        tasks.federate(context("second"))
    assert emitted(tasks.close, "closing") == []


def test_a_closing_emits_what_nobody_has(parties: Parties) -> None:
    """And again, if it was killed, though the round is closed by then."""
    write_roster(parties.coordinator, ROUND)
    assert emitted(tasks.close, "closing") == [ROUND.id]
    assert emitted(tasks.close, "closing") == [ROUND.id]
    assert emitted(tasks.close, "another") == []


def test_a_round_that_another_process_trains_is_left_to_it_at_last(parties: Parties) -> None:
    """Before that it is asked again: the other one may have been killed."""
    write_roster(parties.coordinator, ROUND)
    parties.coordinator.store.write_json(f"rounds/{ROUND.id}/training.json", sign_of_another())
    with pytest.raises(TrainingElsewhere):
        tasks.federate(context("second", 5))
    with pytest.raises(AirflowSkipException, match="is trained by process"):
        tasks.federate(context("second", 6))


def test_a_closing_waits_for_a_training_of_another_run(parties: Parties) -> None:
    """Else the last forecaster would be published in its place, and what is trained just now would be lost."""
    write_roster(parties.coordinator, ROUND)
    parties.coordinator.store.write_json(f"rounds/{ROUND.id}/training.json", sign_of_another())
    closing = threading.Thread(target=tasks.close, args=(context("closing"),), daemon=True)
    closing.start()
    closing.join(2 * tasks.LOOK)
    assert closing.is_alive()
    assert parties.coordinator.link.closing(ROUND.id) is None
    keep_last(parties.coordinator, ROUND, "worse")  # the other run publishes
    closing.join(60)
    assert parties.coordinator.link.closing(ROUND.id) is not None


def sign_of_another() -> dict[str, Any]:
    """Of life, by a training on another host."""
    return SIGN.dump_python(Sign.now(), mode="json") | {"host": "elsewhere"}
