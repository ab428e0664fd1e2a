"""One row per stocked item: how it stands today, and what the outage of a supplier does to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.simulation.engine.frame import Counts, Outcome
from decai_forecast.simulation.measures import days_of_supply, served, standard_error
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.network.reach import share_through
from decai_forecast.simulation.network.requirements import lead_of
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.tables.run import Run, place_names

__all__ = ["series_table"]

BEYOND = ">horizon"


def series_table(run: Run, protected_mean: tuple[Floats, ...]) -> pd.DataFrame:
    """Columns as in :class:`Simulation`, by location and item. ``protected_mean``: per group, of :class:`Planner`."""
    rows = [
        row
        for g, (group, mean) in enumerate(zip(run.network.groups, protected_mean, strict=True))
        for row in _rows(run, g, group, mean)
    ]
    table = pd.DataFrame(rows).sort_values(SERIES, ignore_index=True)
    supply = _days(run, table)
    table.insert(table.columns.get_loc("p_stockout"), "days_of_supply", supply)  # type: ignore[arg-type]  # one column
    flag = np.where(np.isnan(supply), BEYOND, "")
    table.insert(table.columns.get_loc("p_stockout"), "days_of_supply_flag", flag)  # type: ignore[arg-type]  # one column
    return table


def _days(run: Run, table: pd.DataFrame) -> Floats:
    """Days that opening stock lasts against the median of demand."""
    median = np.stack([run.median[place, item] for place, item in zip(table["location_id"], table["item_id"], strict=True)])
    return days_of_supply(table["on_hand"].to_numpy(float), median) * run.network.calendar.days


def _rows(run: Run, g: int, group: Group, mean: Floats) -> Iterator[dict[str, Any]]:
    graph, stages, base, size = group.graph, group.stages, run.base[g], run.replications
    lead, names = lead_of(group), place_names(group)
    worst = _Outages.of(run, g)
    for d, k in np.ndindex(base.demand.shape):
        node, place, item = int(graph.demand[d]), names[d], stages.items[k]
        if (place, item) not in run.median:  # nobody forecast it there
            continue
        chance = np.array(base.stockouts[d, k] / size)
        level = float(stages.level[node, k, 0])
        yield {
            "location_id": place,
            "item_id": item,
            "demand": float(base.demand[d, k]) / size,
            "lead_time": int(lead[node, k]),
            "on_hand": float(stages.stock[node, k]),
            "on_hand_assumed": (place, item) not in run.stocked,
            "p_stockout": float(chance),
            "p_stockout_se": float(standard_error(chance, size)),
            "fill_rate": float(served(base.demand[d, k], base.demand[d, k] - base.served[d, k])),
            "expected_lost_units": float(base.demand[d, k] - base.served[d, k]) / size,
            "order_up_to_level": level,
            "safety_stock": max(level - float(mean[node, k]), 0.0),
        } | worst.row(d, k)


@dataclass(frozen=True)
class _Outages:
    """Of each series of a group the supplier whose outage costs it most; ``reach``: how much of it comes from each supplier,
    [demand node, item]. Where no scenario has a supplier down, the base run stands for its outage; a what-if stands for all.
    ``within``: the base run over the horizon."""

    names: tuple[str, ...]
    downs: tuple[Outcome, ...]
    reach: tuple[Floats, ...]
    base: Outcome
    within: Outcome

    @classmethod
    def of(cls, run: Run, g: int) -> _Outages:
        group, base = run.network.groups[g], run.swept.base[g]
        names = tuple(name for name, source in zip(group.graph.nodes, group.graph.source, strict=True) if source)
        scenarios = run.swept.scenarios
        down = {place.name: scenarios[s][g] for s in range(len(run.scenarios)) if (place := run.place_of(s))}
        usual = scenarios[0][g] if run.asked_for else base
        downs, reach = tuple(down.get(name, usual) for name in names), tuple(share_through(group, n) for n in names)
        return cls(names, downs, reach, base, run.base[g])

    def row(self, d: int, k: int) -> dict[str, Any]:
        missed = self.base.demand[d, k] - self.base.served[d, k]
        extra = [float(down.demand[d, k] - down.served[d, k] - missed) for down in self.downs]
        most = int(np.argmax([lost if reach[d, k] > 0 else -np.inf for lost, reach in zip(extra, self.reach, strict=True)]))
        return self._row(self.names[most], self.downs[most], d, k, max(extra[most], 0.0))

    def _row(self, vendor: str, down: Outcome, d: int, k: int, extra: float) -> dict[str, Any]:
        first, now = down.first_short[d, k], self.within
        lost = np.minimum(now.demand[d, k] - now.served[d, k] + extra, now.demand[d, k])
        return {
            "vendor": vendor,
            "down_lost_units": extra / self.base.replications,
            "down_fill_rate": float(served(now.demand[d, k], lost)),
            "down_tts_p10": _quantile(first, 0.1),
            "down_tts_p50": _quantile(first, 0.5),
        }


def _quantile(first: Counts, probability: float) -> float:
    """Of the first short period, from how many replications had which ([period + 1], the last: none); NaN: beyond."""
    reached = np.flatnonzero(first.cumsum() >= probability * first.sum())
    return float(reached[0]) if len(reached) and reached[0] < len(first) - 1 else float("nan")
