"""Figure 5: features, training and forecast of 30,000 daily series against mlforecast's, Prophet's share, and how it grows."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from forecast_daily import BEGIN, DAYS, HORIZON
from forecast_peers import speed_peer
from harness import figure, run_case

__all__ = ["daily", "prophet_share", "speed"]

SERIES = 30_000
GROWTH = (1_000, 3_000, 10_000, 30_000, 100_000)
TREES, LEAVES, BINS = 100, 31, 63
LINEAR = 1.1  # the exponent of time over series up to which growth is called close to linear


def daily() -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    """What ours used at each size, and the peer at SERIES; each alone, since it is CPU seconds that are compared."""
    with TemporaryDirectory(prefix="decai-bench-") as folder:
        ours = {count: _ours(Path(folder), count) for count in GROWTH}
        origin = BEGIN.date() + timedelta(days=DAYS)
        shape = {"trees": TREES, "leaves": LEAVES, "bins": BINS, "min_leaf": 20}
        peer = speed_peer(Path(folder) / f"{SERIES}.parquet", origin, horizon=HORIZON, objective="quantile", **shape)
    return ours, peer


def prophet_share(_: str) -> dict[str, Any]:
    """Of the CPU seconds of own forecasting: a ratio, which may be taken while other work runs."""
    return run_case("forecast_prophet_share.py")


def speed(
    ours: dict[int, dict[str, Any]], peer: dict[str, Any], share: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The figures, and what was measured at each size."""
    return _figures(ours, peer, share), {"ours": ours, "mlforecast": peer, "prophet": share}


def _ours(folder: Path, count: int) -> dict[str, Any]:
    data = folder / f"{count}.parquet"
    subprocess.run([sys.executable, str(Path(__file__).parent / "forecast_daily.py"), str(data), str(count)], check=True)
    found = run_case("forecast_ours_daily.py", str(data), str(TREES), str(LEAVES), str(BINS))
    if count != SERIES:
        data.unlink()
    return found


def _figures(ours: dict[int, dict[str, Any]], peer: dict[str, Any], share: dict[str, Any]) -> list[dict[str, Any]]:
    mine, rows = ours[SERIES], []
    told = f"mlforecast, {peer['rows']:,} rows (ours {mine['rows']:,})"
    for name, key, unit in (("cpu", "cpu", "CPU-s"), ("memory", "rss_mb", "MB"), ("wape", "wape", "WAPE")):
        rows.append(figure(f"5-{name}-daily", mine[key], unit, told, peer[key], "<= peer", mine[key] <= peer[key]))
    part = share["prophet"] / share["cpu"]
    told = f"{share['prophet']} of {share['cpu']} CPU-s, {share['companies']} companies"
    rows.append(figure("5-prophet_share-iowa", part, "of own forecasting", told, None, "< 0.15", part < 0.15))
    sizes, seconds = np.log(list(ours)), np.log([found["cpu"] for found in ours.values()])
    slope = float(np.polyfit(sizes, seconds, 1)[0])
    return [*rows, figure("5-growth-daily", slope, "exponent", _curve(ours), None, f"<= {LINEAR}", slope <= LINEAR)]


def _curve(ours: dict[int, dict[str, Any]]) -> str:
    return ", ".join(f"{count:,}: {found['cpu']} CPU-s {found['rss_mb']} MB" for count, found in ours.items())
