"""One training at a time over a federation's relay: a second one is told so at once, and the first one is not disturbed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from decai_forecast.federation.superlink.link import Link, TrainingRuns

OTHER = """
import sys
from pathlib import Path
from decai_forecast.federation.superlink.link import Link
with Link(Path(sys.argv[1])).training("2026-11-30"):
    print("runs", flush=True)
    sys.stdin.read()
"""


def test_a_second_training_is_told_which_one_runs(tmp_path: Path) -> None:
    """Round, process and since when; it has not taken the relay's port from the first."""
    with Link(tmp_path).training("2026-11-30"), pytest.raises(TrainingRuns) as error, Link(tmp_path).training("2026-12-01"):
        pass
    said = f"the training of round 2026-11-30 (process {os.getpid()}, since 20"
    assert str(error.value).startswith(said)
    assert str(error.value).endswith("UTC) runs already; wait until it has ended, then run `federate` again")
    with Link(tmp_path).training("2026-12-01"):
        pass


def test_a_training_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    """Whatever it left behind."""
    other = subprocess.Popen([sys.executable, "-c", OTHER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"runs\n"
    with pytest.raises(TrainingRuns, match=f"process {other.pid}, "), Link(tmp_path).training("x"):
        pass
    other.kill()
    other.wait()
    with Link(tmp_path).training("x"):
        pass
