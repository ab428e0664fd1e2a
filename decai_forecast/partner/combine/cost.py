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

    from decai_forecast.simulation.demand import Dependence

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
    prices: pd.DataFrame | None = None,
    dependence: Dependence | None = None,
) -> tuple[ForecastCost, ...]:
    """One entry per forecast of ``tested`` (by candidate, with actuals) and the moving average, the dearest last; none where no
    series was known throughout.

    ``table``: the demand table. ``items``: master data, whose unit costs make the costs money and whose lead times
    say what an order covers; ``prices``: what a lost unit would have brought. ``test``: the cut-off.
    ``dependence``: how demand moves together around forecasts, as those of before it show: without it what a lead time needs is
    told too low, and the more so the longer it is.
    """
    from decai_forecast.demand import to_levels
    from decai_forecast.simulation.demand import INDEPENDENT
    from decai_forecast.simulation.targets import forecast_money

    if not tested:
        return ()
    forecasts = {SHOWN[name]: to_levels(frame) for name, frame in tested.items() if name in SHOWN}
    forecasts["moving_average"] = to_levels(_average(table, tested["combined"], calendar, test))
    actual = tested["combined"][[*KEYS, "actual"]]
    terms = _terms(items, prices, actual, calendar, assumptions)
    try:
        moves = dependence or INDEPENDENT
        rows = forecast_money(actual, forecasts, assumptions, calendar, seed=SEED, unit_cost=terms, dependence=moves)
    except NotEnoughData:
        return ()
    return tuple(ForecastCost(**{str(name): value for name, value in row.items()}) for row in rows.to_dict("records"))


def _average(table: pd.DataFrame, like: pd.DataFrame, calendar: Calendar, test: date) -> pd.DataFrame:
    """The moving average on the rows of ``like``."""
    from decai_forecast.demand.models import MODELS, as_frame
    from decai_forecast.demand.slips import known_panel

    panel = known_panel(table, calendar, test)
    origin = panel.index(test)
    return like[KEYS].merge(as_frame(panel, origin, MODELS["moving_average"].forecast(panel, origin)), on=KEYS)


def _terms(
    items: pd.DataFrame | None,
    prices: pd.DataFrame | None,
    rows: pd.DataFrame,
    calendar: Calendar,
    assumptions: Assumptions,
) -> pd.DataFrame:
    """location_id, item_id and, NaN where nobody said: ``unit_cost`` (what holding a unit for a period costs), ``lost`` (the
    margin of a lost unit) and ``lead_time_days``."""
    import pandas as pd

    series = rows[SERIES].drop_duplicates(ignore_index=True)
    item = pd.Index(series["item_id"].astype(str))
    cost, lead = (_of_items(items, name).reindex(item).to_numpy() for name in ("unit_cost", "lead_time_days"))
    margin = _of_items(prices, "price").reindex(item).to_numpy() - cost
    rate = assumptions.holding_rate * calendar.days / YEAR / assumptions.holding_cost
    return series.assign(unit_cost=cost * rate, lost=pd.Series(margin).where(margin > 0).to_numpy(), lead_time_days=lead)


def _of_items(frame: pd.DataFrame | None, column: str) -> pd.Series:
    """item -> number, the mean where there are several; empty where the column is not there. A cost of 0 is an unknown one."""
    import pandas as pd

    if frame is None or column not in frame:
        return pd.Series(dtype=float)
    known = frame.assign(item_id=frame["item_id"].astype(str), number=pd.to_numeric(frame[column], errors="coerce"))
    known = known[known["number"] > 0] if column != "lead_time_days" else known
    return known.groupby("item_id")["number"].mean().astype(float)
