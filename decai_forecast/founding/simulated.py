"""The built-in network: six simulated companies, three suppliers, two years of daily sales, stock, prices and promotions.

Everything here is invented and says so. Sales follow a demand that companies share (season, weekday, price, promotion)
at levels and habits of their own; stock is replenished up to a level with random lead times, so shelves do run empty and
sales are then less than demand, as in life.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.errors import ConfigError
from decai_forecast.network import Assumptions, Network, Participant

__all__ = ["COMPANIES", "found_simulated", "simulate_sources"]

CONTRACTS = Path(__file__).parents[2] / "data_contracts"
HISTORY_DAYS = 730
AHEAD_DAYS = 60  # the sources hold coming days too (a pull takes what lies before its as_of), so that later nights find data
SEED = 20261124
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Company:
    """Size and habits of one simulated company."""

    id: str
    items: int
    locations: tuple[str, ...]
    level: float  # mean units per item, location and day
    weekend: float  # factor on Saturdays and Sundays
    promotion: float  # share of days on promotion
    dispersion: float  # of the negative binomial: small is lumpy
    cover_days: float  # stock aimed at beyond the lead time


COMPANIES = (
    Company("alder_foods", 24, ("north", "south"), 40.0, 1.5, 0.08, 8.0, 7.0),
    Company("birch_markets", 20, ("main",), 18.0, 1.2, 0.12, 5.0, 5.0),
    Company("cedar_stores", 16, ("main",), 9.0, 1.8, 0.05, 3.0, 6.0),
    Company("elm_grocers", 12, ("main",), 5.0, 0.6, 0.10, 2.0, 4.0),
    Company("maple_mart", 10, ("main",), 3.0, 1.0, 0.06, 1.5, 8.0),
    Company("willow_shops", 8, ("main",), 1.2, 1.3, 0.15, 1.0, 3.0),
)
SUPPLIERS = (("Northern Mills", 5.0, 0.45), ("Delta Beverages", 9.0, 0.35), ("Harbor Foods", 14.0, 0.20))  # lead days, share
CATEGORIES = ("bakery", "beverages", "household")


def found_simulated(home: Path, *, today: date, contracts: Path = CONTRACTS) -> Network:
    """Writes the sources, copies the committed contracts and saves ``network.yaml`` below ``home``."""
    if not contracts.is_dir():
        raise ConfigError(f"{contracts}: not found; the built-in network needs the repository's data_contracts folder")
    simulate_sources(home / "sources", today)
    for company in COMPANIES:
        shutil.copytree(contracts / company.id, home / "contracts" / company.id, dirs_exist_ok=True)
    network = Network(
        retry_minutes=0.5,
        home=home, name="demo", frequency="D", horizon=28, time_zone="Europe/Paris", simulated=True,
        assumptions=Assumptions(currency="EUR"),
        participants=tuple(Participant(company.id) for company in COMPANIES),
    )  # fmt: skip
    network.save()
    return network


def simulate_sources(folder: Path, today: date) -> None:
    """One folder per company with ``demand.parquet``, ``stock.parquet`` and ``items.parquet``; the same for equal dates."""
    first = today - timedelta(days=HISTORY_DAYS)
    days = pd.date_range(first, periods=HISTORY_DAYS + AHEAD_DAYS, freq="D")
    catalogue = _catalogue(np.random.default_rng(SEED))
    for number, company in enumerate(COMPANIES):
        frames = _company(company, catalogue, days, np.random.default_rng([SEED, number]))
        target = folder / company.id
        target.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            frame.to_parquet(target / f"{name}.parquet", index=False, compression="zstd")


def _catalogue(rng: np.random.Generator) -> pd.DataFrame:
    """The items that all companies choose from: category, season, elasticity, supplier."""
    count = max(company.items for company in COMPANIES)
    vendor = rng.choice(len(SUPPLIERS), count, p=[share for _, _, share in SUPPLIERS])
    return pd.DataFrame(
        {
            "item_id": [f"item-{k:03d}" for k in range(count)],
            "category": [CATEGORIES[k % len(CATEGORIES)] for k in range(count)],
            "vendor": [SUPPLIERS[v][0] for v in vendor],
            "lead": [SUPPLIERS[v][1] for v in vendor],
            "price": np.round(rng.uniform(1.5, 12.0, count), 2),
            "peak": rng.uniform(0, 365, count),
            "swing": rng.uniform(0.05, 0.45, count),
            "elasticity": rng.uniform(1.0, 2.5, count),
            "popularity": rng.lognormal(0, 0.6, count),
        }
    )


def _company(
    company: Company, catalogue: pd.DataFrame, days: pd.DatetimeIndex, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    items = catalogue.iloc[np.sort(rng.choice(len(catalogue), company.items, replace=False))].reset_index(drop=True)
    promoted = _promotions(company, len(items), len(days), rng)
    price = (
        items["price"].to_numpy()[:, None] * (1 + 0.03 * np.floor(np.arange(len(days)) / 180)) * np.where(promoted, 0.8, 1.0)
    )
    frames = [_location(company, name, items, price, promoted, days, rng) for name in company.locations]
    facts = items[["item_id", "category", "vendor"]].assign(
        lead_time_days=items["lead"].astype("int32"), unit_cost=(items["price"] * 0.6).round(2)
    )
    return {
        "demand": pd.concat([demand for demand, _ in frames], ignore_index=True),
        "stock": pd.concat([stock for _, stock in frames], ignore_index=True),
        "items": facts,
    }


def _promotions(company: Company, items: int, days: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Promotions last a week; each week of each item is one with the company's own probability."""
    weeks = rng.random((items, days // 7 + 1)) < company.promotion
    return np.repeat(weeks, 7, axis=1)[:, :days]


def _location(
    company: Company, location: str, items: pd.DataFrame, price: Floats, promoted: npt.NDArray[np.bool_],
    days: pd.DatetimeIndex, rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    mean = _mean_demand(company, items, price, days, rng)
    wanted = rng.negative_binomial(company.dispersion, company.dispersion / (company.dispersion + mean)).astype(float)
    sold, on_hand = _replenish(company, items, wanted, mean, rng)
    series, periods = wanted.shape
    keys = {
        "date": np.tile(days.to_numpy().astype("datetime64[D]"), series),
        "location_id": location,
        "item_id": np.repeat(items["item_id"].to_numpy(), periods),
    }
    demand = pd.DataFrame(keys).assign(
        quantity=sold.ravel(), price=price.round(2).ravel(), promotion=promoted.astype("int8").ravel()
    )
    stock = pd.DataFrame(keys).assign(on_hand=on_hand.ravel())
    for frame in (demand, stock):
        frame["date"] = frame["date"].dt.date
    return demand, stock


def _mean_demand(
    company: Company, items: pd.DataFrame, price: Floats, days: pd.DatetimeIndex, rng: np.random.Generator
) -> Floats:
    year = np.asarray(days.day_of_year, dtype=float)
    season = 1 + items["swing"].to_numpy()[:, None] * np.cos((year - items["peak"].to_numpy()[:, None]) / 365.25 * 2 * np.pi)
    weekday = np.where(np.asarray(days.day_of_week) >= 5, company.weekend, 1.0)
    effect = (price / items["price"].to_numpy()[:, None]) ** -items["elasticity"].to_numpy()[:, None]
    own = items["popularity"].to_numpy() * rng.lognormal(0, 0.3, len(items))
    return np.asarray(company.level * own[:, None] * season * weekday * effect, dtype=float)


def _replenish(
    company: Company, items: pd.DataFrame, wanted: Floats, mean: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Order-up-to stock with random lead times; returns units sold and on hand at the end of each day."""
    series, periods = wanted.shape
    lead = items["lead"].to_numpy()
    target = np.ceil(mean.mean(axis=1) * (lead + company.cover_days))
    on_hand, pipeline = target.copy(), np.zeros((series, periods + 60))
    sold, left = np.zeros_like(wanted), np.zeros_like(wanted)
    rows = np.arange(series)
    for day in range(periods):
        on_hand += pipeline[:, day]
        sold[:, day] = np.minimum(wanted[:, day], on_hand)
        on_hand -= sold[:, day]
        left[:, day] = on_hand
        order = np.maximum(target - on_hand - pipeline[:, day + 1 :].sum(axis=1), 0)
        arrival = day + 1 + rng.poisson(lead - 1).clip(0, 50)
        pipeline[rows, arrival] += order
    return sold, left
