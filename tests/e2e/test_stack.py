"""Starting and stopping: a dead process is loud, Ctrl-C is quiet, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.orchestration.environment import Stack
from decai_forecast.orchestration.stack import StackDied, free_port, running

pytestmark = pytest.mark.long


def ours(home: Path) -> list[psutil.Process]:
    """Every process that belongs to the network at ``home``."""
    found = []
    for process in psutil.process_iter():
        try:
            works_there = process.pid != os.getpid() and Path(process.cwd()).is_relative_to(home)  # the stack works in its home
            if works_there and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def unset() -> dict[str, str]:
    """Without the settings of the tests' own Airflow, which `decai up` would respect."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}


def kill_and_wait(network: Network) -> None:
    """A running stack whose scheduler is killed."""
    with running(Stack(network, free_port(18580))) as client:
        next(p for p in ours(network.home) if p.cmdline()[-2:-1] == ["scheduler"]).kill()  # its children live on
        while True:
            client.check_health()
            time.sleep(0.2)


def test_when_one_process_dies_all_end_and_it_is_said(orders_file: Path, tmp_path: Path) -> None:
    """The message names the process and the log."""
    network = from_table(tmp_path / "home", orders_file, name="dying")
    with pytest.raises(StackDied, match=r"Airflow stopped: scheduler\.1 died; the log is .*stack\.log"):
        kill_and_wait(network)
    assert ours(network.home) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(orders_file: Path, tmp_path: Path, number: signal.Signals) -> None:
    """Stopped in the middle of a start: exit code 130, no stack trace, no process."""
    home, command = tmp_path / "home", [sys.executable, "-m", "decai_forecast", "demo", "--data", str(orders_file)]
    demo = subprocess.Popen(
        [*command, "--home", str(home), "--port", "18680"],
        env=unset(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 120
    while not any("scheduler" in process.cmdline() for process in ours(home)):
        assert time.monotonic() < end
        assert demo.poll() is None, demo.communicate()
        time.sleep(0.2)
    demo.send_signal(number)
    _, said = demo.communicate(timeout=60)
    assert demo.returncode == 130, said
    assert "Traceback" not in said
    assert ours(home) == []


def test_a_killed_command_leaves_nothing_and_two_are_refused(orders_file: Path, tmp_path: Path) -> None:
    """`kill -9` of `decai up`: the kernel tells its manager, which ends all; until then the home is taken."""
    home, line = tmp_path / "home", [sys.executable, "-m", "decai_forecast", "up", "--data", str(orders_file)]
    command = [*line, "--home", str(home), "--port", "18690"]
    first = subprocess.Popen(command, env=unset(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 180
    while not any("scheduler" in process.cmdline() for process in ours(home)):
        assert time.monotonic() < end
        time.sleep(0.2)
    second = subprocess.run(command, env=unset(), capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert f"(process {first.pid} on " in second.stderr.splitlines()[-1]
    first.kill()
    first.wait()
    end = time.monotonic() + 60
    while ours(home):
        assert time.monotonic() < end, [process.cmdline() for process in ours(home)]
        time.sleep(0.5)
