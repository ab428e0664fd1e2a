"""The three real sets of the forecast benchmark, as our demand tables and as the plain rows that the peers take.

They are not part of the project: the folder that holds them is named by ``DECAI_TEST_DATA``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from decai_forecast.demand.backtest import origins_of
from decai_forecast.demand.long_table import read_long
from decai_forecast.periods import Calendar

__all__ = ["SETS", "DemandSet", "load"]

SETS = {"iowa": "iowa_orders.parquet", "civ": "civ_contraceptives.parquet", "stallion": "stallion.parquet"}
UNKNOWN = ("civ",)  # a month without a stock card is unknown, not zero
ORIGINS = 4


@dataclass(frozen=True)
class DemandSet:
    """``tables``: partner -> demand table. ``plain``: partner, unique_id, ds, y (units; as sold, gaps zero), from a series'
    first sale to the last period. ``origins``: the first unknown period of each test window."""

    name: str
    calendar: Calendar
    tables: Mapping[str, pd.DataFrame]
    plain: pd.DataFrame
    origins: tuple[date, ...]

    @property
    def frequency(self) -> str:
        """In pandas' words: W-MON or MS."""
        return self.calendar.pandas


def load(name: str) -> DemandSet:
    """One of SETS; :class:`SystemExit` where the data are absent."""
    path = Path(os.environ.get("DECAI_TEST_DATA", "")) / SETS[name]
    if not path.is_file():
        raise SystemExit(f"{SETS[name]} is not there: name the folder that holds the real sets in DECAI_TEST_DATA.")
    with TemporaryDirectory(prefix="decai-bench-") as folder:
        given = _prepared(name, path, Path(folder) / "demand.parquet")
        calendar, tables = read_long(given, missing="unknown" if name in UNKNOWN else "zero")
    return DemandSet(name, calendar, tables, _plain(tables), origins_of(tables, calendar, ORIGINS))


def _prepared(name: str, path: Path, target: Path) -> Path:
    """civ tells by its stock cards when a site had nothing to hand out; the other two know no stock."""
    if name != "civ":
        return path
    rows = pd.read_parquet(path)
    rows["censored"] = (rows["on_hand_start"] <= 0) & (rows["received"].fillna(0) <= 0)
    rows.to_parquet(target, index=False)
    return target


def _plain(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    frames = [
        pd.DataFrame({
            "partner": partner, "unique_id": partner + "|" + table["location_id"] + "|" + table["item_id"],
            "ds": table["date"], "y": table["quantity"].fillna(0.0),
        })
        for partner, table in sorted(tables.items())
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)
