"""Rows that know their place: the tables of a participant in one form, whether from data sets or from ``network.yaml``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from decai_forecast.errors import ConfigError

__all__ = ["ALL", "NUMBERS", "TEXTS", "WHERE", "tables_of", "text_column", "with_places"]

ALL = "*"  # in place of an item or a location: all of them
WHERE = "where"
TEXTS = ("from_id", "to_id", "item_id", "component_id", "location_id", "vendor", "unit")
NUMBERS = (
    "lead_time_days", "share", "capacity", "recovery_days", "quantity", "unit_cost", "on_hand", "on_order", "price",
    "minimum_order", "order_multiple", "order_cost",
)  # fmt: skip
MOST = 1_000_000_000_000  # units or money: nothing that a company stocks or sells; sums of more lose units to rounding
MOST_DAYS = 3_650  # ten years: whoever writes more has mixed up units
NEEDED: Mapping[str, tuple[str, ...]] = {
    "items": ("item_id",),
    "lanes": ("from_id", "to_id"),
    "bill_of_materials": ("item_id", "component_id", "quantity"),
    "stock": ("item_id", "on_hand"),
    "receipts": ("item_id", "received_on"),
    "open_orders": ("item_id", "expected_on", "quantity"),
    "locations": ("location_id",),
    "prices": ("item_id", "price"),
}


def tables_of(data_sets: Mapping[str, pd.DataFrame | None], section: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """All tables with the place of each row; what ``network.yaml`` says replaces the data set of the same name."""
    given = {name: frame for name, frame in data_sets.items() if frame is not None and name in NEEDED}
    return {name: with_places(name, frame) for name, frame in given.items()} | dict(section)


def with_places(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Texts as text ("" for none), numbers as floats, and ``where``: the data set and the row, from 1."""
    if missing := [column for column in NEEDED[name] if column not in frame]:
        there = ", ".join(map(str, frame.columns))
        raise ConfigError(f"the data set {name} has no column {', '.join(missing)}; it has {there}")
    found = frame.reset_index(drop=True).copy()
    found[WHERE] = [f"{name}, row {number + 1}" for number in range(len(found))]
    for column in TEXTS:
        if column in found:
            found[column] = text_column(found[column])
    for column in NUMBERS:
        if column in found:
            found[column] = _numbers(found, column)
    return found


def text_column(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    found = pd.to_numeric(frame[column], errors="coerce").astype(float)
    if (wrong := found.isna() & frame[column].notna()).any():
        row = int(np.flatnonzero(wrong)[0])
        raise ConfigError(f"{frame[WHERE].iloc[row]}: {column} is {frame[column].iloc[row]!r}; expected a number")
    if (wrong := found.abs() > (most := MOST_DAYS if column.endswith("_days") else MOST)).any():
        row = int(np.flatnonzero(wrong)[0])
        raise ConfigError(
            f"{frame[WHERE].iloc[row]}: {column} is {found.iloc[row]:g}; expected a number of at most {most:,}; "
            "check its unit, or leave it out"
        )
    return found
