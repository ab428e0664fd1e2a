"""What the log takes of a night's CPU: the calls that state, sequence and watch are timed where the night makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from harness import cpu_seconds

from decai_forecast.coordinator import close
from decai_forecast.founding import found_simulated, from_table
from decai_forecast.network import Network
from decai_forecast.one_machine import run
from decai_forecast.partner import report, submit
from decai_forecast.round import Round

__all__ = ["measured_built_in", "measured_small"]

PLACES = ((submit, "record"), (report, "record"), (close, "record_round"), (run, "seal"))
WEEKS, COMPANIES, ITEMS = 170, 4, 4


def measured_small(folder: Path) -> tuple[float, float]:
    """A night of four companies with four items each, weekly."""
    network = replace(from_table(folder / "small", _orders(folder), name="bench"), quorum=3)
    network.save()
    return _measured(network, Round.of("2026-06-29"))


def measured_built_in(folder: Path) -> tuple[float, float]:
    """A first night of the six built-in companies, daily, as `make demo` runs it."""
    today = date(2026, 6, 29)
    return _measured(found_simulated(folder / "built-in", today=today), Round.of(today.isoformat()))


def _measured(network: Network, night: Round) -> tuple[float, float]:
    """CPU seconds of the whole night, and the share of it that the log took."""
    spent = [0.0]
    for module, name in PLACES:
        setattr(module, name, _timed(getattr(module, name), spent))
    began = cpu_seconds()
    run.run_round(network, night, lambda _text: None)
    whole = cpu_seconds() - began
    return whole, spent[0] / whole


def _timed(work: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        began = cpu_seconds()
        try:
            return work(*given, **named)
        finally:
            spent[0] += cpu_seconds() - began

    return timed


def _orders(folder: Path) -> Path:
    """Weekly orders of invented companies."""
    chance = np.random.default_rng(1)
    days = pd.date_range(end="2026-06-22", periods=WEEKS, freq="7D")
    season = 1 + 0.3 * np.sin(np.arange(WEEKS) / 52 * 2 * np.pi)
    frames = [
        pd.DataFrame(
            {"partner_id": f"shop {p}", "date": days, "item_id": f"i{k}", "quantity": chance.poisson(6 * (k + 1) * season)}
        )
        for p in range(COMPANIES)
        for k in range(ITEMS)
    ]
    path = folder / "orders.parquet"
    pd.concat(frames, ignore_index=True).to_parquet(path, index=False)
    return path
