"""A retry can still win the round: only the last try answers the coordinator, and only what may pass is tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowTaskTimeout
from support import NIGHT, submit_ready

from decai_forecast.contracts import Verdict
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import keep_last
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.orchestration import tasks, waiting
from decai_forecast.partner import check as checking
from decai_forecast.partner.check import NotChecked

FAULTY = '      - {id: mine, type: sql, query: "SELECT count(*) FROM elsewhere", mustBe: 0}\n\nslaProperties:'


@pytest.fixture
def network(orders_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Five companies; four of them have delivered."""
    found = replace(from_table(tmp_path / "home", orders_file, name="five"), quorum=3)
    found.save()
    monkeypatch.setenv("DECAI_HOME", str(found.home))
    submit_ready(found, NIGHT, *found.partners[:4])
    return found


def context(number: int, retries: int) -> dict[str, Any]:
    """What Airflow hands to a task in its ``number``-th try."""
    run = SimpleNamespace(partition_key=None, conf={})
    params = {"round": NIGHT.id, "as_of": NIGHT.as_of.isoformat()}
    return {"params": params, "dag_run": run, "ti": SimpleNamespace(try_number=number, max_tries=retries)}


def out(network: Network) -> dict[str, str]:
    """Who has answered that it has no part in the training, and why."""
    missing = round_status(coordinator_context(network), NIGHT.id).missing()
    return {partner: why for partner, why in missing.items() if why != "absent"}


def test_a_task_that_waits_is_run_again_when_airflow_takes_it_for_killed() -> None:
    """One that goes on within seconds can be queued before the scheduler has heard that its first part ended."""
    waits = [
        waiting.RosterWritten(task_id="a"),
        waiting.SettleRoster(task_id="b"),
        waiting.OwnDelivery(task_id="c", partner="p"),
    ]
    assert all(task.retries == waiting.RETRIED["retries"] and task.retry_delay == timedelta(seconds=10) for task in waits)


def test_tries_outlast_an_api_server_that_is_away_for_ten_minutes() -> None:
    """Without one each try ends before it has begun; the pauses alone are longer, and the first is short."""
    task = waiting.RosterWritten(task_id="a")
    longest = task.max_retry_delay
    assert isinstance(longest, timedelta)
    pauses = [min(task.retry_delay * task.retry_exponential_backoff**number, longest) for number in range(task.retries)]
    assert sum(pauses, timedelta()) > timedelta(minutes=10)


def test_an_expected_error_of_a_combination_ends_its_task_at_once(network: Network) -> None:
    """Without the company's own training another try would not help, and the message says what is missing."""
    coordinator = coordinator_context(network)
    keep_last(coordinator, NIGHT, "below_quorum")
    with pytest.raises(AirflowFailException, match="has no finished step 'train'; run that one first"):
        waiting.OwnDelivery(task_id="combine", partner="shop_0").execute(context(1, 2))


def test_an_absent_source_is_told_at_the_last_try(network: Network) -> None:
    """Before that the round waits, and a source that comes still wins its place."""
    source = network.home / "sources/shop_4/demand.parquet"
    data = source.read_bytes()
    source.unlink()
    for number in (1, 2, 3):
        with pytest.raises(Exception, match="is not there"):
            tasks.pull("shop_4", context(number, 3))
        assert not waiting.all_answered(network, NIGHT.id)
    with pytest.raises(Exception, match="is not there"):
        tasks.pull("shop_4", context(4, 3))
    assert out(network) == {"shop_4": "failed:source_absent"}
    source.write_bytes(data)
    tasks.pull("shop_4", context(4, 3))
    assert tasks.check("shop_4", context(1, 2))["demand"]["verdict"] is Verdict.ACCEPTED


def test_what_does_not_pass_is_told_at_once(network: Network) -> None:
    """A damaged file does not get better."""
    (network.home / "sources/shop_4/demand.parquet").write_bytes(b"PAR1 damaged")
    with pytest.raises(AirflowFailException, match="cannot be read as parquet"):
        tasks.pull("shop_4", context(1, 3))
    assert out(network) == {"shop_4": "failed:source_unreadable"}


def test_a_check_that_could_not_be_made_is_made_again(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """The night tries again; the coordinator hears of it after the last try."""
    tasks.pull("shop_4", context(1, 3))
    real = checking.check_delivery
    monkeypatch.setattr(
        checking, "check_delivery", lambda *a, **k: replace(real(*a, **k), verdict=Verdict.NOT_CHECKED, code="engine")
    )
    for number in (1, 2):
        with pytest.raises(NotChecked, match="the delivery itself may be fine, repeat the step"):
            tasks.check("shop_4", context(number, 2))
        assert out(network) == {}
    with pytest.raises(NotChecked):
        tasks.check("shop_4", context(3, 2))
    assert out(network) == {"shop_4": "failed:not_checked"}
    monkeypatch.undo()
    monkeypatch.setenv("DECAI_HOME", str(network.home))
    assert tasks.check("shop_4", context(3, 2))["demand"]["verdict"] is Verdict.ACCEPTED


def test_a_faulty_rule_ends_the_check_at_once(network: Network) -> None:
    """Its own code: the partner has to correct it."""
    path = network.home / "contracts/shop_4/demand.odcs.yaml"
    path.write_text(path.read_text().replace("\nslaProperties:", FAULTY, 1))
    tasks.pull("shop_4", context(1, 3))
    with pytest.raises(AirflowFailException, match="correct the rule"):
        tasks.check("shop_4", context(1, 2))
    assert out(network) == {"shop_4": "failed:rule"}


@pytest.mark.parametrize(
    ("error", "code"), [(MemoryError(), "internal"), (AirflowTaskTimeout("2 h"), "timeout"), (OSError(28, "full"), "internal")]
)
def test_a_fault_of_ours_is_told_at_the_last_try(
    network: Network, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: str
) -> None:
    """Out of memory, out of time, out of disk: as a code, and tried again before."""

    def broken(*arguments: object, **options: object) -> None:
        raise error

    tasks.pull("shop_4", context(1, 3))
    monkeypatch.setattr(checking, "check_delivery", broken)
    with pytest.raises(type(error)):
        tasks.check("shop_4", context(2, 2))
    assert out(network) == {}
    with pytest.raises(type(error)):
        tasks.check("shop_4", context(3, 2))
    assert out(network) == {"shop_4": f"failed:{code}"}


def test_tasks_of_a_delivery_have_limits(network: Network) -> None:
    """Retries where a fault may pass, and a longest time for each."""
    from airflow.dag_processing.dagbag import DagBag
    from support import ROOT

    found = {task.task_id: task for task in DagBag(str(ROOT / "dags")).dags["deliver_shop_0"].tasks}
    assert {name: task.retries for name, task in found.items()} == {"pull": 3, "check": 2, "train": 2}
    assert {task.execution_timeout.total_seconds() for task in found.values()} == {7200}
