"""One Airflow a home: the second is refused and told who is there; the lock ends with its process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from decai_forecast.upkeep import HomeInUse, hold, last_user, user_of

HOLDING = "import sys, time; from pathlib import Path; from decai_forecast.upkeep import hold\n" + (
    "with hold(Path(sys.argv[1]), 'one', 'the Airflow at http://one'): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that has the lock of ``tmp_path``."""
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_airflow_is_refused_and_told_who_is_there(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    """Another scheduler of the same Airflow is none."""
    with pytest.raises(HomeInUse, match=rf"the Airflow at http://one \(process {holder.pid} on .*stop it first"):
        hold(tmp_path, "two", "").__enter__()
    with hold(tmp_path, "one", "a second scheduler"):
        assert user_of(tmp_path) == last_user(tmp_path)
    holder.kill()


def test_the_lock_ends_with_its_process_however_that_ends(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    """The next one is told by nobody to remove a file."""
    found = user_of(tmp_path)
    assert found is not None
    assert (found.airflow, found.pid, found.is_here) == ("one", holder.pid, True)
    holder.kill()
    holder.wait()
    assert user_of(tmp_path) is None
    with hold(tmp_path, "two", "the next"):
        now = user_of(tmp_path)
        assert now is not None
        assert (now.airflow, now.pid) == ("two", os.getpid())


def test_of_many_that_start_at_once_one_has_the_home(tmp_path: Path) -> None:
    """The others are refused, none waits for ever."""
    text = HOLDING.replace("'one'", "sys.argv[2]").replace("time.sleep(60)", "time.sleep(2)")
    began = time.monotonic()
    many = [subprocess.Popen([sys.executable, "-c", text, str(tmp_path), str(k)], stderr=subprocess.DEVNULL) for k in range(4)]
    assert sorted(process.wait(60) == 0 for process in many).count(True) == 1 or time.monotonic() - began > 4


def test_a_home_that_nobody_has_used(tmp_path: Path) -> None:
    """Nothing is made by looking."""
    assert user_of(tmp_path) is None
    assert last_user(tmp_path).airflow == ""
    assert list(tmp_path.iterdir()) == []
