"""What the forecast was worth over the test window: the cost of ordering by each candidate, and by a moving average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from decai_forecast.errors import NotEnoughData
from decai_forecast.partner.check import accepted_frame
from decai_forecast.partner.context import SEED, PartnerContext
from decai_forecast.round import Round
from decai_forecast.steps import Done

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["worth"]

SHOWN = {"local": "own", "shared": "shared", "combined": "combined"}
YEAR = 365  # days
SERIES = ["location_id", "item_id"]


def worth(
    company: PartnerContext, round: Round, checked: Done, table: pd.DataFrame, tested: Mapping[str, pd.DataFrame]
) -> list[dict[str, Any]]:
    """One row per forecast of ``tested`` and the moving average: forecast, cost per period, and more of
    :func:`forecast_money`; empty where no series was known throughout."""
    from decai_forecast.demand import to_levels
    from decai_forecast.simulation.targets import forecast_money

    found = {SHOWN[name]: to_levels(frame) for name, frame in tested.items() if name in SHOWN}
    found["moving_average"] = to_levels(_average(company, round, table, tested["combined"]))
    actual = tested["combined"][[*SERIES, "date", "actual"]]
    try:
        rows = forecast_money(
            actual, found, company.assumptions, company.calendar, seed=SEED, unit_cost=_holding(company, checked, actual)
        )
    except NotEnoughData:
        return []
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _average(company: PartnerContext, round: Round, table: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The moving average on the rows of ``like``."""
    from decai_forecast.demand.models import MODELS, as_frame
    from decai_forecast.demand.panel import to_panel

    panel = to_panel(table, company.calendar)
    origin = panel.index(company.calendar.cutoffs(round.as_of).test)
    keys = [*SERIES, "date"]
    return like[keys].merge(as_frame(panel, origin, MODELS["moving_average"].forecast(panel, origin)), on=keys)


def _holding(company: PartnerContext, checked: Done, rows: pd.DataFrame) -> pd.DataFrame | None:
    """location_id, item_id, and as ``unit_cost`` what holding a unit for a period costs, by unit costs and the holding rate."""
    items = accepted_frame(company, checked, "items")
    if items is None or "unit_cost" not in items:
        return None
    given = company.assumptions
    rate = given.holding_rate * company.calendar.days / YEAR / given.holding_cost
    costs = items.groupby("item_id", observed=True)["unit_cost"].mean().astype(float) * rate
    series = rows[SERIES].drop_duplicates(ignore_index=True)
    return series.assign(unit_cost=costs.reindex(series["item_id"]).to_numpy()).dropna(ignore_index=True)
