"""`decai demo` and `decai up`: what is wrong is told before Airflow is started; the width of what is printed."""

from __future__ import annotations

import os
import pty
import sys
from pathlib import Path

import pytest
from answers import refusal

from decai_forecast.commands.table import WIDE, screen


@pytest.mark.parametrize("command", ["demo", "up"])
def test_a_wrong_network_is_told_first(tmp_path: Path, command: str) -> None:
    """Nothing is started, and nothing is written beside it."""
    (tmp_path / "network.yaml").write_text("version: 2\n")
    assert refusal(command, "--home", tmp_path).splitlines()[0].startswith(f"{tmp_path}/network.yaml:1:")
    assert [path.name for path in tmp_path.iterdir()] == ["network.yaml"]


@pytest.mark.parametrize("command", ["demo", "up"])
def test_a_wrong_table_is_told_first(tmp_path: Path, command: str) -> None:
    """And no network is founded on it."""
    (table := tmp_path / "orders.csv").write_text("company,day\nacme,2026-01-01\n")
    told = refusal(command, "--data", table, "--home", tmp_path / "home")
    assert told.startswith(f"{table}: no column 'partner_id'")
    assert not (tmp_path / "home/network.yaml").exists()


def test_a_file_wraps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody watches, a page is wide."""
    with (tmp_path / "log").open("w") as log:
        monkeypatch.setattr(sys, "stdout", log)
        monkeypatch.setattr(sys, "stderr", log)
        assert (screen().width, screen(stderr=True).width) == (WIDE, WIDE)


def test_a_terminal_has_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it says itself."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "77")
    main, end = pty.openpty()
    with os.fdopen(main, "rb", 0), os.fdopen(end, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        assert screen().width == 77
