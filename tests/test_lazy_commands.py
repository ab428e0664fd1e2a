"""`decai` loads the command that is typed and no other: pandas alone costs half a second of every one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from decai_forecast.cli import COMMANDS

HEAVY = ("pandas", "lightgbm", "airflow", "duckdb", "great_expectations", "flwr", "matplotlib")
LOADED = (
    "import sys; from typer.testing import CliRunner; from decai_forecast.cli import app; CliRunner().invoke(app, sys.argv[1:])"
)


@pytest.mark.parametrize("command", ["federation found", "federation invite", "federation join", "coordinator serve"])
def test_a_light_command_loads_nothing_heavy(command: str) -> None:
    """Those that a stranger types to found a federation."""
    told = f"{LOADED}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told, *command.split(), "--help"], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there(name: str) -> None:
    """Under the name that is typed, with a help text of its own."""
    done = subprocess.run([sys.executable, "-m", "decai_forecast", name, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Usage: decai {name} ") or done.stdout.startswith(f"Usage: python -m decai_forecast {name} ")


def test_another_word_is_no_command() -> None:
    """The message names it."""
    done = subprocess.run([sys.executable, "-m", "decai_forecast", "fly"], capture_output=True, text=True, check=False)
    assert (done.returncode, "No such command 'fly'" in done.stderr) == (2, True)
