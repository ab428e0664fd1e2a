"""A training in a process of its own: its errors are the caller's, and neither process outlives its purpose."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from parties import ROUND, Parties
from support import ROOT, quiet

from decai_forecast.coordinator import training_process
from decai_forecast.coordinator.training_process import Ending, TrainingLost, TrainingRefused, federate_apart
from decai_forecast.errors import BelowQuorum, FederationError
from decai_forecast.node_environment import NODE_PYTHON


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path / "home")


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is started as the node environment's Python: a shell script that a test writes."""
    script = tmp_path / "python"
    script.touch(0o755)
    monkeypatch.setenv(NODE_PYTHON, str(script))
    return script


def test_below_the_quorum_it_is_that_error(parties: Parties) -> None:
    """Of the class that the caller acts on, with its text."""
    with pytest.raises(BelowQuorum, match="0 of 4"):
        federate_apart(parties.coordinator, ROUND, quiet)


def test_any_other_expected_error_keeps_its_code() -> None:
    """And whether another try is worth while."""
    error = Ending("training_runs", True, "another one").error()
    assert isinstance(error, TrainingRefused)
    assert isinstance(error, FederationError)
    assert (error.code, error.passes, str(error)) == ("training_runs", True, "another one")


def test_lines_come_as_they_are_said(parties: Parties, python: Path) -> None:
    """What goes wrong unexpectedly is told, and tried again."""
    python.write_text("#!/bin/sh\ncat > /dev/null\necho tree 1\necho Traceback >&2\nexit 3\n")
    lines: list[str] = []
    with pytest.raises(TrainingLost, match=r"ended with exit code 3; its last lines say why") as caught:
        federate_apart(parties.coordinator, ROUND, lines.append)
    assert caught.value.passes
    assert lines == ["tree 1", "Traceback"]


def test_one_that_is_killed_is_tried_again(parties: Parties, python: Path) -> None:
    python.write_text("#!/bin/sh\nkill -9 $$\n")
    with pytest.raises(TrainingLost, match=rf"of round {ROUND.id} \(process \d+\) was ended by signal 9"):
        federate_apart(parties.coordinator, ROUND, quiet)


def test_whoever_stops_listening_ends_it(parties: Parties, python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order where it hears, at once where it does not."""
    monkeypatch.setattr(training_process, "PATIENCE", 0.3)
    python.write_text("#!/bin/sh\ntrap '' TERM\ncat > /dev/null\necho $$\nwhile true; do sleep 0.1; done\n")
    heard: list[int] = []

    def stop(line: str) -> None:
        heard.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        federate_apart(parties.coordinator, ROUND, stop)
    assert not psutil.pid_exists(heard[0])


PARENT = """
import os, subprocess, sys, time
child = "import sys; from decai_forecast.coordinator import training_process as t; import time\\n" \\
    "import signal; signal.signal(signal.SIGTERM, t._end)\\n" \\
    "t._end_with(int(sys.argv[1]))\\n" \\
    "try:\\n    print('works', flush=True); time.sleep(60)\\nfinally:\\n    print('in order', flush=True)"
subprocess.Popen([sys.executable, "-c", child, str(os.getpid())])
time.sleep(60)
"""


def test_it_ends_in_order_with_its_parent() -> None:
    """Which is killed; nobody else would tell it."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "works\n"
    parent.send_signal(signal.SIGKILL)
    began = time.monotonic()
    assert parent.stdout.read() == "in order\n"  # the child has the same standard output, and closes it when it ends
    assert time.monotonic() - began < 30.0
    parent.wait()


def test_one_whose_parent_is_gone_already_does_not_begin() -> None:
    with pytest.raises(SystemExit) as caught:
        training_process._end_with(os.getpid())  # never its own parent
    assert caught.value.code == 128 + signal.SIGTERM
