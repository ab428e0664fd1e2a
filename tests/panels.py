"""Deliveries of an invented company, with season, prices and promotions."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.demand import build_table
from decai_forecast.periods import Calendar

WEEKS, DAYS, MONTHS = Calendar("W", 13), Calendar("D", 14), Calendar("M", 3)
AS_OF = date(2026, 6, 22)  # a Monday


def delivery(calendar: Calendar = WEEKS, periods: int = 120, items: int = 4, seed: int = 0) -> pd.DataFrame:
    """One row per item and period up to ``AS_OF`` (months: up to the start of its month); promotions raise demand."""
    rng = np.random.default_rng(seed)
    starts = [calendar.add(calendar.floor(AS_OF), k - periods) for k in range(periods)]
    season = 1 + 0.4 * np.sin(np.arange(periods) / calendar.season * 2 * np.pi)
    frames = []
    for k in range(items):
        promotion = (rng.random(periods) < 0.15).astype(float)
        quantity = rng.poisson(6 * (k + 1) * season * (1 + promotion)).astype(float)
        price = rng.choice([4.0, 5.0], periods)
        frames.append(
            pd.DataFrame(
                {"date": starts, "location_id": "main", "item_id": f"i{k:02d}", "quantity": quantity}
                | {"price": price, "promotion": promotion, "category": f"c{k % 2}"}
            )
        )
    return pd.concat(frames, ignore_index=True).astype({"date": "datetime64[us]"})


def table(calendar: Calendar = WEEKS, periods: int = 120, items: int = 4, seed: int = 0) -> pd.DataFrame:
    return build_table(delivery(calendar, periods, items, seed), calendar, AS_OF)
