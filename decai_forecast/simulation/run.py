"""Running the engine over a block of series: as it is, and with each series' suppliers down one at a time.

A supplier's outage touches only the items it supplies. One more run of every series with its own supplier down therefore
holds the outages of all suppliers at once; a scenario is the base run with that supplier's series replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.lost_sales import Ints, Outage, Policy, lost_sales, order_up_to, pipeline
from decai_forecast.simulation.measures import days_of_supply, low_quantile, served, standard_error
from decai_forecast.simulation.sampling import LEVELS, Floats, correlate, inverse, uniforms
from decai_forecast.simulation.world import World

__all__ = ["Settings", "Sums", "run_block"]

MEDIAN = int(np.searchsorted(LEVELS, 0.5))
TINY = 1e-9  # units: below this a shortage is rounding


@dataclass(frozen=True)
class Settings:
    """How to simulate; ``correlation`` is that of demand in successive periods."""

    calendar: Calendar
    assumptions: Assumptions
    correlation: float
    seed: int
    replications: int

    @property
    def critical(self) -> float:
        """p / (p + h): the cycle service level at which holding and shortage cost balance."""
        return self.assumptions.shortage_cost / (self.assumptions.shortage_cost + self.assumptions.holding_cost)

    @property
    def outage(self) -> int:
        """Periods without shipments."""
        return -(-self.assumptions.supplier_outage_days // self.calendar.days)


class Sums:
    """Units per period and replication, over all series and, with the supplier's number in front, over its own."""

    def __init__(self, vendors: list[str], settings: Settings) -> None:
        shape = (settings.calendar.horizon, settings.replications)
        self.vendors = vendors
        self.demand, self.lost = np.zeros(shape), np.zeros(shape)
        self.vendor_demand, self.vendor_lost, self.vendor_down = (np.zeros((len(vendors), *shape)) for _ in range(3))

    def add(self, demand: Floats, lost: Floats) -> None:
        self.demand += demand.sum(axis=0)
        self.lost += lost.sum(axis=0)

    def add_vendors(self, names: pd.Series, demand: Floats, lost: Floats, down: Floats) -> None:
        """Adds a block's pairs of series and supplier (rows of the arrays)."""
        for number, vendor in enumerate(self.vendors):
            rows = np.flatnonzero(names == vendor)
            if len(rows):
                self.vendor_demand[number] += demand[rows].sum(axis=0)
                self.vendor_lost[number] += lost[rows].sum(axis=0)
                self.vendor_down[number] += down[rows].sum(axis=0)


def run_block(world: World, settings: Settings, rows: Ints, sums: Sums) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulates the consecutive series ``rows``, adds to ``sums``; returns their table and that of their suppliers."""
    planned, demand = _demand(world, settings, rows)
    policy, safety = _policy(world, settings, rows, planned)
    lost = lost_sales(demand, policy)
    sums.add(demand, lost)

    pairs = world.pairs[world.pairs["series"].between(rows[0], rows[-1])].reset_index(drop=True)
    at = pairs["series"].to_numpy(np.int64) - rows[0]
    own, before = demand[at], lost[at]
    down = lost_sales(own, policy.take(at), Outage(settings.outage, pairs["share"].to_numpy(float)))
    sums.add_vendors(pairs["vendor"], own, before, down)

    found = pairs.assign(demand=_units(own), lost=_units(before), down=_units(down))
    for percent in (10, 50):
        found[f"tts_p{percent}"] = low_quantile(_first_stockout(down), percent / 100)
    return _table(world, settings, rows, policy, (demand, lost)).assign(safety_stock=safety), found


def _demand(world: World, settings: Settings, rows: Ints) -> tuple[Floats, Floats]:
    """Two independent samples: what the policy plans with (beyond the horizon too) and what happens."""
    horizon = settings.calendar.horizon
    periods = horizon + int(world.lead[rows].max()) + settings.assumptions.review_periods
    season = min(settings.calendar.season, horizon)
    ahead = [t if t < horizon else horizon - season + (t - horizon) % season for t in range(periods)]  # the last season again
    names, quantiles = [world.series[row] for row in rows], world.quantiles[rows]
    # draws are in the order of periods, so that those of a series do not depend on the longest lead time beside it
    plans = uniforms(settings.seed + 1, names, (periods, settings.replications))
    happens = uniforms(settings.seed, names, (horizon, settings.replications))
    planned = inverse(quantiles[:, ahead], correlate(plans, settings.correlation))
    return planned, inverse(quantiles, correlate(happens, settings.correlation))


def _policy(world: World, settings: Settings, rows: Ints, planned: Floats) -> tuple[Policy, Floats]:
    """The policy, and its safety stock: what the first level holds beyond the mean demand it protects."""
    lead, review = world.lead[rows], settings.assumptions.review_periods
    levels, protected = order_up_to(planned, lead, review, settings.critical, settings.calendar.horizon)
    known = world.on_hand[rows]
    on_hand: Floats = np.where(np.isnan(known), levels[:, 0], known)
    due = pipeline(levels[:, 0], on_hand, world.mean[rows], lead)
    return Policy(levels, on_hand, due, lead, review), np.maximum(levels[:, 0] - protected[:, 0], 0.0)


def _table(world: World, settings: Settings, rows: Ints, policy: Policy, units: tuple[Floats, Floats]) -> pd.DataFrame:
    demand, lost = units
    chance = (lost > TINY).any(axis=1).mean(axis=1)
    supply = days_of_supply(policy.on_hand, world.quantiles[rows][:, :, MEDIAN])
    return pd.DataFrame(
        {
            "location_id": [world.series[row][0] for row in rows],
            "item_id": [world.series[row][1] for row in rows],
            "demand": _units(demand),
            "lead_time": policy.lead,
            "on_hand": policy.on_hand,
            "on_hand_assumed": np.isnan(world.on_hand[rows]),
            "days_of_supply": supply * settings.calendar.days,
            "days_of_supply_flag": np.where(np.isnan(supply), ">horizon", ""),
            "p_stockout": chance,
            "p_stockout_se": standard_error(chance, settings.replications),
            "fill_rate": served(_units(demand), _units(lost)),
            "expected_lost_units": _units(lost),
            "order_up_to_level": policy.levels[:, 0],
        }
    )


def _units(values: Floats) -> Floats:
    """Mean units of a replication over the horizon, per series."""
    total: Floats = values.sum(axis=(1, 2)) / values.shape[2]
    return total


def _first_stockout(lost: Floats) -> Floats:
    """Periods to the first stock-out (series x replications); infinity: none within the horizon."""
    short = lost > TINY
    return np.where(short.any(axis=1), short.argmax(axis=1), np.inf)
