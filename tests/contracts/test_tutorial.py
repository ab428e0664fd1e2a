"""The tutorial, typed as it stands: every command runs, and says what the tutorial says it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support import ROOT

BLOCK = re.compile(r"```(python|console)\n(.*?)```", re.S)


def test_the_tutorial_works(tmp_path: Path) -> None:
    """From the CSV file to the second version of the contract, with nothing but the commands of the page."""
    text = (ROOT / "docs/tutorial-contract.md").read_text()
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ran = 0
    for kind, block in BLOCK.findall(text):
        if kind == "python":
            (tmp_path / block.split()[1]).write_text(block)
            continue
        for command, expected in commands(block):
            done = subprocess.run(
                command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            for line in expected:
                assert line in done.stdout, (command, done.stdout, done.stderr)
            failing = any(line.startswith(("REFUSED", "1.0.0 -> 1.0.0: NOT")) for line in expected)
            assert done.returncode == (1 if failing else 0), (command, done.stdout, done.stderr)
            ran += 1
    assert ran >= 12
    assert {path.name for path in (tmp_path / "checked").iterdir()} == {
        "clean.parquet", "quarantine.parquet", "report.html", "report.txt", "report.json",
    }  # fmt: skip


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Each ``$`` line with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line:
            found[-1][1].append(line)
    return found
