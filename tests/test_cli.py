"""The commands as a person types them: help, messages, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT


def decai(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("decai")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize(
    "command",
    [[], ["network", "init"], ["partner", "add"], ["round", "run"], ["round", "show"], ["backtest"], ["demo"], ["up"]],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    """--help answers with what the command does."""
    done = decai(*command, "--help")
    assert done.returncode == 0
    assert "Usage: decai" in done.stdout
    if command and command != ["up"]:
        assert "xample" in done.stdout


def test_a_network_is_founded_shown_and_run(orders_file: Path, tmp_path: Path) -> None:
    """init, run, show and list go together; the JSON is what the table says."""
    home = tmp_path / "home"
    assert "5 companies, horizon 13 weeks, quorum 4" in decai("network", "init", "--data", orders_file, "--home", home).stdout
    file = home / "network.yaml"
    file.write_text(file.read_text().replace("strategy: exact", "strategy: bagging"))  # seconds, not minutes
    ran = decai("round", "run", "--home", home)
    assert ran.returncode == 0, ran.stderr
    assert "5 of 5 partners trained together" in ran.stdout
    shown = json.loads(decai("round", "show", "--home", home, "--json").stdout)
    assert [row["partner"] for row in shown["partners"]] == [f"shop_{k}" for k in range(5)]
    assert shown["status"] == "closed"
    listed = json.loads(decai("round", "list", "--home", home, "--json").stdout)
    assert [row["round"] for row in listed] == [shown["round"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["round", "run", "--home", "nowhere"], "network.yaml: not found; make a network with `decai network init`"),
        (["network", "init", "--data", "README.md", "--home", "nowhere"], "cannot be read as Parquet or CSV"),
        (["round", "run", "--home", "nowhere", "--round", "soon"], "not found"),
    ],
)
def test_an_expected_error_is_one_line_and_exit_code_2(arguments: list[str], said: str) -> None:
    """No stack trace: what was wrong and what to do."""
    done = decai(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_network_is_not_overwritten(orders_file: Path, tmp_path: Path) -> None:
    """A second init into the same home refuses."""
    decai("network", "init", "--data", orders_file, "--home", tmp_path / "home")
    again = decai("network", "init", "--data", orders_file, "--home", tmp_path / "home")
    assert again.returncode == 2
    assert "there is a network already" in again.stderr
