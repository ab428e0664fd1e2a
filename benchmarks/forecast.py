"""All figures of the forecasts, side by side with their peers in one run. Usage: forecast.py [PART ...]

Parts: iowa, civ, stallion (figures 1, 2, 4, 6), cold-iowa, cold-civ, cold-stallion (3), speed (5); all of them without a word.
Speed has the machine to itself, since it compares CPU seconds (all but Prophet's share); after it two jobs run at a time,
each on one core.
``FULL=1`` lifts the sample of the slow peers.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

import pandas as pd
from forecast_accuracy import OURS, against_local, against_peers, calibration, compare, full_run, run_ours, run_peers, table
from forecast_cold import cold_start
from forecast_cold import figures as cold_figures
from forecast_orders import order_figures
from forecast_sets import SETS
from forecast_speed import daily, prophet_share, speed
from harness import write

PARTS = ("speed", *SETS, *(f"cold-{name}" for name in SETS))
CORES = 2
Found = tuple[list[dict[str, Any]], Any]  # figures, and the tables behind them


def main(parts: list[str]) -> None:
    began = time.monotonic()
    found: dict[str, Found] = {}
    alone = daily() if "speed" in parts else None
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        jobs = {pool.submit(job, name): part for part, job, name in _jobs(parts)}
        for part, results in _as_they_end(jobs):
            print(f"{part} ({time.monotonic() - began:.0f} s so far)", flush=True)
            found[part] = speed(*alone, *results) if alone and part == "speed" else _of_set(part, results)
    done = [found[part] for part in PARTS if part in found]
    figures = sorted((row for rows, _ in done for row in rows), key=lambda row: row["name"].split("-")[0])
    write("forecast", figures, began, tables={part: more for part, (_, more) in found.items()}, full=full_run())


def _jobs(parts: Sequence[str]) -> list[tuple[str, Callable[..., Any], str]]:
    """Part, what to run for it and on which set; the longest come first, so that no core is idle at the end."""
    of_sets = [(name, job, name) for name in SETS if name in parts for job in (run_ours, run_peers)]
    cold = [(part, cold_start, part.removeprefix("cold-")) for part in PARTS if part in parts and part.startswith("cold-")]
    share = [("speed", prophet_share, "iowa")] if "speed" in parts else []
    return sorted([*of_sets, *cold, *share], key=lambda job: (job[2] != "iowa", job[0] != job[2]))


def _as_they_end(jobs: Mapping[Future[Any], str]) -> Iterator[tuple[str, list[Any]]]:
    """Each part with the results of its jobs, as soon as all of them are there."""
    waiting = Counter(jobs.values())
    for job in as_completed(jobs):
        part = jobs[job]
        waiting[part] -= 1
        job.result()  # a peer that fails ends the run
        if not waiting[part]:
            yield part, [one.result() for one, of in jobs.items() if of == part]


def _of_set(part: str, results: Sequence[Any]) -> Found:
    return _cold(part, results[0]) if part.startswith("cold-") else _accuracy(part, results)


def _cold(part: str, found: pd.DataFrame) -> Found:
    curve = found.groupby(["age", "model"])[["wape", "wql"]].mean().round(4)
    print(curve.unstack().to_string(), flush=True)
    return cold_figures(part.removeprefix("cold-"), found), curve.reset_index().to_dict("records")


def _accuracy(name: str, results: Sequence[Mapping[str, pd.DataFrame]]) -> Found:
    accuracy = compare(name, {model: frame for frames in results for model, frame in frames.items()})
    rows = table(accuracy)
    print(pd.DataFrame(rows).to_string(index=False), flush=True)
    orders = accuracy.orders.round(4)
    print(orders.to_string(index=False), flush=True)
    figures = [*against_peers(accuracy), *against_local(accuracy), *calibration(accuracy)]
    figures += order_figures(name, accuracy.orders, OURS)
    return figures, {"means": rows, "orders": orders.to_dict("records"), "used": accuracy.used}


if __name__ == "__main__":
    asked = sys.argv[1:] or list(PARTS)
    if unknown := [part for part in asked if part not in PARTS]:
        raise SystemExit(f"unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    main(asked)
