"""The check's libraries are loaded once, by the scheduler that forks the workers, and by nobody else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support import ROOT

STARTS = """
import sys
sys.argv = ["airflow", {component!r}]
from airflow.plugins_manager import AirflowPlugin
import runpy
plugin = runpy.run_path("plugins/decai_plugin.py")["DecaiPlugin"]
assert "great_expectations" not in sys.modules
for listener in plugin.listeners:
    getattr(listener, "on_starting", lambda component: None)(component=None)
print("LOADED", "great_expectations" in sys.modules, "lightgbm" in sys.modules)
"""


@pytest.mark.parametrize(
    ("component", "executor", "loaded"),
    [
        ("scheduler", "LocalExecutor", True),
        ("scheduler", "CeleryExecutor", False),
        ("dag-processor", "LocalExecutor", False),
        ("triggerer", "LocalExecutor", False),
        ("api-server", "LocalExecutor", False),
    ],
)
def test_who_loads_them(component: str, executor: str, loaded: bool) -> None:
    """LightGBM never: its threads do not survive a fork."""
    environment = os.environ | {"AIRFLOW__CORE__EXECUTOR": executor}
    done = subprocess.run(
        [sys.executable, "-c", STARTS.format(component=component)], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == [f"LOADED {loaded} False"], done.stderr


def test_a_forked_process_checks_with_them() -> None:
    """What the scheduler loaded works in a task, which is a fork of a fork."""
    code = """
import importlib, os, sys, tempfile
sys.path.insert(0, "tests")
from pathlib import Path
importlib.import_module("decai_forecast.contracts.check.gx")
def forked(work):
    pid = os.fork()
    if not pid:
        work()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
def check():
    from deliveries import AS_OF, contract
    from decai_forecast.contracts import check_delivery
    folder = Path(tempfile.mkdtemp())
    print(check_delivery(contract(folder), folder / "delivery.parquet", AS_OF, folder).verdict, flush=True)
forked(lambda: forked(check))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.splitlines()[-1:] == ["accepted"], done.stderr
