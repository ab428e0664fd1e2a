"""What flows in normal times: mean demand at the shops, and what every node ships to meet it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.columns import KEYS, SERIES
from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.topology import Topology
from decai_forecast.simulation.network.walk import Key

__all__ = ["Flow", "Shares", "flow_of", "mean_demand", "shares_of"]

Series = tuple[str, str]  # location, item


def mean_demand(forecast: pd.DataFrame, horizon: int) -> tuple[Mapping[Series, Floats], pd.Timestamp]:
    """The mean per series and period, units, and the first period; :class:`ConfigError` names the first wrong row."""
    if missing := [name for name in (*KEYS, "mean") if name not in forecast]:
        raise ConfigError(f"the forecast has no column {', '.join(missing)}; it has {', '.join(map(str, forecast.columns))}")
    if forecast.empty:
        raise NotEnoughData("the forecast has no series; there is nothing to simulate")
    ordered = forecast.astype({"location_id": str, "item_id": str}).sort_values(KEYS)
    mean = ordered["mean"].to_numpy(float)
    if (wrong := ~(np.isfinite(mean) & (mean >= 0))).any():
        row = ordered.iloc[int(np.flatnonzero(wrong)[0])]
        where = f"item {row['item_id']!r} at {row['location_id']!r} on {pd.Timestamp(row['date']):%Y-%m-%d}"
        raise ConfigError(f"forecast, {where}: mean is {row['mean']:g}; expected units of at least 0")
    dates = pd.DatetimeIndex(ordered["date"].unique()).sort_values()
    keys = ordered[SERIES].drop_duplicates()
    if len(ordered) != len(keys) * horizon or len(dates) != horizon:
        raise ConfigError(
            f"the forecast has {len(ordered)} rows for {len(keys)} series and {len(dates)} dates; "
            f"expected the same {horizon} periods for every series"
        )
    rows = mean.reshape(len(keys), horizon)
    return dict(zip(keys.itertuples(index=False, name=None), rows, strict=True)), dates[0]


@dataclass(frozen=True)
class Flow:
    """Units per period."""

    demand: Floats  # [demand node, item, period]: mean
    throughput: Floats  # [node, item]: mean of what it ships and sells, over the horizon


def flow_of(topology: Topology, means: Mapping[Series, Floats], horizon: int) -> Flow:
    """Demand carried up the lanes, by shares and bills of material."""
    graph = topology.graph
    demand = np.zeros((len(graph.demand), len(topology.items), horizon))
    for row, node in enumerate(graph.demand):
        for column, item in enumerate(topology.items):
            found = means.get((topology.keys[node].place, item))
            if found is not None:
                demand[row, column] = found
    ships = np.zeros((len(graph.nodes), len(topology.items)))
    ships[graph.demand] = demand.mean(axis=2)
    part = topology.quantity() * topology.share()
    for lane in np.argsort(-graph.child, kind="stable"):  # children before their parents
        ships[graph.parent[lane]] += part[lane] * ships[graph.child[lane]]
    return Flow(demand, ships)


@dataclass(frozen=True)
class Shares:
    """How what a place has is divided among the nodes that need it, by what they ship."""

    of_item: Mapping[tuple[str, str], float]  # place, item -> units per period
    of_place: Mapping[str, float]  # place -> units per period

    def item(self, place: str, item: str, ships: float) -> float:
        """The share of the stock of ``item`` at ``place`` for a node that ships so much of it."""
        total = self.of_item.get((place, item), 0.0)
        return ships / total if total > 0 else 1.0

    def place(self, place: str, ships: float) -> float:
        total = self.of_place.get(place, 0.0)
        return ships / total if total > 0 else 1.0


def shares_of(pairs: Sequence[tuple[Topology, Flow]]) -> Shares:
    items: dict[tuple[str, str], float] = defaultdict(float)
    places: dict[str, float] = defaultdict(float)
    for topology, flow in pairs:
        for node, key in enumerate(topology.keys):
            places[key.place] += float(flow.throughput[node].sum())
            for column, item in enumerate(topology.items):
                items[key.place, kept(key, item)] += float(flow.throughput[node, column])
    return Shares(items, places)


def kept(key: Key, item: str) -> str:
    """What a node keeps for ``item``: itself, or a component."""
    return key.item or item
