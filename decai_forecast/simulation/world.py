"""The world as arrays, from the frames a partner has: series (location x item), their stock, lead times and suppliers."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.sampling import LEVELS, Floats

__all__ = ["UNKNOWN", "World", "build_world"]

UNKNOWN = "unknown"  # the supplier of an item of which none is known
SERIES = ["location_id", "item_id"]
QUANTILES = [f"q{round(level * 100):02d}" for level in LEVELS]


@dataclass(frozen=True)
class World:
    """Series sorted by location and item; ``pairs`` hold one row per series and supplier of its item."""

    series: list[tuple[str, str]]
    dates: list[pd.Timestamp]
    mean: Floats  # series x horizon, units
    quantiles: Floats  # series x horizon x 8, units
    on_hand: Floats  # units; NaN: unknown
    lead: npt.NDArray[np.int64]  # periods
    unit_cost: Floats  # NaN: unknown
    pairs: pd.DataFrame  # series (row number), vendor, share of the item's orders


def build_world(
    forecast: pd.DataFrame, stock: pd.DataFrame | None, items: pd.DataFrame | None, assumptions: Assumptions, calendar: Calendar
) -> World:
    """Sorts and aligns the frames; raises :class:`NotEnoughData` or :class:`ConfigError` for unusable ones."""
    _columns(forecast, [*SERIES, "date", "mean", *QUANTILES], "the forecast")
    if forecast.empty:
        raise NotEnoughData("the forecast has no series; there is nothing to simulate")
    ordered = forecast.astype({"location_id": str, "item_id": str}).sort_values([*SERIES, "date"], ignore_index=True)
    keys = ordered[SERIES].drop_duplicates(ignore_index=True)
    dates = sorted(ordered["date"].unique())
    if len(ordered) != len(keys) * len(dates) or len(dates) != calendar.horizon:
        raise ConfigError(
            f"the forecast has {len(ordered)} rows for {len(keys)} series and {len(dates)} dates; "
            f"expected the same {calendar.horizon} periods for every series"
        )
    shape = (len(keys), len(dates))
    facts = _item_facts(items)
    per_item = facts.groupby("item_id").agg({"lead_time_days": "max", "unit_cost": "mean"}).reindex(keys["item_id"])
    days = per_item["lead_time_days"].fillna(assumptions.lead_time_days).clip(lower=0)
    return World(
        series=list(keys.itertuples(index=False, name=None)),
        dates=[pd.Timestamp(day) for day in dates],
        mean=ordered["mean"].to_numpy(float).reshape(shape),
        quantiles=ordered[QUANTILES].to_numpy(float).reshape(*shape, len(QUANTILES)),
        on_hand=_on_hand(stock, keys),
        lead=np.array([ceil(d / calendar.days) for d in days], dtype=np.int64),
        unit_cost=per_item["unit_cost"].to_numpy(float),
        pairs=_pairs(facts, keys),
    )


def _columns(frame: pd.DataFrame, needed: list[str], name: str) -> None:
    if missing := [column for column in needed if column not in frame]:
        raise ConfigError(f"{name} has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")


def _on_hand(stock: pd.DataFrame | None, keys: pd.DataFrame) -> Floats:
    """Units per series; negative stock (booked, not yet received) counts as none."""
    if stock is None:
        return np.full(len(keys), np.nan)
    _columns(stock, [*SERIES, "on_hand"], "the stock")
    units = stock.astype({"location_id": str, "item_id": str}).groupby(SERIES, observed=True)["on_hand"].sum(min_count=1)
    return units.reindex(pd.MultiIndex.from_frame(keys)).clip(lower=0).to_numpy(float)


def _item_facts(items: pd.DataFrame | None) -> pd.DataFrame:
    """One row per item and supplier; columns that were not delivered are NaN."""
    if items is None:
        items = pd.DataFrame({"item_id": [], "vendor": []})
    _columns(items, ["item_id", "vendor"], "the items")
    vendor = items["vendor"].astype(object).where(items["vendor"].notna(), "").astype(str).str.strip()
    facts = pd.DataFrame({"item_id": items["item_id"].astype(str), "vendor": vendor.replace("", UNKNOWN)})
    for column in ("lead_time_days", "unit_cost"):
        facts[column] = items[column].astype(float) if column in items else np.nan
    return facts.drop_duplicates(["item_id", "vendor"])


def _pairs(facts: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Suppliers of each series; the orders of an item with several are split evenly."""
    series = pd.DataFrame({"series": np.arange(len(keys)), "item_id": keys["item_id"]})
    pairs = series.merge(facts[["item_id", "vendor"]], on="item_id", how="left")
    pairs["vendor"] = pairs["vendor"].fillna(UNKNOWN)
    pairs["share"] = 1.0 / pairs.groupby("series")["vendor"].transform("size")
    return pairs[["series", "vendor", "share"]].sort_values(["series", "vendor"], ignore_index=True)
