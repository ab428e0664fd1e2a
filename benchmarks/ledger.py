"""`make bench-ledger`: the log's speed, a year's audit, and what signing adds to a night."""

from __future__ import annotations

import tempfile
import time
from typing import Any

from harness import figure, run_case, write

CASE = "ledger_case.py"
YEAR = "365 rounds of 32 companies"


def figures_of(folder: str) -> list[dict[str, Any]]:
    """One row per figure of the issue."""
    return [*speed(folder), *year(folder), night(folder, "night", "4x4"), night(folder, "built_in", "built-in")]


def speed(folder: str) -> list[dict[str, Any]]:
    """Appending in batches and one by one, and proofs of a large log."""
    append, single, proofs = (run_case(CASE, folder, case) for case in ("append", "single", "proofs"))
    batched, commits = append["entries"] / append["cpu"], single["rate"]
    beside = f"signing {append['sign']:,.0f}/s, checking {append['check']:,.0f}/s"
    proof = 1_000 * (proofs["make"] + proofs["check"])
    return [
        figure("1-append_batched", batched, "statements per CPU-s", beside, None, ">= 50,000", batched >= 50_000),
        figure("2-append_single", commits, "commits/s", "fsyncs/s", round(single["fsync"]), ">= 300", commits >= 300),
        figure("3-inclusion_proof-1m", proof, "ms, made and checked", "none", None, "< 1", proof < 1),
    ]


def year(folder: str) -> list[dict[str, Any]]:
    """The audit of a year."""
    audited = run_case(CASE, folder, "year")
    cpu, memory = audited["cpu"], audited["rss_mb"]
    entries = f"{audited['entries']:,} entries"
    return [
        figure("4-audit_cpu-year", cpu, f"CPU-s, {YEAR}", entries, None, "< 60", cpu < 60 and audited["green"]),
        figure("5-audit_memory-year", memory, f"MB, {YEAR}", entries, None, "< 500", memory < 500),
    ]


def night(folder: str, case: str, companies: str) -> dict[str, Any]:
    """What the log takes of a night."""
    run = run_case(CASE, folder, case)
    share, whole = 100 * run["share"], round(run["cpu"], 1)
    return figure(f"6-log_in_a_night-{companies}", share, "% of its CPU", "CPU-s of the night", whole, "< 1", share < 1)


if __name__ == "__main__":
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="decai-bench-") as made:
        figures = figures_of(made)
    write("ledger", figures, began)
