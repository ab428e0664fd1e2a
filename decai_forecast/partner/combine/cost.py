"""What the forecast was worth over the test window: the cost of ordering by each candidate, and by a moving average."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.columns import KEYS, SERIES
from decai_forecast.errors import NotEnoughData
from decai_forecast.network import SEED, Assumptions
from decai_forecast.partner.facts import ForecastCost
from decai_forecast.periods import Calendar

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["costs_of"]

SHOWN = {"local": "own", "shared": "shared", "combined": "combined"}
YEAR = 365  # days


def costs_of(
    tested: Mapping[str, pd.DataFrame],
    table: pd.DataFrame,
    items: pd.DataFrame | None,
    calendar: Calendar,
    test: date,
    assumptions: Assumptions,
) -> tuple[ForecastCost, ...]:
    """One entry per forecast of ``tested`` (by candidate, with actuals) and the moving average, the dearest last; none where no
    series was known throughout.

    ``table``: the demand table. ``items``: master data, whose unit costs make the costs money. ``test``: the cut-off.
    """
    from decai_forecast.demand import to_levels
    from decai_forecast.simulation.targets import forecast_money

    if not tested:
        return ()
    forecasts = {SHOWN[name]: to_levels(frame) for name, frame in tested.items() if name in SHOWN}
    forecasts["moving_average"] = to_levels(_average(table, tested["combined"], calendar, test))
    actual = tested["combined"][[*KEYS, "actual"]]
    holding = _holding(items, actual, calendar, assumptions)
    try:
        rows = forecast_money(actual, forecasts, assumptions, calendar, seed=SEED, unit_cost=holding)
    except NotEnoughData:
        return ()
    return tuple(ForecastCost(**{str(name): value for name, value in row.items()}) for row in rows.to_dict("records"))


def _average(table: pd.DataFrame, like: pd.DataFrame, calendar: Calendar, test: date) -> pd.DataFrame:
    """The moving average on the rows of ``like``."""
    from decai_forecast.demand.models import MODELS, as_frame
    from decai_forecast.demand.panel import to_panel

    panel = to_panel(table, calendar)
    origin = panel.index(test)
    keys = KEYS
    return like[keys].merge(as_frame(panel, origin, MODELS["moving_average"].forecast(panel, origin)), on=keys)


def _holding(
    items: pd.DataFrame | None, rows: pd.DataFrame, calendar: Calendar, assumptions: Assumptions
) -> pd.DataFrame | None:
    """location_id, item_id, and as ``unit_cost`` what holding a unit for a period costs, by unit costs and the holding rate."""
    if items is None or "unit_cost" not in items:
        return None
    rate = assumptions.holding_rate * calendar.days / YEAR / assumptions.holding_cost
    costs = items.groupby("item_id", observed=True)["unit_cost"].mean().astype(float) * rate
    series = rows[SERIES].drop_duplicates(ignore_index=True)
    return series.assign(unit_cost=costs.reindex(series["item_id"]).to_numpy()).dropna(ignore_index=True)
