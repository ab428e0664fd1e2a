"""Where Flower is: named, beside the environment that runs, or in it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from environments import without
from support import ROOT

from decai_forecast import node_environment
from decai_forecast.errors import ConfigError
from decai_forecast.node_environment import NODE_PYTHON, has_flower, node_python, versions_of


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment without Flower, with a node environment in it that has one of version 7."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    python = tmp_path / "node" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    installed = tmp_path / "node" / "lib" / "python3.11" / "site-packages" / "flower_of_tests-7.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: flower-of-tests\nVersion: 7\n")
    return python


def test_the_named_one_comes_first(beside: Path) -> None:
    """Then the one beside, and that is never followed to the interpreter that it links to."""
    assert node_python({NODE_PYTHON: sys.executable}) == Path(sys.executable)
    assert node_python({}) == beside


def test_without_another_one_it_is_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Flower is installed; else the error names both ways."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert has_flower()
    assert node_python({}) == Path(sys.executable)
    monkeypatch.setattr(node_environment, "has_flower", lambda: False)
    with pytest.raises(ConfigError, match=rf"Flower is not installed in {tmp_path}.*requirements/node.txt.*{NODE_PYTHON}"):
        node_python({})


def test_a_named_one_that_cannot_be_started_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{NODE_PYTHON} is .*absent.*; expected a Python"):
        node_python({NODE_PYTHON: str(tmp_path / "absent")})


def test_versions_are_read_from_both(beside: Path) -> None:
    """In the given order; what is in neither is left out."""
    assert list(versions_of(["flower-of-tests", "lightgbm", "absent-of-tests"]).items()) == [
        ("flower-of-tests", "7"),
        ("lightgbm", version("lightgbm")),
    ]


MOVED = """
from decai_forecast import cli
sys.argv = ["decai", *sys.argv[1:]]
cli.main()
"""


def test_a_command_that_trains_goes_on_in_the_node_environment(tmp_path: Path) -> None:
    """With its arguments; the others stay where they are."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "node: $*"\nexit 7\n')
    python.chmod(0o755)
    done = without("flwr", MOVED, "round", "list", "--json", environment={NODE_PYTHON: str(python), "PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stdout) == (7, "node: -m decai_forecast round list --json\n")
    stayed = without("flwr", MOVED, "audit", "--help", environment={NODE_PYTHON: str(python), "PYTHONPATH": str(ROOT)})
    assert stayed.returncode == 0, stayed.stderr
    assert "node:" not in stayed.stdout


def test_an_environment_that_names_itself_and_has_no_flower_ends() -> None:
    """It would take over from itself for ever."""
    done = without("flwr", MOVED, "round", "list", environment={NODE_PYTHON: sys.executable, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert "an environment without Flower; install requirements/node.txt there" in done.stderr


def test_nothing_is_imported_to_find_out() -> None:
    script = "import sys; from decai_forecast.node_environment import has_flower; print(has_flower(), 'flwr' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "True False\n"
