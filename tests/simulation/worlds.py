"""Small worlds for the tests: forecasts with known distributions."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import pandas as pd

from decai_forecast.demand.quantiles import LEVELS
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation import Simulation, simulate

WEEKS = Calendar("W", 13)


def normal_forecast(items: Mapping[str, tuple[float, float]], periods: int = 13, location: str = "main") -> pd.DataFrame:
    """Every period of item k is normal with mean and standard deviation ``items[k]`` (units)."""
    dates = pd.date_range("2026-01-05", periods=periods, freq="W-MON")
    rows = []
    for item, (mean, sd) in items.items():
        quantiles = {f"q{round(p * 100):02d}": max(0.0, mean + sd * NormalDist().inv_cdf(p)) for p in LEVELS}
        rows += [{"location_id": location, "item_id": item, "date": day, "mean": mean} | quantiles for day in dates]
    return pd.DataFrame(rows)


def items_of(vendors: Mapping[str, str], lead_time_days: float = 14.0) -> pd.DataFrame:
    return pd.DataFrame({"item_id": list(vendors), "vendor": list(vendors.values()), "lead_time_days": lead_time_days})


def stock_of(units: Mapping[str, float], location: str = "main") -> pd.DataFrame:
    return pd.DataFrame({"location_id": location, "item_id": list(units), "on_hand": list(units.values())})


def run(forecast: pd.DataFrame, **changes: object) -> Simulation:
    """``simulate`` with defaults for everything but the forecast."""
    assumptions = changes.pop("assumptions", Assumptions())
    data_sets = {
        name: changes.pop(name, None) for name in ("stock", "items", "lanes", "prices", "locations", "receipts", "open_orders")
    }
    calendar = changes.pop("calendar", Calendar("W", max(1, forecast["date"].nunique())))
    return simulate(forecast, data_sets, assumptions, calendar, **{"seed": 7} | changes)


def suppliers(found: Simulation) -> pd.DataFrame:
    """The exposure of suppliers, without that of sites."""
    return found.exposure[found.exposure["kind"] == "supplier"].reset_index(drop=True)


def two_suppliers(seed: int = 0, count: int = 6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A few items of two suppliers; supplier A has twice as many."""
    rng = np.random.default_rng(seed)
    names = [f"item-{k}" for k in range(count)]
    forecast = normal_forecast(
        {name: (float(m), float(m) / 4) for name, m in zip(names, rng.uniform(5, 60, count), strict=True)}
    )
    return forecast, items_of({name: "B" if k % 3 == 2 else "A" for k, name in enumerate(names)})
