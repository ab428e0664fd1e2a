"""Whether savings come true: what would have been proposed at a past cut-off, on the demand that followed it.

Levels are found with what was known then; both these and those that the company held are then run on what was in truth sold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.columns import KEYS, SERIES
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.past import Past, as_of
from decai_forecast.simulation.proposed import Goal, Today, proposed_targets
from decai_forecast.simulation.setting import setting
from decai_forecast.simulation.usual import usual_of

__all__ = ["HeldOut", "held_out"]


@dataclass(frozen=True)
class HeldOut:
    """At ``cutoff``, over ``periods``: of ``series`` whose held level was known, the saving per period that was ``promised``,
    and the one ``realised`` on the demand that followed; ``cost``: of what was held, on that demand."""

    cutoff: str
    periods: int
    series: int
    promised: float
    realised: float
    cost: float

    @property
    def share(self) -> float:
        """Of the promised saving, what came true; NaN where none was promised."""
        return self.realised / self.promised if self.promised > 0 else float("nan")

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def held_out(
    night: Past,
    table: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    calendar: Calendar,
    **options: Any,
) -> HeldOut | None:
    """Of a past ``night`` whose periods are over. ``table``: the demand table. ``options``: as of :func:`setting`. None where
    no level was known then, or no demand of every period after."""
    known = as_of(data_sets, night.cutoff)
    usual, then = usual_of(known["stock"], calendar, night.cutoff), _sold(table, calendar, night.cutoff)
    if not usual.on_hand or not then:
        return None
    now = setting(night.forecast, known, assumptions, calendar, **options)
    found, _ = proposed_targets(now.network, now.planner, Goal(), Today(now.stocked, False, usual, then=then))
    there = [key in then for key in found[SERIES].itertuples(index=False, name=None)]
    rows = found[np.array(there, dtype=bool) & found["cost_now"].notna().to_numpy(bool)]
    if rows.empty:
        return None
    costs = {name: float(rows[name].sum()) for name in ("cost_now", "cost_proposed", "cost_now_then", "cost_proposed_then")}
    promised, realised = costs["cost_now"] - costs["cost_proposed"], costs["cost_now_then"] - costs["cost_proposed_then"]
    return HeldOut(night.cutoff.isoformat(), calendar.horizon, len(rows), promised, realised, costs["cost_now_then"])


def _sold(table: pd.DataFrame, calendar: Calendar, cutoff: date) -> dict[tuple[str, str], Floats]:
    """Units of every period of the horizon after the cut-off, of series of which each is known."""
    first, end = pd.Timestamp(cutoff), pd.Timestamp(calendar.add(cutoff, calendar.horizon))
    days = pd.to_datetime(table["date"])
    rows = table[(days >= first) & (days < end) & table["quantity"].notna()].astype(dict.fromkeys(SERIES, str))
    found = rows.sort_values(KEYS).groupby(SERIES)["quantity"].agg(list)
    whole = found[found.map(len) == calendar.horizon]
    places, items = (whole.index.get_level_values(name).astype(str) for name in SERIES)
    return {key: np.array(units, dtype=float) for key, units in zip(zip(places, items, strict=True), whole, strict=True)}
