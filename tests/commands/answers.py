"""`decai` in this process: what it prints, and what it refuses; how errors leave the process is in test_exit_codes.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.errors import DecaiError


def decai(*arguments: str | Path, code: int = 0) -> str:
    """What stands on stdout; the command ends with the exit code ``code``."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def as_json(*arguments: str | Path, code: int = 0) -> Any:
    """What the command answers to a program."""
    return json.loads(decai(*arguments, "--json", code=code))


def refusal(*arguments: str | Path) -> str:
    """The message of the expected error with which the command ends."""
    with pytest.raises(DecaiError) as error:
        decai(*arguments)
    return str(error.value)
