"""Slips of the pen: a sale far beyond all others of its series, which must not decide what is forecast.

A typed million, a barcode in the column of quantities. No row counts for more than twice the largest other sale of its series.
If even that lies six robust standard deviations from the median sale (on the root scale) and was not promoted, the row counts
as a median sale: it tells nothing until something like it comes again, and a bulk order that does come again counts in full.
So a row counts the same from twice the largest other one on, whatever was typed. Beyond four times it is called a slip: it is
named, and no forecast is judged by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, SERIES
from decai_forecast.demand.lots import lot_sizes
from decai_forecast.demand.panel import Floats, Panel, to_panel
from decai_forecast.demand.table import QUANTITY
from decai_forecast.periods import Calendar

__all__ = ["CleanPanel", "believed_rows", "clean_slips", "judged_rows", "known_panel", "slips_of"]

MOST = 2.0  # times the largest other sale: what a single row counts for at most
SLIP = 4.0  # times the largest other sale: beyond it nobody takes it for an order; real sets have one in 10,000 rows
FAR = 1000.0  # times the median sale: a code for "unknown", however often it was typed
DEVIATIONS = 6.0  # robust standard deviations of the roots; 4 would take large orders of lumpy items for slips
LEAST_OTHERS = 3  # other sales by which a series is judged; with fewer, by what the company sold twice
LEAST_SIZES = 8  # other sales that say what is usual
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CleanPanel(Panel):
    """A panel in which no single row decides. ``delivered``: the quantities as they came; ``slips``: where one is taken for a
    slip (both series x periods)."""

    delivered: Floats
    slips: Bools

    def part(self, rows: slice | Bools) -> CleanPanel:
        found = cast("CleanPanel", super().part(rows))
        return replace(found, delivered=self.delivered[rows], slips=self.slips[rows])


def clean_slips(panel: Panel) -> CleanPanel:
    """``panel`` with every quantity as far as it is believed (see above); what was not promoted may be a slip.

    What is known later than the panel does not matter; within it every period is judged by all others.
    """
    believed, single = _limited(panel.quantity)
    far, slips = _far(believed), np.zeros(believed.shape, dtype=np.bool_)
    suspects = np.argwhere((single | far) & ~(panel.promotion > 0))
    lots = dict(zip(suspects[:, 0].tolist(), np.maximum(lot_sizes(believed[suspects[:, 0]]), 1.0), strict=True))
    for series, period in suspects.tolist():
        others = np.delete(believed[series], period)
        others = others[others > 0]
        if len(others) < LEAST_SIZES:
            continue
        delivered, lot = float(panel.quantity[series, period]), float(lots[series])
        beyond = far[series, period] or delivered > SLIP * others.max()
        slips[series, period] = beyond and _apart(delivered, others, lot)
        if _apart(float(believed[series, period]), others, lot):
            believed[series, period] = np.median(others)
    fields = {name: getattr(panel, name) for name in Panel.__dataclass_fields__}
    return CleanPanel(**fields | {"quantity": believed}, delivered=panel.quantity, slips=slips)


def known_panel(table: pd.DataFrame, calendar: Calendar, cutoff: date) -> CleanPanel:
    """The panel of a demand table as it was known at ``cutoff``, without slips: what every model learns from."""
    full = to_panel(table, calendar)
    return clean_slips(full.before(full.index(cutoff)))


def believed_rows(panel: CleanPanel) -> pd.DataFrame:
    """location_id, item_id, date and ``quantity`` (units) of all that is known of ``panel``, as far as it is believed."""
    return _long(panel, panel.quantity)


def judged_rows(table: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """location_id, item_id, date and ``quantity`` (units) of a demand table, as delivered, without what was censored or looks
    like a slip: no forecast is judged by it."""
    panel = clean_slips(to_panel(table, calendar))
    return _long(panel, np.where(panel.slips, np.nan, panel.delivered))


def _long(panel: CleanPanel, quantity: Floats) -> pd.DataFrame:
    series, period = np.nonzero(np.isfinite(quantity))
    rows = panel.series[SERIES].iloc[series].reset_index(drop=True)
    rows[DATE], rows[QUANTITY] = panel.dates[period], quantity[series, period]
    return rows


def slips_of(panel: CleanPanel) -> pd.DataFrame:
    """What looks like a slip, the largest first: location_id, item_id, date, ``delivered`` and ``counted`` (units)."""
    series, period = np.nonzero(panel.slips)
    found = panel.series[SERIES].iloc[series].reset_index(drop=True)
    found = found.assign(**{DATE: panel.dates[period]}, delivered=panel.delivered[series, period])
    found = found.assign(counted=panel.quantity[series, period])
    return found.sort_values(["delivered", *SERIES, DATE], ascending=[False, True, True, True], ignore_index=True)


def _limited(quantity: Floats) -> tuple[Floats, Bools]:
    """Quantities of at most ``MOST`` times the largest other of their series, and where they reach that (series x periods)."""
    sold = np.where(quantity > 0, quantity, 0.0)
    if not sold.size:
        return quantity.copy(), np.zeros(quantity.shape, dtype=np.bool_)
    most, at, row = sold.max(axis=1), sold.argmax(axis=1), np.arange(len(sold))
    rest = sold.copy()
    rest[row, at] = 0.0
    second = rest.max(axis=1)
    few = (rest > 0).sum(axis=1) < LEAST_OTHERS
    limit = MOST * np.where(few, np.maximum(second, _largest_elsewhere(second)), second)
    believed, single = quantity.copy(), np.zeros(quantity.shape, dtype=np.bool_)
    single[row, at] = (most >= limit) & (limit > 0)
    believed[row, at] = np.where(single[row, at], np.minimum(quantity[row, at], limit), quantity[row, at])
    return believed, single


def _largest_elsewhere(second: Floats) -> Floats:
    """Of each series, the largest second sale of the other series: no single row makes it."""
    if len(second) < 2:
        return np.zeros(len(second))
    next_one, largest = np.sort(second)[-2:]
    return np.asarray(np.where(np.arange(len(second)) == second.argmax(), next_one, largest), dtype=float)


def _far(quantity: Floats) -> Bools:
    """Beyond ``FAR`` times the median sale of the series."""
    out = np.zeros(quantity.shape, dtype=np.bool_)
    for series, row in enumerate(quantity):
        sold = row[row > 0]
        if len(sold) > LEAST_SIZES and sold.max() > FAR * np.median(sold):
            with np.errstate(invalid="ignore"):
                out[series] = row > FAR * np.median(sold)
    return out


def _apart(value: float, others: Floats, lot: float) -> bool:
    """Whether a sale is ``DEVIATIONS`` from the median of others, whose roots spread at least as a Poisson count of lots."""
    roots = np.sqrt(others)
    middle = float(np.median(roots))
    spread = max(1.4826 * float(np.median(np.abs(roots - middle))), 0.5 * np.sqrt(lot))
    return bool(np.sqrt(value) > middle + DEVIATIONS * spread)
