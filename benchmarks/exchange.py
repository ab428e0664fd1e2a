"""`make bench-exchange`: 10,000 grants and 1,000,000 uses; what the issue asks for and nothing measures yet is null."""

from __future__ import annotations

import tempfile
import time
from typing import Any

from harness import figure, run_case, write

CASE = "exchange_case.py"


def checked(folder: str, kind: str, number: int) -> dict[str, Any]:
    """One use checked and entered durably, beside 1,000,000 others."""
    run = run_case(CASE, folder, kind)
    each, beside = run["each_ms"], f"CPU of our process, ms ({kind})"
    return figure(
        f"{number}-use_checked-{kind}", each, "ms", beside, round(run["each_cpu_ms"], 3), "< 1", each < 1 and run["right"]
    )


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
        figures = [*missing(), checked(made, "sqlite", 5), checked(made, "postgresql", 6)]
    write("exchange", figures, began)
