"""All figures of the forecasts, side by side with their peers in one run. Usage: forecast.py [PART ...]

Parts: iowa, civ, stallion (figures 1, 2, 4), cold-iowa, cold-civ, cold-stallion (3), speed (5); all of them without a word.
``FULL=1`` lifts the sample of the slow peers.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import pandas as pd
from forecast_accuracy import against_local, against_peers, calibration, full_run, measure, table
from forecast_cold import cold_start
from forecast_cold import figures as cold_figures
from forecast_sets import SETS, load
from forecast_speed import speed
from harness import write

PARTS = (*SETS, *(f"cold-{name}" for name in SETS), "speed")


def main(parts: list[str]) -> None:
    began, figures, tables = time.monotonic(), [], {}
    for part in parts:
        print(f"{part} ({time.monotonic() - began:.0f} s so far)", flush=True)
        found, more = _part(part)
        figures, tables = figures + found, tables | {part: more}
    figures.sort(key=lambda row: row["name"].split("-")[0])
    write("forecast", figures, began, tables=tables, full=full_run())


def _part(part: str) -> tuple[list[dict[str, Any]], Any]:
    if part == "speed":
        return speed()
    if part.startswith("cold-"):
        found = cold_start(load(part.removeprefix("cold-")))
        curve = found.groupby(["age", "model"])[["wape", "wql"]].mean().round(4)
        print(curve.unstack().to_string(), flush=True)
        return cold_figures(part.removeprefix("cold-"), found), curve.reset_index().to_dict("records")
    accuracy = measure(load(part), full=full_run())
    rows = table(accuracy)
    print(pd.DataFrame(rows).to_string(index=False), flush=True)
    figures = [*against_peers(accuracy), *against_local(accuracy), *calibration(accuracy)]
    return figures, {"means": rows, "used": accuracy.used}


if __name__ == "__main__":
    asked = sys.argv[1:] or list(PARTS)
    if unknown := [part for part in asked if part not in PARTS]:
        raise SystemExit(f"unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    main(asked)
