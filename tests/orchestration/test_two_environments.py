"""Airflow's processes need no Flower, those of the node environment no Airflow; over both a night is that of one process."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from environments import without
from support import NIGHT, ROOT, copy_of

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.network import Network
from decai_forecast.node_environment import NODE_PYTHON

PARSED = """
import importlib, pkgutil, runpy
from pathlib import Path
import decai_forecast

def failed(name):
    raise

# Alembic runs the migrations' environment, nobody imports it
skipped = ("decai_forecast.federation.", "decai_forecast.__main__", "decai_forecast.exchange.migrations.env")
for module in pkgutil.walk_packages(decai_forecast.__path__, "decai_forecast.", failed):
    if not module.name.startswith(skipped):
        importlib.import_module(module.name)
ids = []
for path in sorted(Path(sys.argv[1], "dags").glob("*.py")):
    sys.path.insert(0, str(path.parent))
    from airflow.sdk import DAG
    ids += [one.dag_id for one in runpy.run_path(str(path)).values() if isinstance(one, DAG)]
plugin = runpy.run_path(str(Path(sys.argv[1], "plugins", "decai_plugin.py")))
print(len(ids), plugin["DecaiPlugin"].name, "flwr" in sys.modules)
"""
NIGHT_OF_BOTH = """
from pathlib import Path
from decai_forecast.coordinator.training_process import federate_apart
from decai_forecast.network import Network
from decai_forecast.one_machine import run
from decai_forecast.round import Round

run.federate = federate_apart  # what Airflow's task calls
closing = run.run_round(Network.load(Path(sys.argv[1])), Round.of(sys.argv[2]))
print(closing.status, "flwr" in sys.modules)
"""
COMMANDS = """
from decai_forecast.cli import WITH_FLOWER, _loaded
print([_loaded(name).name for name in WITH_FLOWER])
from decai_forecast.coordinator import training_process
from decai_forecast.federation.superlink import flower, node, supernode
print("airflow" in sys.modules)
"""


def environment(network: Network | None = None) -> dict[str, str]:
    """The node environment is the one that the tests run in."""
    home = {} if network is None else {"DECAI_HOME": str(network.home), "AIRFLOW_HOME": str(network.home / "airflow")}
    return os.environ | home | {NODE_PYTHON: sys.executable, "PYTHONPATH": str(ROOT)}


def test_every_module_of_airflows_processes_loads_where_there_is_no_flower(founded: Network) -> None:
    """All rooms but that of the training, every DAG file and the plugin."""
    done = without("flwr", PARSED, str(ROOT), environment=environment(founded))
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.fullmatch(r"\d+ decai False", last := done.stdout.splitlines()[-1]), last


def test_what_trains_loads_where_there_is_no_airflow() -> None:
    """The commands that the node environment takes over, the training's process, a company's node."""
    done = without("airflow", COMMANDS, environment=environment())
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["['round', 'federation', 'coordinator']", "False"]


@pytest.mark.parametrize("command", ["demo", "up"])
def test_a_command_of_airflow_says_where_it_is_not(founded: Network, command: str) -> None:
    """In the node environment, in one line, and before anything is made."""
    script = f"from decai_forecast import cli\nsys.argv = ['decai', {command!r}]\ncli.main()"
    done = without("airflow", script, environment=environment(founded))
    assert done.returncode == 2
    assert re.fullmatch("error: Airflow is not installed in .*; install requirements/airflow.txt .*\n", done.stderr)


@pytest.mark.long
def test_a_night_over_both_environments_has_the_same_models(founded: Network, finished: Network, tmp_path: Path) -> None:
    """Byte for byte, and the report names the Flower that trained."""
    network = copy_of(founded, tmp_path)
    done = without("flwr", NIGHT_OF_BOTH, str(network.home), NIGHT.id, environment=environment())
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "closed False"
    trained, expected = (coordinator_context(one).link.shared(NIGHT.id) for one in (network, finished))
    assert trained is not None
    assert expected is not None
    assert trained.models == expected.models
    assert '"flwr"' in (network.home / "stores" / network.partners[0] / "outbox" / NIGHT.id / "report.json").read_text()


def test_both_lock_files_and_that_of_the_tests_agree() -> None:
    """What is tested is what is installed; neither environment has the other's library."""
    airflow, node, tests = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("airflow", "node", "dev"))
    assert airflow.items() <= tests.items()
    assert node.items() <= tests.items()
    assert "flwr" in node
    assert "flwr" not in airflow
    assert not [name for name in node if "airflow" in name]


def pins(path: Path) -> dict[str, tuple[str, ...]]:
    """Distribution -> its versions, of a few more than one; extras aside."""
    pinned: dict[str, tuple[str, ...]] = {}
    for name, number in re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", path.read_text(), re.M):
        pinned[name] = (*pinned.get(name, ()), number)
    return pinned
