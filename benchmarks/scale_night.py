"""A case: two nights of the first COMPANIES of Iowa's orders in one process, with FACTOR times their items: what each cost.

Usage: scale_night.py COMPANIES FACTOR [STRATEGY]. The first night trains a shared forecaster at each of its cut-offs, the
second, a period later, one. CPU is of this process and its children; where it went is told by the steps' own progress.
Memory is of all of them at one time, what they share counted once.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import psutil
from harness import said

from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.one_machine.run import run_round
from decai_forecast.round import Round

PHASES = {"deliver": "deliver", "report": "report"}  # first word of a line of progress; all other lines are the training's


@dataclass
class Clock:
    """CPU seconds of each phase of a night, read whenever a step tells of itself."""

    last: float = 0.0
    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("deliver", "train", "report"), 0.0))

    def __call__(self, line: str) -> None:
        now = used()
        self.spent[PHASES.get(line.split(" ", 1)[0], "train")] += now - self.last
        self.last = now


def used() -> float:
    """User and system seconds of this process and of its children that have ended."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in parts)


@dataclass
class Memory:
    """The largest proportional set of this process and its children, MB, looked at every two seconds."""

    peak: float = 0.0

    def watch(self) -> None:
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            everybody = [psutil.Process(), *psutil.Process().children(recursive=True)]
            self.peak = max(self.peak, sum(map(_proportional, everybody)) / 2**20)
            time.sleep(2.0)


def _proportional(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0


def table(folder: Path, companies: int, factor: float) -> tuple[Path, int, date]:
    """The rows of the first companies by name: a share of their items, or all of them several times under further names.

    Returns the file, its number of rows and the first day after its last one.
    """
    source = Path(os.environ.get("DECAI_TEST_DATA", "")) / "iowa_orders.parquet"
    if not source.is_file():
        raise SystemExit("iowa_orders.parquet is not there: name the folder that holds the real sets in DECAI_TEST_DATA.")
    share, copies, target = min(factor, 1.0), max(round(factor), 1), folder / "orders.parquet"
    con = duckdb.connect()
    con.execute(f"""
        COPY (SELECT o.* REPLACE (o.item_id || '-' || copy AS item_id)
              FROM '{source}' AS o, range({copies}) AS copies(copy)
              WHERE partner_id IN (SELECT DISTINCT partner_id FROM '{source}' ORDER BY 1 LIMIT {companies})
                AND hash(o.item_id) % 100 < {100 * share:.0f}) TO '{target}' (FORMAT parquet)""")
    row = con.execute(f"SELECT count(*), max(date)::DATE FROM '{target}'").fetchone()
    assert row is not None
    return target, row[0], row[1] + timedelta(days=1)


def night(network: Network, day: date) -> dict[str, Any]:
    """One whole round: wall, CPU, its phases, and what a company's store and messages grew by."""
    before, clock, began = size_of(network.home), Clock(used()), time.monotonic()
    closing = run_round(network, Round.of(day.isoformat()), clock)
    assert closing.status == "closed", closing.note
    clock("report")
    grown = (size_of(network.home) - before) / len(network.partners)
    return {"wall": time.monotonic() - began, "cpu": sum(clock.spent.values()), "bytes": grown, **clock.spent}


def size_of(home: Path) -> int:
    return sum(path.stat().st_size for path in (home / "stores").rglob("*") if path.is_file())


def main(companies: int, factor: float, strategy: str = "exact") -> None:
    memory = Memory()
    memory.watch()
    with TemporaryDirectory(prefix="decai-bench-") as folder:
        path, rows, last = table(Path(folder), companies, factor)
        network = replace(from_table(Path(folder) / "home", path, name="iowa"), strategy=strategy)
        network.save()
        nights = [night(network, day) for day in (last - timedelta(weeks=1), last)]
    said(cpu=nights[0]["cpu"], rows=rows, memory_mb=round(memory.peak), first=nights[0], second=nights[1])


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:4])
