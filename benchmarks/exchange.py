"""`make bench-exchange`: 10,000 grants and 1,000,000 uses; what the issue asks for and nothing measures yet is null."""

from __future__ import annotations

import tempfile
import time
from typing import Any

from harness import figure, run_case, write

CASE = "exchange_case.py"


def checked(folder: str, kind: str, number: int) -> list[dict[str, Any]]:
    """One use checked and entered durably, beside 1,000,000 others: its CPU, and by the clock beside one fsync of the disk."""
    run = run_case(CASE, folder, kind)
    cpu, wall, sync = run["each_cpu_ms"], run["each_ms"], round(run["fsync_ms"], 3)
    return [
        figure(f"{number}-use_checked_cpu-{kind}", cpu, "CPU-ms", "none", None, "< 1", cpu < 1 and run["right"]),
        figure(
            f"{number}-use_checked-{kind}", wall, "ms", "one fsync of this disk, ms", sync, "< 1", wall < 1 and run["right"]
        ),
    ]


def missing() -> list[dict[str, Any]]:
    """Figures of which nothing exists yet."""
    asked = [
        ("1-quote_rank_correlation", "Spearman", ">= .8"), ("2-quote_cpu", "CPU-s a partner", "< 10"),
        ("3-quote_privacy", "rho", "shown"), ("4-solution_scored-32", "minutes", "< 10"),
    ]  # fmt: skip
    return [figure(name, None, unit, "not built", None, target, holds=False) for name, unit, target in asked]


if __name__ == "__main__":
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="decai-bench-") as made:
        figures = [*missing(), *checked(made, "sqlite", 5), *checked(made, "postgresql", 6)]
    write("exchange", figures, began)
