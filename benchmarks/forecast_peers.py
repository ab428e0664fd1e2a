"""The peers of the forecast benchmark, run as processes in an environment of their own (`make bench-forecast` makes it).

They get the demand as Parquet and nothing else: no price, no promotion, nothing of this package; and no other company, but for
the two whose names begin or end with ``pooled``, which have what companies that compete cannot.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["COLUMNS", "PEERS", "SAMPLED", "run_peer", "speed_peer"]

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".venv/peers-forecast/bin/python"
COLUMNS = ["partner", "unique_id", "ds", "origin", "q10", "q50", "q90", "mean"]
STATISTICS = ("auto_ets", "croston_optimized", "croston_sba", "tsb", "seasonal_naive", "moving_average")
PEERS: Mapping[str, tuple[str, ...]] = {  # name -> script and its options
    "mlforecast_recursive": ("forecast_mlforecast.py", "--strategy", "recursive"),
    "mlforecast_direct": ("forecast_mlforecast.py", "--strategy", "direct"),
    "prophet": ("forecast_prophet.py",),
    **{f"direct_{rows}": ("forecast_direct.py", "--rows", rows) for rows in ("own", "pooled")},
    **{name: ("forecast_planner.py", "--method", name) for name in ("empirical_year", "pooled_season")},
    **{name: ("forecast_statsforecast.py", "--method", name) for name in STATISTICS},
}
SAMPLED = ("auto_ets", "prophet")  # too slow for every series; they get the sample
PERIODS = {"W-MON": 52, "MS": 12}  # of a year


def run_peer(
    name: str, frame: pd.DataFrame, origins: Sequence[date], *, horizon: int, frequency: str, processes: int = 2
) -> pd.DataFrame:
    """The forecasts (COLUMNS, in units, not negative, not crossing) of one of PEERS; what it used in ``attrs["used"]``.

    ``frame``: ``partner``, ``unique_id``, ``ds``, ``y`` (units; a censored period as it sold), one row per series and
    period (``frequency``: W-MON or MS) from its first sale to the last; rows from an origin on are not shown to that
    origin's models. An origin is the first of ``horizon`` unknown periods; a series without a row before it gets no
    forecast. ``used``: ``cpu`` and ``wall`` (s), ``rss_mb`` (largest process), ``series``, ``rows``. :class:`SystemExit`
    with the peer's words if it fails.
    """
    script, *options = PEERS[name]
    asked = [",".join(day.isoformat()[:10] for day in origins), str(horizon), frequency, str(PERIODS[frequency])]
    flags = zip(["--origins", "--horizon", "--frequency", "--season"], asked, strict=True)
    with tempfile.TemporaryDirectory(prefix="decai-peer-") as folder:
        given, found = Path(folder, "demand.parquet"), Path(folder, "forecast.parquet")
        _plain(frame[["partner", "unique_id", "ds", "y"]]).to_parquet(given, index=False)
        arguments = [str(given), str(found), *(word for pair in flags for word in pair), "--processes", str(processes)]
        used = _run(script, *arguments, *options)
        out = pd.read_parquet(found)[COLUMNS]
    out.attrs["used"] = used
    print(
        f"  {name:<24} {used['cpu']:8.1f} CPU-s {used['wall']:7.1f} s {used['rss_mb']:5d} MB {used['rows']:9,d} rows",
        flush=True,
    )
    return out


def speed_peer(data: Path, origin: date, *, horizon: int, objective: str, **trees: float) -> dict[str, Any]:
    """What mlforecast and LightGBM use for features, training and forecast of the daily demand in the Parquet ``data``
    (``unique_id``, ``ds``, ``y``; sorted, regular; ``y`` from ``origin`` on only scores the forecast).

    ``objective``: tweedie or quantile; ``trees``: ``trees``, ``leaves``, ``bins``, ``min_leaf``, ``threads``,
    ``learning_rate``, ``quantile``, ``power``. Returns ``cpu`` (s; also ``features``, ``training``, ``predicting`` and,
    apart, ``imports``), ``rss_mb``, ``rows`` x ``columns`` trained on, ``wape`` over the horizon, ``series``, ``scored``.
    """
    shape = [f"--{name.replace('_', '-')}={value}" for name, value in trees.items()]
    asked = ["--origin", origin.isoformat()[:10], "--horizon", str(horizon), "--objective", objective]
    return _run("forecast_speed.py", str(data), *asked, *shape)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The types that pandas 2 reads as well."""
    return frame.astype({"partner": str, "unique_id": str, "y": float}).assign(ds=frame["ds"].astype("datetime64[ns]"))


def _run(script: str, *arguments: str) -> dict[str, Any]:
    if not PYTHON.exists():
        raise SystemExit(f"The peers' environment is missing ({PYTHON}): make it with `make bench-forecast`.")
    command = [str(PYTHON), str(HERE / "peers" / script), *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}  # theirs, not ours
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} {' '.join(arguments[2:])} failed:\n{done.stderr[-2000:]}")
    used: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return used
