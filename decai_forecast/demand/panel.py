"""The demand table as arrays of series x periods, for vectorised features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, SERIES
from decai_forecast.demand.plans import plan_rows
from decai_forecast.demand.table import (
    CATEGORY,
    CENSORED,
    COUNTRY,
    PLANNED_PRICE,
    PLANNED_PROMOTION,
    PRICE,
    PROMOTION,
    QUANTITY,
)
from decai_forecast.periods import Calendar

__all__ = ["Floats", "Panel", "to_panel"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """``quantity``, ``price``, ``promotion``: series x periods, NaN where unknown (a censored sale is unknown demand).
    ``planned_price``, ``planned_promotion``: the same, known ahead, NaN where nobody delivered a plan.
    The calendar runs one horizon beyond the last known period."""

    quantity: Floats
    price: Floats
    promotion: Floats
    planned_price: Floats
    planned_promotion: Floats
    dates: pd.DatetimeIndex
    series: pd.DataFrame  # location_id, item_id, category, country of each row
    calendar: Calendar

    def index(self, day: date) -> int:
        """The column of the period that starts at ``day``; may lie beyond the end."""
        return self.calendar.between(self.dates[0].date(), day)

    def before(self, end: int) -> Panel:
        """The panel as it was known at the start of period ``end``: nothing realised from there on."""
        known = {}
        for name in ("quantity", "price", "promotion"):
            known[name] = getattr(self, name).copy()
            known[name][:, end:] = np.nan
        return replace(self, **known)

    def since(self, start: int) -> Panel:
        """The panel as a company knows it that began to record at period ``start``."""
        known = {}
        for name in ("quantity", "price", "promotion"):
            known[name] = getattr(self, name).copy()
            known[name][:, :start] = np.nan
        return replace(self, **known)

    def part(self, rows: slice | npt.NDArray[np.bool_]) -> Panel:
        """Some of the series."""
        names = ("quantity", "price", "promotion", "planned_price", "planned_promotion")
        return replace(self, series=self.series.iloc[rows], **{name: getattr(self, name)[rows] for name in names})


def to_panel(
    table: pd.DataFrame, calendar: Calendar, *, censored_unknown: bool = True, plans: pd.DataFrame | None = None
) -> Panel:
    """The panel of a demand table; series are sorted by location and item.

    A period whose sale was censored by an empty shelf is unknown demand, not zero demand, unless ``censored_unknown`` is
    False. ``plans``: rows of the data set ``prices`` known at the cut-off, used for every period up to the end of the
    horizon, instead of the table's plan columns.
    """
    series = table.groupby(SERIES, sort=True, observed=True, as_index=False)[[CATEGORY, COUNTRY]].first()
    known = pd.date_range(table[DATE].min(), table[DATE].max(), freq=calendar.pandas)
    dates = pd.date_range(known[0], periods=len(known) + calendar.horizon, freq=calendar.pandas)
    row = table.groupby(SERIES, sort=True, observed=True).ngroup().to_numpy()
    column = dates.get_indexer(pd.DatetimeIndex(table[DATE]))
    shape = (len(series), len(dates))
    wide = {name: _wide(table[name], row, column, shape) for name in (QUANTITY, PRICE, PROMOTION)}
    wide |= {name: _wide(table[name], row, column, shape) for name in (PLANNED_PRICE, PLANNED_PROMOTION)}
    if plans is not None:
        wide[PLANNED_PRICE], wide[PLANNED_PROMOTION] = plan_rows(plans, series, calendar, dates)
    if censored_unknown:
        wide[QUANTITY][row, column] = np.where(table[CENSORED].to_numpy(), np.nan, wide[QUANTITY][row, column])
    return Panel(dates=dates, series=series, calendar=calendar, **wide)


def _wide(values: pd.Series, row: npt.NDArray[Any], column: npt.NDArray[Any], shape: tuple[int, int]) -> Floats:
    out = np.full(shape, np.nan)
    out[row, column] = values.to_numpy(float)
    return out
