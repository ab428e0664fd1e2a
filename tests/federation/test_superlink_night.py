"""Nights of a network whose companies train over a SuperLink, as people and the scheduler start them: a command, the DAG's
task."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from superlinks import Companies, companies
from support import NIGHT, orders

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import read_training
from decai_forecast.federation import Member
from decai_forecast.founding import from_table
from decai_forecast.link import SharedStatus
from decai_forecast.network import Network
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.submit import deliver
from decai_forecast.round import Round

pytestmark = pytest.mark.long
BEFORE = Round.of("2026-06-22")
SHORT = """
from functools import partial
import decai_forecast.federation as federation
federation.Plan = partial(federation.Plan, rounds=2)
"""
COMMAND = f"""{SHORT}
from decai_forecast.cli import main
main()
"""
TASK = f"""{SHORT}
import sys
from collections import defaultdict
from types import SimpleNamespace
from unittest.mock import MagicMock
from decai_forecast.orchestration.tasks import federate
events = defaultdict(MagicMock)
run = SimpleNamespace(partition_key=sys.argv[1], conf={{}}, run_id="manual")
federate({{"params": {{}}, "dag_run": run, "outlet_events": events}})
[event] = events.values()
event.add_partitions.assert_called_once_with(sys.argv[1])
print("emitted", event.extra["status"])
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companies]:
    """Three companies with their nodes."""
    folder = tmp_path_factory.mktemp("night")
    orders(partners=3, items=2).to_parquet(folder / "orders.parquet", index=False)
    network = replace(from_table(folder / "home", folder / "orders.parquet", name="three"), runtime="superlink", quorum=3)
    network.save()
    with companies(network.home, [Member(name, network.address(name)) for name in network.partners]) as found:
        yield found


def ran(there: Companies, code: str, *arguments: str) -> str:
    """What a process printed that ended well."""
    told = dict(os.environ) | {"DECAI_HOME": str(there.home)}
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def shared(network: Network, night: Round) -> SharedForecasters:
    return SharedForecasters.of(coordinator_context(network).link, night.id)


def test_a_round_trains_over_the_superlink(there: Companies) -> None:
    """`decai round run`: all three deliver, train exactly on their own nodes, and each has its report."""
    network = Network.load(there.home)
    said = ran(there, COMMAND, "round", "run", "--round", BEFORE.id, "--json")
    found = shared(network, BEFORE)
    told = found.published
    assert (told.strategy, told.status) == ("exact", SharedStatus.TRAINED)
    assert (told.members, told.dropped) == (network.partners, {})
    ship = network.calendar.cutoffs(BEFORE.as_of).ship
    assert sorted(found.at(ship) or {}) == [0.1, 0.5, 0.9]
    assert f"(before {ship}, quantile 0.9): tree 2 of 2, loss " in said
    for name in network.partners:
        assert f"{name}: train.exact, {ship}/q0.9" in (there.home / f"{name}.log").read_text()
        assert f"report {name}: " in said


def test_the_next_night_compares_over_the_superlink(there: Companies) -> None:
    """The DAG's task: the new forecaster and the one in use are scored by all three nodes, and the partition is emitted."""
    network = Network.load(there.home)
    for name in network.partners:
        deliver(partner_context(network, name), NIGHT)
    said = ran(there, TASK, NIGHT.id)
    told = shared(network, NIGHT).published
    assert f"emitted {told.status}" in said
    assert (told.members, told.dropped) == (network.partners, {})
    done = read_training(coordinator_context(network), NIGHT.id)
    assert done is not None
    assert done.facts.evaluation is not None
    assert told.evaluation is not None
    assert sorted(done.facts.evaluation.scores) == list(network.partners)
    assert told.evaluation.promoted == (told.status is SharedStatus.TRAINED)
    for name in network.partners:
        assert f"{name}: evaluate, " in (there.home / f"{name}.log").read_text()
