"""Simulating a partner's network over the forecast horizon: as it is, and with each supplier down in turn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.exposure import exposure_table, service_table, with_suppliers
from decai_forecast.simulation.measures import hhi, served
from decai_forecast.simulation.result import Simulation
from decai_forecast.simulation.run import Settings, Sums, run_block
from decai_forecast.simulation.world import World, build_world

__all__ = ["REPLICATIONS", "simulate"]

REPLICATIONS = 200  # standard error of a stock-out probability of 5 %: 1.5 points
BLOCK = 128  # series at a time: about 60 MB of samples


def simulate(
    forecast: pd.DataFrame,
    stock: pd.DataFrame | None,
    items: pd.DataFrame | None,
    assumptions: Assumptions,
    calendar: Calendar,
    *,
    seed: int,
    replications: int = REPLICATIONS,
    correlation: float = 0.0,
) -> Simulation:
    """Simulates the horizon ``replications`` times; the same for equal arguments, in whatever order the rows come.

    ``forecast``: location_id, item_id, date, mean, q05 .. q99 (horizon rows per series, units). ``stock``: location_id,
    item_id, on_hand (units), or None. ``items``: item_id, vendor, [lead_time_days], [unit_cost], one row per supplier of
    an item (orders are split evenly), or None. What is missing is taken from ``assumptions``; unknown stock is the
    order-up-to level. ``correlation`` is that of demand in successive periods beyond what the forecast foresees.

    Raises :class:`NotEnoughData` without any series, :class:`ConfigError` for incomplete frames.
    """
    world = build_world(forecast, stock, items, assumptions, calendar)
    settings = Settings(calendar, assumptions, correlation, seed, replications)
    sums = Sums(sorted(set(world.pairs["vendor"])), settings)
    count = len(world.series)
    blocks = [run_block(world, settings, np.arange(first, min(first + BLOCK, count)), sums) for first in range(0, count, BLOCK)]
    series, pairs = (pd.concat(parts, ignore_index=True) for parts in zip(*blocks, strict=True))
    return _result(world, settings, sums, with_suppliers(series, pairs), exposure_table(world, settings, sums, pairs))


def _result(world: World, settings: Settings, sums: Sums, series: pd.DataFrame, exposure: pd.DataFrame) -> Simulation:
    worst = str(exposure["node"].iloc[0])
    return Simulation(
        series=series,
        exposure=exposure,
        service=service_table(world, sums, worst),
        worst_node=worst,
        hhi=hhi(exposure["share"].to_numpy(float)),
        fill_rate=float(served(sums.demand.sum(), sums.lost.sum())),
        service_target=settings.critical,
        lost_units=float(sums.lost.sum() / settings.replications),
        outage_periods=settings.outage,
        horizon=settings.calendar.horizon,
        period_days=settings.calendar.days,
        replications=settings.replications,
        seed=settings.seed,
    )
