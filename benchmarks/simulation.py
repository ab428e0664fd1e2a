"""All figures of the simulation, side by side with stockpyl in one run. Usage: simulation.py [PART ...]

Parts: speed, sampling, memory, sweep, stockouts (which needs DECAI_TEST_DATA), targets; all without a word. Node-periods are
per CPU-second, single precision, reading the demand included, drawing it apart.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from harness import HERE, figure, run_case, write

PYTHON = HERE.parent / ".venv/peers-simulation/bin/python"
SIZES = [
    (1, 1),
    (1, 10),
    (1, 100),
    (1, 1000),
    (1, 10_000),
    (10, 100),
    (100, 100),
    (1000, 10),
    (10_000, 1),
]  # items, replications
Part = tuple[list[dict[str, Any]], Any]


def main(parts: list[str]) -> None:
    began, figures, tables = time.monotonic(), [], {}
    for part in parts:
        print(f"{part} ({time.monotonic() - began:.0f} s so far)", flush=True)
        found, tables[part] = PARTS[part]()
        figures += found
    write("simulation", figures, began, tables=tables)


def speed() -> Part:
    """Both engines against stockpyl at 1,000 replications, and over sizes."""
    peer = _stockpyl(100)
    rows = [{"items": items, "replications": replications} | _speeds(items, replications) for items, replications in SIZES]
    at = next(row for row in rows if (row["items"], row["replications"]) == (1, 1000))
    for row in rows:
        print("  ", row, flush=True)
    ratio = at["compiled"] / peer
    named = figure(
        "node-periods per CPU-s, float32", at["compiled"], "1/s", "stockpyl", round(peer), ">= 10,000 x", ratio >= 10_000
    )
    return [named], {"stockpyl": peer, "ratio": ratio, "sizes": rows}


def _speeds(items: int, replications: int) -> dict[str, float]:
    cases = {name: run_case("simulation_case.py", "speed", name, str(items), str(replications)) for name in ENGINES}
    return {name: round(case["node_periods"] / case["cpu"]) for name, case in cases.items()}


def _stockpyl(periods: int) -> float:
    if not PYTHON.exists():
        raise SystemExit(f"stockpyl's environment is missing ({PYTHON}): make it with `make bench-simulation`.")
    command = [str(PYTHON), str(HERE / "peers/simulation_stockpyl.py"), str(periods)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"stockpyl failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return float(found["node_periods"] / found["cpu"])


def sampling() -> Part:
    """Drawing against simulating, 40 items and 1,000 replications of 50 nodes."""
    found = run_case("simulation_case.py", "sampling", "40", "1000")
    holds = found["cpu"] <= found["running"]
    return [
        figure("drawing demand, CPU-s", found["cpu"], "s", "simulating it", found["running"], "<= simulating", holds)
    ], found


def memory() -> Part:
    """Peak memory of the driver over replications, the same number of items."""
    peaks = {
        count: run_case("simulation_case.py", "sweep", "20", str(count), "2", "1")["rss_mb"] for count in (1000, 4000, 16_000)
    }
    grown = peaks[16_000] - peaks[1000]
    return [
        figure("memory from 1,000 to 16,000 replications", grown, "MB", "at 1,000", peaks[1000], "<= 100 MB", grown <= 100)
    ], peaks


def whole_sweep() -> Part:
    """1,000 items x 50 nodes x 200 replications x 90 periods with 40 scenarios, on two cores."""
    found = run_case("simulation_case.py", "sweep", "1000", "200", "40", "2")
    return [
        figure(
            "sweep of 40 scenarios, wall", found["wall"], "s", "CPU-s", round(found["cpu"], 1), "< 600 s", found["wall"] < 600
        ),
        figure("sweep of 40 scenarios, memory", found["rss_mb"], "MB", "", None, "< 4,000 MB", found["rss_mb"] < 4000),
    ], found


def stock_outs() -> Part:
    """Stock-out probabilities on real stock cards."""
    from stockouts import stockouts

    return stockouts()


def targets() -> Part:
    """What is read off the simulation: whether it came true, the cost of its levels, the service they promise, its speed."""
    case = {name: run_case("simulation_targets.py", name) for name in ("levels", "promise", *LIMITS)}
    off, level = case["promise"]["mean"], case["levels"]
    rows = [
        *_came_true(),
        figure(
            "levels within 1 % of a fine search", level["within"], "share", "worst", level["worst"], "1", level["within"] == 1
        ),
        figure(
            "promised and given service apart",
            100 * off,
            "points",
            "worst",
            100 * case["promise"]["worst"],
            "<= 1",
            off <= 0.01,
        ),
    ]
    for name, (told, most) in LIMITS.items():
        cpu = case[name]["cpu"]
        rows.append(figure(told, cpu, "CPU-s", "", None, f"< {most}", cpu < most))
    return rows, case


def _came_true() -> list[dict[str, Any]]:
    """What was predicted and what came, on civ and on a world whose truth is known."""
    case = {name: run_case("simulation_true.py", name) for name in ("stockouts", "savings", "world")}
    civ, saved, known = case["stockouts"], case["savings"], case["world"]
    limit, most = "<= 0.05 without looking ahead", 0.05
    return [
        *(figure(name, None, unit, "", None, target, holds=False) for name, unit, target in UNMEASURED),
        figure("stock-outs shown on civ", civ["p_error"], "", "policy", civ["simulated_error"], limit, civ["p_error"] <= most),
        figure("stock-outs shown, known world", known["p_error"], "", "policy", known["simulated_error"], limit,
               known["p_error"] <= most),
        figure("service shown, known world", known["service_apart"], "", "", None, limit, known["service_apart"] <= most),
        figure("savings realised on civ", saved["share"], "share", "promised", saved["promised"], ">= 0.8",
               saved["share"] >= 0.8),
        figure("savings realised, known world", known["share"], "share", "promised", known["promised"], ">= 0.8",
               known["share"] >= 0.8),
    ]  # fmt: skip


LIMITS = {
    "network": ("2 warehouses, 6 shops, 6 items, with their sweep", 2),
    "chain": ("chain of 60, with its sweep", 10),
    "items": ("stock targets of 10,000 items", 30),
    "nodes": ("search of 500 nodes", 10),
    "whole": ("whole simulation of 500 nodes, each of them down in turn", 60),
}
UNMEASURED = [("calibration error of predicted service and money on civ: what was lost is not known there", "", "<= 0.05")]
ENGINES = ("compiled", "vectorised")
PARTS: dict[str, Callable[[], Part]] = {
    "speed": speed, "sampling": sampling, "memory": memory, "sweep": whole_sweep, "stockouts": stock_outs,
    "targets": targets,
}  # fmt: skip

if __name__ == "__main__":
    asked = sys.argv[1:] or list(PARTS)
    if unknown := [part for part in asked if part not in PARTS]:
        raise SystemExit(f"unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    main(asked)
