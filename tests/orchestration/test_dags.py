"""The DAGs as Airflow sees them: their number, their schedules, their partitions, and how light they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pendulum
import pytest
from support import ROOT

from decai_forecast.founding import from_table
from decai_forecast.network import Network

HEAVY = ("great_expectations", "lightgbm", "prophet", "flwr", "duckdb", "matplotlib", "pandas")


@pytest.fixture(scope="module")
def network(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Network:
    found = replace(from_table(tmp_path_factory.mktemp("dags") / "home", orders_file, name="five"), time_zone="Europe/Paris")
    found.save()
    path = found.home / "contracts/shop_0/demand.odcs.yaml"
    path.write_text(path.read_text().replace("value: UTC", "value: Europe/Paris"))
    return found


@pytest.fixture(scope="module")
def dags(network: Network) -> dict:
    """All DAGs of the network, through Airflow's own bag, serialised and read back as the scheduler does."""
    os.environ["DECAI_HOME"] = str(network.home)
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(str(ROOT / "dags"))
    assert not bag.import_errors
    return {name: DagSerialization.from_dict(DagSerialization.to_dict(dag)) for name, dag in bag.dags.items()}


def test_a_partner_has_three_dags_and_the_coordinator_two(dags: dict, network: Network) -> None:
    """Nothing more, nothing less, and at most four tasks each."""
    partners = {f"{kind}_{p}" for p in network.partners for kind in ("deliver", "report", "what_if")}
    assert set(dags) == partners | {"federate", "close_round"}
    assert all(len(dag.task_dict) <= 4 for dag in dags.values())


def test_nights_follow_the_wall_clock_into_summer_time(dags: dict) -> None:
    """01:00 in Paris is 00:00 UTC before the change of 29 March 2026 and 23:00 UTC after it."""
    from airflow.timetables.base import DataInterval, TimeRestriction

    timetable = dags["deliver_shop_0"].timetable
    at, found = pendulum.datetime(2026, 3, 28, tz="UTC"), []
    for _ in range(2):
        info = timetable.next_dagrun_info(
            last_automated_data_interval=DataInterval.exact(at), restriction=TimeRestriction(None, None, catchup=True)
        )
        at = info.run_after
        found.append(at.isoformat())
    assert found == ["2026-03-29T00:00:00+00:00", "2026-03-29T23:00:00+00:00"]


def test_installing_a_network_does_not_start_last_night(dags: dict) -> None:
    """The first scheduled run lies in the future."""
    from airflow.timetables.base import TimeRestriction

    for name in ("deliver_shop_0", "close_round"):
        info = dags[name].timetable.next_dagrun_info(
            last_automated_data_interval=None, restriction=TimeRestriction(None, None, catchup=False)
        )
        assert info.run_after > pendulum.now("UTC")


def test_the_partition_is_named_while_the_task_runs(dags: dict) -> None:
    """The nightly timetable schedules runs and leaves the partition to the task."""
    assert dags["deliver_shop_0"].timetable.partitioned_at_runtime
    assert dags["deliver_shop_0"].timetable.can_be_scheduled


def test_the_quorum_counts_the_partners_of_one_round(dags: dict, network: Network) -> None:
    """`federate` waits for the network's minimum of its partners' keys, and knows their round."""
    text = json.dumps(dags["federate"].timetable.serialize(), default=str)
    assert str(network.minimum) in text
    from decai_forecast.orchestration.partitions import PartnersOfRound, RoundOfKey

    assert RoundOfKey().to_downstream("shop_1|2026-06-29.2") == "2026-06-29.2"
    window = PartnersOfRound.deserialize(PartnersOfRound(["b", "a"]).serialize())
    assert window.to_upstream("2026-06-29") == {"a|2026-06-29", "b|2026-06-29"}


def test_equal_files_give_equal_dags(network: Network) -> None:
    """Two parses serialise to the same bytes: otherwise Airflow makes a new version at every parse."""
    code = """
import json
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag("dags")
print(json.dumps({n: DagSerialization.to_dict(d) for n, d in sorted(bag.dags.items())}, sort_keys=True, default=str))
"""
    first, second = (_python(code, network) for _ in range(2))
    assert first.splitlines()[-1] == second.splitlines()[-1]


@pytest.mark.parametrize(
    "path", sorted(p.relative_to(ROOT).as_posix() for d in ("dags", "plugins") for p in (ROOT / d).glob("*.py"))
)
def test_parsing_loads_nothing_heavy(path: str, network: Network) -> None:
    """A DAG or plugin file leaves the heavy libraries alone and has at most 80 lines."""
    code = f"""
import runpy, sys
runpy.run_path({path!r})
print("LOADED", [name for name in {HEAVY!r} if name in sys.modules])
"""
    assert "LOADED []" in _python(code, network)
    assert len((ROOT / path).read_text().splitlines()) <= 80


def _python(code: str, network: Network) -> str:
    environment = os.environ | {"DECAI_HOME": str(network.home)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_form_of_a_what_if_offers_every_kind_of_shock(dags: dict) -> None:
    """The kinds of the form are those that can be simulated; it starts by hand only."""
    from decai_forecast.shock_kinds import KINDS

    dag = dags["what_if_shop_0"]
    assert set(dag.params.get_param("kind").schema["enum"]) == set(KINDS)
    assert not dag.timetable.can_be_scheduled
    for name in ("node", "round", "factor"):  # a field that somebody has emptied
        assert "null" in dag.params.get_param(name).schema["type"]
