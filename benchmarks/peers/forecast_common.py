"""What the peers of the forecast benchmark share: their input, their output, and what they used of the machine.

A peer reads long rows (``partner``, ``unique_id``, ``ds``, ``y``), regular from the first sale of a series to the last
period, and forecasts each origin (the first unknown period) from the rows before it. Periods censored by an empty shelf
stay as sold, because none of the peers takes an unknown target. It writes ``partner``, ``unique_id``, ``ds``, ``origin``,
``q10``, ``q50``, ``q90``, ``mean`` in units and prints a JSON line.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"  # a process of the pool is one core
os.environ["NIXTLA_ID_AS_COL"] = "1"
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import numpy as np  # noqa: E402  the number of threads is read at its import
import pandas as pd  # noqa: E402  imports numpy

QUANTILES = (0.1, 0.5, 0.9)
COLUMNS = ["q10", "q50", "q90", "mean"]
YEARS = 5  # of history; older rows change nothing but the time


@dataclass(frozen=True)
class Case:
    """What is asked of a peer; ``season`` is the number of periods of a year."""

    input: str
    output: str
    origins: tuple[pd.Timestamp, ...]
    horizon: int
    frequency: str
    season: int
    processes: int
    options: argparse.Namespace

    def future(self, origin: pd.Timestamp) -> pd.DatetimeIndex:
        return pd.date_range(origin, periods=self.horizon, freq=self.frequency)


@dataclass(frozen=True)
class Task:
    """One origin and some of the series; ``rows`` (``unique_id``, ``ds``, ``y``) are sorted and all before the origin."""

    origin: pd.Timestamp
    rows: pd.DataFrame
    seed: int
    case: Case


def arguments(description: str, **options: dict[str, Any]) -> Case:
    """The command line of a peer, with more ``options`` of its own."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--origins", required=True, help="days, separated by commas: the first unknown period of each")
    parser.add_argument("--horizon", type=int, required=True)
    parser.add_argument("--frequency", choices=["W-MON", "MS"], required=True)
    parser.add_argument("--season", type=int, required=True)
    parser.add_argument("--processes", type=int, default=2)
    for name, keywords in options.items():
        parser.add_argument(f"--{name}", **keywords)
    found = parser.parse_args()
    origins = tuple(pd.Timestamp(day) for day in found.origins.split(","))
    names = ("input", "output", "horizon", "frequency", "season", "processes")
    return Case(origins=origins, options=found, **{name: getattr(found, name) for name in names})


def run(case: Case, forecast: Callable[[Task], pd.DataFrame], by_partner: bool, at_once: int = 40) -> None:
    """All origins by ``forecast`` (returns ``unique_id``, ``ds``, COLUMNS): a task per partner, or per ``at_once`` series."""
    began, imports = time.monotonic(), cpu_seconds()
    frame = pd.read_parquet(case.input)
    partner = frame.drop_duplicates("unique_id").set_index("unique_id")["partner"].astype(str)
    groups = _groups(partner, by_partner, at_once)
    tasks = sorted(_tasks(case, frame, groups), key=lambda task: -len(task.rows))  # the largest first: no core idles at the end
    out = pd.concat(_in_parallel(forecast, tasks, case.processes), ignore_index=True)
    out.insert(0, "partner", out["unique_id"].map(partner))
    ordered = out[["partner", "unique_id", "ds", "origin", *COLUMNS]].sort_values(["origin", "unique_id", "ds"])
    ordered.to_parquet(case.output, index=False)
    said(
        cpu=round(cpu_seconds() - imports, 1), imports=round(imports, 1), wall=round(time.monotonic() - began, 1),
        series=int(out["unique_id"].nunique()), rows=len(out),
    )  # fmt: skip


def _groups(partner: pd.Series, by_partner: bool, at_once: int) -> list[pd.Index]:
    if by_partner:
        return [part.index for _, part in partner.groupby(partner)]
    return [partner.index[start : start + at_once] for start in range(0, len(partner), at_once)]


def _tasks(case: Case, frame: pd.DataFrame, groups: list[pd.Index]) -> Iterable[Task]:
    rows = frame[["unique_id", "ds", "y"]].astype({"y": float}).sort_values(["unique_id", "ds"])
    for seed, group in enumerate(groups):
        own = rows[rows["unique_id"].isin(group)]
        for origin in case.origins:
            known = own[(own["ds"] < origin) & (own["ds"] >= origin - pd.DateOffset(years=YEARS))]
            if len(known):
                _regular(known, origin, case.frequency)
                yield Task(origin, known.reset_index(drop=True), seed, case)


def _regular(known: pd.DataFrame, origin: pd.Timestamp, frequency: str) -> None:
    """A series with a hole would be taken for a shorter one: its lags would lie elsewhere without a word."""
    found = known.groupby("unique_id")["ds"].agg(["min", "max", "size"])
    calendar = pd.date_range(found["min"].min(), origin, freq=frequency, inclusive="left")
    expected = len(calendar) - calendar.get_indexer(found["min"])
    wrong = found[(found["size"] != expected) | (found["max"] != calendar[-1])]
    if len(wrong):
        raise SystemExit(f"{wrong.index[0]}: a period is missing between its first row and {origin.date()}")


def _in_parallel(forecast: Callable[[Task], pd.DataFrame], tasks: Sequence[Task], processes: int) -> list[pd.DataFrame]:
    if processes == 1:
        return [_done(forecast, task) for task in tasks]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        out = pool.starmap(_done, [(forecast, task) for task in tasks], chunksize=1)
        pool.close()
        pool.join()  # the time of a child counts once it has ended
    return out


def _done(forecast: Callable[[Task], pd.DataFrame], task: Task) -> pd.DataFrame:
    """The forecast with quantiles that do not cross; demand is not negative."""
    out = forecast(task).assign(origin=task.origin)
    out[COLUMNS[:3]] = np.sort(out[COLUMNS[:3]].to_numpy(), axis=1)
    out[COLUMNS] = out[COLUMNS].clip(lower=0.0)
    if not np.isfinite(out[COLUMNS].to_numpy()).all():
        raise SystemExit(f"{out['unique_id'].iloc[0]} and others, {task.origin.date()}: a forecast is no number")
    return out


def cpu_seconds() -> float:
    """User and system time of this process, its threads and the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def said(**values: Any) -> None:
    """The last line of a peer; ``rss_mb`` is the peak of its largest process."""
    with open("/proc/self/status") as status:  # rusage would also hold what the process it was forked from had
        own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    peak = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(json.dumps(values | {"rss_mb": round(peak / 1024)}), flush=True)
    sys.stdout.flush()
