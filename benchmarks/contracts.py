"""`make bench-contracts`: our check against hand-written SQL and against Great Expectations on pandas."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import Any

from harness import HERE, figure, in_turn, run_case, write
from inventory import make

FIVE, TWENTY = 5_000_000, 20_000_000
ROUNDS = 3
SKETCH = "peers/contract_sketch.py"
SQL = "peers/contract_sql.py"
GX = "peers/contract_gx_pandas.py"
OURS = "contract_ours.py"


def compared(folder: str) -> list[dict[str, Any]]:
    """All figures of the issue at 5 and 20 million rows."""
    five, twenty = str(FIVE), str(TWENTY)
    check, files, sql, sql14, sketch = in_turn(
        ROUNDS, [(OURS, folder, five, "check"), (OURS, folder, five, "files"), (SQL, folder, five, "23"),
                 (SQL, folder, five, "14"), (SKETCH, folder, five)],
    )  # fmt: skip
    ours14, gx = in_turn(2, [(OURS, folder, five, "check14"), (GX, folder, five)])
    large = run_case(OURS, folder, twenty, "files")
    same = check["counts"] == sql["counts"]
    growth = large["rss_mb"] / files["rss_mb"]
    print(f"  fixed cost of a process (interpreter, imports): {check['imports']:.2f} CPU-s; same counts as the peer: {same}")
    faster = gx["cpu"] / ours14["cpu"]
    usual = "GX on pandas, COMPLETE, 14 rules"
    return [
        ratio("1-check_cpu-5m", check, sql, 1.3, same),
        ratio("2-check_with_files_cpu-5m", files, sql, 2.2, same),
        figure("3-gx_pandas_speedup-5m", faster, "times", usual, round(gx["cpu"], 2), ">= 6", faster >= 6),
        figure("4-peak_memory-5m", files["rss_mb"], "MB", "limit", 1200, "< 1200", files["rss_mb"] < 1200),
        figure("5-memory_growth-20m", growth, "times", "rows", 4.0, "< 4 (20 million rows against 5)", growth < 4),
        ratio("6-peer_against_sketch_cpu-5m", sql14, sketch, 1.0, True),
    ]


def ratio(name: str, ours: dict[str, Any], peer: dict[str, Any], limit: float, same: bool) -> dict[str, Any]:
    value = ours["cpu"] / peer["cpu"]
    holds = same and value <= limit
    return figure(name, value, "x CPU of the peer", "hand-written SQL", round(peer["cpu"], 2), f"<= {limit}", holds)


LEFT_OUT = (  # of the contract's text, so that the 14 rules remain that the peers have too
    (r"minimum: '2020-01-01'", "minimum: '2020-01-01', maximum: '2026-10-01'"),
    (r", required: true(?=, (enum|logicalTypeOptions: \{pattern: '\^\[A))", ""),
    (r"\{name: reserved.*\}\}", "{name: reserved, logicalType: number}"),
    (r"timestamp, required: true", "timestamp"),
    (r" +required: true\n(?= +logicalTypeOptions: \{minimum: 0,)", ""),
    (r", logicalTypeOptions: \{pattern: '\^\[A-Z\]\{3\}\$'\}", ""),
    (r" +relationships: .*\n", ""),
)


def common_contract(folder: Path) -> None:
    """The same contract without the rules that the 14 do not have."""
    text = (HERE / "inventory.odcs.yaml").read_text()
    for pattern, instead in LEFT_OUT:
        text = re.sub(pattern, instead, text)
    (folder / "common.odcs.yaml").write_text(text)


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="decai-bench-") as name:
        folder = Path(name)
        for rows in (FIVE, TWENTY):
            make(folder, rows)
        common_contract(folder)
        write("contracts", compared(name), began)


if __name__ == "__main__":
    main()
