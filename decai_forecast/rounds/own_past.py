"""What a company's own records teach its simulation: how it orders, and how often its shelves were in truth found empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from decai_forecast.rounds.check import accepted_frame
from decai_forecast.rounds.seat import Seat
from decai_forecast.steps import Done

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.simulation.agents.fit import Choice
    from decai_forecast.simulation.calibrated import Calibration

__all__ = ["calibration_of", "ordering_of"]


def ordering_of(seat: Seat, checked: Done, table: pd.DataFrame) -> Choice:
    """The ordering behaviour that the company's records show; base stock where they show no other clearly."""
    from decai_forecast.simulation.agents.fit import choose
    from decai_forecast.simulation.agents.records import records_of

    stock, receipts, open_orders = (accepted_frame(seat, checked, name) for name in ("stock", "receipts", "open_orders"))
    return choose(records_of(table, stock, receipts, open_orders, seat.calendar))


def calibration_of(
    seat: Seat, combined: Done, data_sets: Mapping[str, pd.DataFrame | None], options: Mapping[str, Any]
) -> Calibration:
    """What tonight's way of simulating would have said at the night's past cut-offs, against what came."""
    from decai_forecast.simulation.calibrated import Calibration, calibrate
    from decai_forecast.simulation.past import Past, said_then

    stock = data_sets.get("stock")
    if stock is None or "date" not in stock:
        return Calibration(False, "no stock was delivered, so that nobody knows which shelves were empty")
    if "past.parquet" not in combined.outputs:
        return Calibration(False, "there is too little history to look back")
    frame = combined.frame(seat.store, "past.parquet")
    nights = [Past(cutoff.date(), rows.drop(columns="cutoff")) for cutoff, rows in frame.groupby("cutoff")]
    return calibrate(said_then(nights, data_sets, seat.assumptions, seat.calendar, **options))
