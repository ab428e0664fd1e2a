"""Stopping a stack: what lost its parent is found by its mark, and an interrupt waits while a process is started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from decai_forecast.orchestration.stack import MARK, _Interruptible, _sweep

ORPHAN = """
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
import setproctitle
setproctitle.setproctitle("airflow worker -- LocalExecutor: <idle> with a title that needs all the room there is")
print(os.getpid(), flush=True)
time.sleep(60)
"""


def orphan(token: str) -> psutil.Process:
    """A process whose parent has ended, in a session of its own, under another title."""
    environment = os.environ | {MARK: token, "SPT_NOENV": "1"}
    started = subprocess.Popen([sys.executable, "-c", ORPHAN], env=environment, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    found = psutil.Process(int(started.stdout.readline()))
    started.wait()
    return found


def test_what_lost_its_parent_is_ended() -> None:
    """And nothing of another start of a stack."""
    ours, theirs = orphan("one"), orphan("two")
    _sweep("one")
    assert not ours.is_running() or ours.status() == psutil.STATUS_ZOMBIE
    assert theirs.is_running()
    _sweep("two")


def test_an_interrupt_waits_for_the_end_of_a_start() -> None:
    """So that no process is started that nobody knows."""
    done = []

    def start() -> None:
        with _Interruptible() as interrupts, interrupts.later():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            done.append("started")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["started"]
