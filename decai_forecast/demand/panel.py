"""The demand table as arrays of series x periods, for vectorised features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.demand.table import DATE, ITEM, LOCATION, PRICE, PROMOTION, QUANTITY
from decai_forecast.periods import Calendar

__all__ = ["Floats", "Panel", "to_panel"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """``quantity``, ``price`` and ``promotion``: series x periods, NaN where unknown. The calendar runs one horizon
    beyond the last known period."""

    quantity: Floats
    price: Floats
    promotion: Floats
    dates: pd.DatetimeIndex
    series: pd.DataFrame  # location_id, item_id of each row
    calendar: Calendar

    def index(self, day: date) -> int:
        """The column of the period that starts at ``day``; may lie beyond the end."""
        return (pd.Timestamp(day) - self.dates[0]).days // self.calendar.days


def to_panel(table: pd.DataFrame, calendar: Calendar) -> Panel:
    """The panel of a demand table; series are sorted by location and item."""
    series = table[[LOCATION, ITEM]].drop_duplicates().sort_values([LOCATION, ITEM], ignore_index=True)
    known = pd.date_range(table[DATE].min(), table[DATE].max(), freq=calendar.pandas)
    dates = pd.date_range(known[0], periods=len(known) + calendar.horizon, freq=calendar.pandas)
    row = series.reset_index().merge(table[[LOCATION, ITEM]], on=[LOCATION, ITEM], how="right")["index"].to_numpy()
    column = ((table[DATE] - dates[0]).dt.days // calendar.days).to_numpy()
    shape = (len(series), len(dates))
    quantity, price, promotion = (_wide(table[c], row, column, shape) for c in (QUANTITY, PRICE, PROMOTION))
    return Panel(quantity, price, promotion, dates, series, calendar)


def _wide(values: pd.Series, row: npt.NDArray[Any], column: npt.NDArray[Any], shape: tuple[int, int]) -> Floats:
    out = np.full(shape, np.nan)
    out[row, column] = values.to_numpy(float)
    return out
