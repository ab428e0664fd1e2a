"""What a company has held until now, from its own counts: what a proposal is compared with.

A single count says nothing of how a company orders: after a delivery it is high, before one it is low. The mean of the counts
of a year does: by a base stock S an average of S less the demand of a lead time is on hand, so that the level it has in truth
ordered up to is what it held on average and the demand of a lead time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.periods import Calendar
from decai_forecast.simulation.network.facts import ANYWHERE
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.requirements import asked_of, lead_of
from decai_forecast.simulation.network.stages import Group

__all__ = ["FEWEST", "Usual", "usual_levels", "usual_of"]

FEWEST = 6  # periods with a count below which a mean says little
YEAR = 365  # days


@dataclass(frozen=True)
class Usual:
    """Mean units on hand by place and item, over the last twelve months; ``periods`` with a count there are at most."""

    on_hand: Mapping[tuple[str, str], float]
    periods: int = 0


def usual_of(stock: pd.DataFrame | None, calendar: Calendar, start: date) -> Usual:
    """From the data set ``stock`` (item_id, on_hand, and date and location_id where there are), of places and items that were
    counted in at least ``FEWEST`` periods of the year before ``start``."""
    if stock is None or "date" not in stock:
        return Usual({})
    days = pd.to_datetime(stock["date"])
    rows = stock[
        (days < pd.Timestamp(start)) & (days >= pd.Timestamp(start) - pd.Timedelta(days=YEAR)) & stock["on_hand"].notna()
    ]
    where = rows["location_id"].astype(str) if "location_id" in rows else pd.Series(ANYWHERE, index=rows.index)
    period = (pd.to_datetime(rows["date"]) - pd.Timestamp(start)).dt.days // calendar.days
    keys = pd.DataFrame({"place": where, "item": rows["item_id"].astype(str), "period": period})
    keys = keys.assign(on_hand=rows["on_hand"].astype(float).clip(lower=0.0))
    of_periods = keys.groupby(["place", "item", "period"], as_index=False)["on_hand"].mean()
    told = of_periods.groupby(["place", "item"], as_index=False)["on_hand"].agg(["mean", "size"])
    enough = told[told["size"] >= FEWEST]
    pairs = zip(enough["place"], enough["item"], enough["mean"], strict=True)
    return Usual(
        {(str(place), str(item)): float(mean) for place, item, mean in pairs}, int(told["size"].max()) if len(told) else 0
    )


def usual_levels(group: Group, usual: Usual, mean: Floats) -> Floats:
    """[node, item]: the level that the company has ordered up to, units; NaN where it is not known. ``mean``: expected demand
    of a period, [demand node, item]."""
    graph, flow = group.graph, asked_of(group, mean[:, :, None])[:, :, 0]
    names = graph.places or graph.nodes
    held = np.array([[usual.on_hand.get((place, item), np.nan) for item in group.stages.items] for place in names])
    found = held.reshape(len(names), len(group.stages.items)) + flow * lead_of(group)
    return np.asarray(np.where(graph.source[:, None], np.nan, found))
