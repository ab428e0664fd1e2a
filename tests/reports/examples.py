"""Example facts for the tests: a small network with one dominant supplier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.reports import Delivery, Facts, Fan, Left, Quality, Roster
from decai_forecast.simulation import Simulation, simulate

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
AS_OF = date(2026, 11, 23)
WEEKS = Calendar("W", 13)
VENDORS = ("Northern Mills", "Delta Beverages", "Harbor Foods")
PARTNERS = ("alder_foods", "birch_markets", "cedar_stores", "elm_grocers")
ATTACK = "<script>alert(1)</script>"


def forecast_of(items: Sequence[str]) -> pd.DataFrame:
    dates = [AS_OF + timedelta(weeks=k) for k in range(WEEKS.horizon)]
    frame = pd.DataFrame([(item, day) for item in items for day in dates], columns=["item_id", "date"])
    mean = np.repeat(np.random.default_rng(5).lognormal(3, 0.8, len(items)), len(dates))
    for level in LEVELS:
        frame[f"q{round(level * 100):02d}"] = np.maximum(0, mean * (1 + 0.35 * NormalDist().inv_cdf(level)))
    return frame.assign(location_id="main", mean=mean, date=pd.to_datetime(frame["date"]))


def simulation(items: Sequence[str], *, stock: bool = True, vendors: Sequence[str] = VENDORS) -> Simulation:
    """A third of the items has a dominant supplier's share; stock, where there is any, differs widely."""
    forecast = forecast_of(items)
    facts = pd.DataFrame(
        {"item_id": list(items), "vendor": [vendors[min(k % 6 // 3 + k % 2, len(vendors) - 1)] for k in range(len(items))]}
    )
    facts["lead_time_days"], facts["unit_cost"] = 14.0, 2.5
    weekly = forecast.groupby("item_id", sort=False)["mean"].first()
    on_hand = pd.DataFrame(
        {
            "location_id": "main",
            "item_id": list(items),
            "on_hand": weekly.to_numpy() * np.tile([0.6, 2, 3, 4], len(items))[: len(items)],
        }
    )
    return simulate(forecast, on_hand if stock else None, facts, Assumptions(), WEEKS, seed=7)


def fan() -> Fan:
    weeks = [AS_OF + timedelta(weeks=k) for k in range(-26, 13)]
    level = [1200 + 220 * np.sin(k / 5) + 60 * np.cos(k * 1.7) for k in range(len(weeks))]
    past = tuple((day, float(units)) for day, units in zip(weeks[:26], level[:26], strict=True))
    return Fan(
        past, tuple((day, float(u), float(u * 0.88), float(u * 1.13)) for day, u in zip(weeks[26:], level[26:], strict=True))
    )


def quality() -> Quality:
    names = ("local", "shared", "mean", "combined")
    wapes = (0.243, 0.221, 0.214, 0.214)
    scores = {n: {"wape": w, "bias": 0.021, "wql": w * 0.8, "coverage": 0.78} for n, w in zip(names, wapes, strict=True)}
    origins = {"local": 0.251, "shared": 0.229, "mean": 0.222}
    return Quality(scores, "mean", "no candidate is clearly better than the mean of both", origins, 3, 0.262)


def facts(items: Sequence[str] = tuple(f"item-{k:03d}" for k in range(18)), **changes: Any) -> Facts:
    """Complete facts of one participant; any field can be replaced."""
    usual: dict[str, Any] = {
        "network": "demo",
        "participant": "alder_foods",
        "round_id": "2026-11-24",
        "as_of": AS_OF,
        "calendar": WEEKS,
        "assumptions": Assumptions(),
        "deliveries": (
            Delivery(
                "demand", "accepted_in_part", 17_520, 12, "range", ("quantity must not be negative: 12 rows, first 4,211",)
            ),
            Delivery("items", "accepted", 18),
            Delivery("stock", "accepted", 720),
        ),
        "roster": Roster(PARTNERS, PARTNERS[:3], 3, "closed", {"elm_grocers": "refused:schema"}),
        "seed": 7,
        "simulated": True,
        "quality": quality(),
        "simulation": simulation(items),
        "fan": fan(),
        "what_left": (
            Left("masked histogram sums", "nobody can read one partner's"),
            Left("verdict, row count, backtest errors", "coordinator"),
        ),
        "versions": {"decai_forecast": "0.1.0", "lightgbm": "4.7.0"},
    }
    return Facts(**usual | changes)


def refused(**changes: Any) -> Facts:
    """Facts of a participant whose demand was refused: no forecast, no simulation."""
    broken = Delivery("demand", "refused", 5_000, 5_000, "schema", ("column quantity is missing",))
    roster = Roster(PARTNERS, PARTNERS[1:], 3, "closed", {"alder_foods": "refused:schema"})
    return facts(deliveries=(broken,), roster=roster, quality=None, simulation=None, fan=None, what_left=(), **changes)
