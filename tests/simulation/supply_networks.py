"""Small supply networks for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.network import Group, SupplyNetwork, build
from decai_forecast.simulation.network.graph import Floats

WEEKS = Calendar("W", 13)
DAYS = Calendar("D", 10)
LANES = ("from_id", "to_id", "lead_time_days")


def demand_of(series: Mapping[tuple[str, str], float], calendar: Calendar = WEEKS) -> pd.DataFrame:
    """The same mean in every period, by location and item; from Monday, 5 January 2026."""
    dates = pd.date_range("2026-01-05", periods=calendar.horizon, freq="W-MON" if calendar.frequency == "W" else "D")
    return pd.DataFrame(
        [{"location_id": at, "item_id": item, "date": day, "mean": m} for (at, item), m in series.items() for day in dates]
    )


def lanes_of(*rows: tuple[object, ...], columns: tuple[str, ...] = LANES) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns)


def items_of(vendors: Mapping[str, str], **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"item_id": list(vendors), "vendor": list(vendors.values())} | columns)


def stock_of(units: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    rows = [{"location_id": at, "item_id": item, "on_hand": on_hand} for (at, item), on_hand in units.items()]
    return pd.DataFrame(rows)


def three_periods(group: Group) -> Floats:
    """Levels of three periods' mean demand."""
    return 3 * group.stages.throughput[:, :, None]


def built(forecast: pd.DataFrame, calendar: Calendar = WEEKS, **data_sets: object) -> SupplyNetwork:
    """``build`` with defaults for everything but the forecast; ``section`` and ``assumptions`` by name."""
    section, assumptions = data_sets.pop("section", None), data_sets.pop("assumptions", Assumptions())
    return build(forecast, data_sets, assumptions, calendar, levels=three_periods, section=section)


def network_file(folder: Path, supply: str) -> Path:
    """A ``network.yaml`` of two companies with a section ``supply``."""
    path = folder / "network.yaml"
    head = "version: 1\nname: test\nfrequency: W\nhorizon: 13\nparticipants:\n- {id: acme}\n- {id: other}\n"
    path.write_text(head + supply)
    return path
