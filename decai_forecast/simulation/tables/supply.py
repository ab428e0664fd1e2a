"""Projected days of supply: what stock will be, if demand is its median and orders are as today's policy places them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from decai_forecast.columns import KEYS
from decai_forecast.simulation.engine.choose import engine_for
from decai_forecast.simulation.measures import days_of_supply
from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.tables.run import Run, place_names

__all__ = ["supply_path"]

COLUMNS = [*KEYS, "days"]


def supply_path(run: Run, wanted: frozenset[tuple[str, str]]) -> pd.DataFrame:
    """location_id, item_id, date, days: of the ``wanted`` pairs of location and item, at the end of each period but the last.

    Days that the stock of that day lasts against the demand that follows (Catena-X CX-0157: receipts do not count); where it
    lasts to the end of the horizon, the days until then.
    """
    frames = [frame for group in run.network.groups for frame in _of_group(run, group, wanted)]
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
    return found.sort_values(COLUMNS[:3], ignore_index=True)


def _of_group(run: Run, group: Group, wanted: frozenset[tuple[str, str]]) -> list[pd.DataFrame]:
    asked = {item for _, item in wanted}
    own = group.only(np.array([k for k, item in enumerate(group.stages.items) if item in asked], dtype=np.int64))
    names, items = place_names(own), own.stages.items
    pairs = [(d, k) for d, place in enumerate(names) for k, item in enumerate(items) if (place, item) in wanted]
    if not pairs:
        return []
    demand = _median(run, own)
    stock = _stock(own, demand)
    return [_path(run, names[d], items[k], stock[d, k], demand[d, k]) for d, k in pairs]


def _median(run: Run, group: Group) -> Floats:
    """[demand node, item, period]; 0 where nobody forecast any."""
    none = np.zeros(run.horizon)
    return np.array([[run.median.get((p, item), none) for item in group.stages.items] for p in place_names(group)])


def _stock(group: Group, demand: Floats) -> Floats:
    """[demand node, item, period]: units at the end of each period."""
    nodes, (_, items, periods) = len(group.graph.nodes), demand.shape
    trace = np.zeros((nodes, items, periods, 1), dtype=np.float32)
    run = engine_for(nodes * periods * items, nodes * periods, 1)
    run(group.graph, group.stages, demand[..., None].astype(np.float32), backorder=False, trace=trace)
    at: Ints = group.graph.demand
    return np.asarray(np.maximum(trace[at, :, :, 0], 0.0), dtype=np.float64)


def _path(run: Run, place: str, item: str, stock: Floats, demand: Floats) -> pd.DataFrame:
    """After each period but the last, against the periods that follow it."""
    left = range(len(demand) - 1)
    lasting = [float(days_of_supply(stock[t : t + 1], demand[None, t + 1 :])[0]) for t in left]
    ends = [len(demand) - 1 - t if np.isnan(periods) else periods for t, periods in zip(left, lasting, strict=True)]
    days = [periods * run.network.calendar.days for periods in ends]
    dates = [day.date().isoformat() for day in run.dates[: run.horizon - 1]]
    return pd.DataFrame({"location_id": place, "item_id": item, "date": dates, "days": days})
