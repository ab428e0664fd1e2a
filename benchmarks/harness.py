"""Runs cases in processes of their own and writes the result file.

A case is a Python file that prints, as its last line, a JSON object with at least ``cpu`` (seconds, user and system, of
what is compared; imports apart as ``imports``) and ``rss_mb`` (peak).
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGES = ("duckdb", "great-expectations", "pandas", "pyarrow", "numpy", "lightgbm")


def cpu_seconds() -> float:
    """User and system time of this process and all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def said(**values: Any) -> None:
    """What a case prints at its end; it then leaves at once (DuckDB's binding would print a page about leaked types)."""
    print(json.dumps(values | {"rss_mb": peak_mb()}), flush=True)
    os._exit(0)


def peak_mb() -> int:
    """The peak resident memory of this program; that of rusage would also hold what the process it was forked from had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024)


def run_case(script: str, *arguments: str) -> dict[str, Any]:
    """One case in a fresh process; raises with its error output if it fails."""
    command = [sys.executable, str(HERE / script), *arguments]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {
        "PYTHONPATH": f"{HERE}:{HERE.parent}"
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(f"  {script:<28} {' '.join(arguments):<24} {found['cpu']:7.2f} CPU-s  {found['rss_mb']:5d} MB", flush=True)
    return found


def in_turn(rounds: int, cases: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    """All cases ``rounds`` times in turn; of each the run with the least CPU time."""
    runs = [[run_case(*case) for case in cases] for _ in range(rounds)]
    return [min((turn[k] for turn in runs), key=lambda found: found["cpu"]) for k in range(len(cases))]


def figure(name: str, value: float | None, unit: str, peer: str, peer_value: float | None, target: str, holds: bool) -> dict:
    """One row of the result; a figure that was not measured has the value None and does not hold."""
    shown = round(value, 4) if value is not None else None
    compared = {"peer": peer, "peer_value": peer_value, "target": target, "holds": holds}
    return {"name": name, "value": shown, "unit": unit} | compared


def write(name: str, figures: Sequence[dict[str, Any]], began: float, **more: Any) -> None:
    """Writes ``results/<name>.json`` and prints the figures."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False).stdout.strip()
    versions = {package: version(package) for package in PACKAGES} | {"python": platform.python_version()}
    result = {
        "figures": list(figures), "commit": commit, "command": f"make bench-{name}", "versions": versions,
        "cores": os.cpu_count(), "wall_seconds": round(time.monotonic() - began, 1), **more,
    }  # fmt: skip
    target = HERE / "results" / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1))
    for row in figures:
        mark = "holds" if row["holds"] else "SHORT"
        peer = f"{row['peer']}: {row['peer_value']}"
        print(f"{mark}  {row['name']:<30} {row['value']} {row['unit']}  (target {row['target']}; {peer})")
