"""A company's node for the time of a round: one at a time, and it ends with the round, however that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from parties import Parties

from decai_forecast.commands.own_node import node_lock, taking_part
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network

ROUND = """
import sys, time
from pathlib import Path
from decai_forecast.commands.own_node import taking_part
from decai_forecast.network import Network

with taking_part(Network.load(Path(sys.argv[1])), "a", lambda text: print(text, flush=True)):
    time.sleep(600)
"""


@pytest.fixture
def network(tmp_path: Path) -> Network:
    network = Parties(tmp_path, runtime="superlink").network
    network.save()
    return network


def nodes(network: Network) -> list[psutil.Process]:
    """Of this network, as they run."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
        except psutil.Error:
            continue
        if "node" in command and str(network.home) in command:
            found.append(process)
    return found


def wait_for_one(network: Network) -> psutil.Process:
    end = time.monotonic() + 60
    while not (running := nodes(network)):
        assert time.monotonic() < end
        time.sleep(0.05)
    return running[0]


def test_a_company_has_one_node(network: Network) -> None:
    """A second one would take the first one's messages."""
    second = pytest.raises(ConfigError, match="a: a node of it runs already and takes part")
    with node_lock(network.home, "a"), node_lock(network.home, "b"), second, node_lock(network.home, "a"):
        pass
    with node_lock(network.home, "a"):
        pass


def test_a_node_that_runs_as_a_service_takes_part(network: Network) -> None:
    """Nothing is started beside it, and nothing of it is ended."""
    lines = list[str]()
    with node_lock(network.home, "a"), taking_part(network, "a", lines.append):
        time.sleep(0.3)
        assert nodes(network) == []
    assert lines == []


def test_a_training_in_one_process_needs_none(tmp_path: Path) -> None:
    """Nor does a network whose companies do not train on machines of their own."""
    lines = list[str]()
    with taking_part(Parties(tmp_path).network, "a", lines.append):
        pass
    assert (lines, (tmp_path / "federation").exists()) == ([], False)


def test_it_ends_with_the_round(network: Network) -> None:
    """Also where it would have gone on for ever."""
    lines = list[str]()
    with taking_part(network, "a", lines.append):
        node = wait_for_one(network)
    assert not node.is_running()
    assert lines[0] == f"a: its node starts; its log is {network.home / 'federation/a/node.log'}"


def test_one_that_ended_is_started_again(network: Network) -> None:
    """This one ends by itself: the company is not admitted, as its log says."""
    lines, end = list[str](), time.monotonic() + 90
    with taking_part(network, "a", lines.append, again=0.01):
        while len(lines) < 3:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert lines[1].startswith("a: its node ended; it is started again. Its log is ")
    assert lines[2] == lines[0]
    assert "error: a: not admitted" in (network.home / "federation/a/node.log").read_text()


def test_it_ends_with_a_round_that_is_killed(network: Network) -> None:
    """Nobody is left to end it: it notices."""
    process = subprocess.Popen([sys.executable, "-c", ROUND, str(network.home)], stdout=subprocess.DEVNULL)
    node = wait_for_one(network)
    node.suspend()  # so that it cannot end by itself before, for want of an admission
    process.send_signal(signal.SIGKILL)
    process.wait()
    node.resume()
    psutil.wait_procs([node], timeout=60)
    assert not node.is_running()
