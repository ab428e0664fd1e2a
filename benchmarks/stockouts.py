"""Back-test of stock-out probabilities on real stock cards: 20 regions, 155 sites, 11 products, months. Usage: stockouts.py

At every origin each region forecasts demand from its own past with the product's pipeline (own models, calibrated at earlier
origins), and the opening stock is that of the card. A stock-out is a month that ends with nothing on hand, within three months.
Told twice: conditional on the receipts that came, and with receipts like those that followed similar stock in the past.
The probabilities are calibrated (isotonic regression) on earlier origins alone; both, before and after, are printed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from forecast_sets import load
from harness import figure, write

from decai_forecast.demand import fit_mean, predict_own, prepare, to_levels, train_local
from decai_forecast.demand.backtest import origins_of
from decai_forecast.demand.combine import finished
from decai_forecast.demand.quantiles import levels_at_actual
from decai_forecast.errors import NotEnoughData
from decai_forecast.periods import CHOICE_ORIGINS, Calendar
from decai_forecast.simulation.demand import dependence_of, marginals_of, sample
from decai_forecast.simulation.stockouts import Reliability, calibration, chance, reliability

TESTED, EARLIER = 4, 3  # origins that are scored, and those before them that calibrate
SEED, REPLICATIONS = 7, 1000
ALIKE = 60  # past quarters of the region with the most similar cover, of which receipts are drawn
LEAST = 0.5  # units a month: the scale of a series that hardly moves
SERIES, CARD = ["location_id", "item_id"], "civ_contraceptives.parquet"
ACTUAL, PREDICTED, SITE = "receipts known", "receipts predicted", "site"


def back_test(
    cards: pd.DataFrame, tables: Mapping[str, pd.DataFrame], calendar: Calendar, *, tested: int = TESTED, earlier: int = EARLIER
) -> pd.DataFrame:
    """One row per series and origin: location_id, item_id, origin, out, opening, and the probabilities ``receipts known``,
    ``receipts predicted`` and ``site`` (the site's past rate of such quarters)."""
    quarters = quarters_of(cards, calendar.horizon)
    origins = origins_of(tables, calendar, tested + earlier + CHOICE_ORIGINS)
    found = [_partner(quarters, table, calendar, origins) for table in tables.values()]
    return pd.concat(found, ignore_index=True)


def quarters_of(cards: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Every series and month from which the whole horizon is on its cards: opening, receipts r0 .., out, scale and cover."""
    rows = cards.astype(dict.fromkeys(SERIES, str)).sort_values([*SERIES, "date"], ignore_index=True)
    series = rows.groupby(SERIES)
    month = rows["date"].dt.year * 12 + rows["date"].dt.month
    whole = series["date"].shift(1 - horizon).notna() & (
        month.groupby([rows[k] for k in SERIES]).shift(1 - horizon) == month + horizon - 1
    )
    empty = [series["on_hand_end"].shift(-k) <= 0 for k in range(horizon)]
    scale = (
        series["quantity"].transform(lambda sold: sold.shift(1).rolling(6, min_periods=1).mean()).fillna(0).clip(lower=LEAST)
    )
    out = rows[[*SERIES, "partner_id", "date"]].assign(
        opening=rows["on_hand_start"].clip(lower=0).astype(float), out=np.any(empty, axis=0), scale=scale
    )
    received = {f"r{k}": series["received"].shift(-k) for k in range(horizon)}
    return out.assign(cover=np.log1p(out["opening"] / scale), **received)[whole]


def _partner(quarters: pd.DataFrame, table: pd.DataFrame, calendar: Calendar, origins: Sequence[date]) -> pd.DataFrame:
    """One region, through the origins in time: what calibrates a forecast comes from those before it."""
    past: list[dict[str, pd.DataFrame]] = []
    residuals: list[pd.DataFrame] = []
    rows = []
    for k, origin in enumerate(origins):
        try:
            prepared = prepare(table, calendar, origin, seed=SEED)
        except NotEnoughData:
            continue
        train = prepared.train
        found = {"local": predict_own(train_local(train, seed=SEED), fit_mean(train, seed=SEED), prepared.future)}
        forecast = finished(past[-CHOICE_ORIGINS:], found, "local")
        if k >= CHOICE_ORIGINS:
            rows.append(_chances(quarters, forecast, residuals, origin, calendar.horizon))
        low, high = levels_at_actual(forecast)
        residuals.append(forecast[[*SERIES, "date"]].assign(level_low=low, level_high=high))
        past.append(found)
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _chances(
    quarters: pd.DataFrame, forecast: pd.DataFrame, residuals: Sequence[pd.DataFrame], origin: date, horizon: int
) -> pd.DataFrame:
    law = marginals_of(to_levels(forecast), forecast.drop_duplicates(SERIES)[[*SERIES, "lot"]])
    demand = np.round(sample(law, dependence_of(residuals), seed=SEED, replications=range(REPLICATIONS)))
    keys = pd.MultiIndex.from_frame(forecast[SERIES].drop_duplicates())
    now = quarters[(quarters["date"] == pd.Timestamp(origin)) & pd.MultiIndex.from_frame(quarters[SERIES]).isin(keys)]
    before = quarters[quarters["date"] <= pd.Timestamp(origin) - pd.DateOffset(months=horizon)]
    drawn = demand[pd.Index(law.locations).get_indexer(now["location_id"]), pd.Index(law.items).get_indexer(now["item_id"])]
    came = now[[f"r{k}" for k in range(horizon)]].to_numpy(float)[:, :, None]
    opening = now["opening"].to_numpy(float)
    own = before[before["partner_id"].isin(now["partner_id"])]
    rate = before.groupby("location_id")["out"].mean()
    return now[[*SERIES, "out", "opening"]].assign(**{
        "origin": pd.Timestamp(origin),
        ACTUAL: chance(opening, came, drawn),
        PREDICTED: chance(opening, _like_before(own, now, horizon), drawn),
        SITE: now["location_id"].map(rate).fillna(before["out"].mean()),
    })  # fmt: skip


def _like_before(past: pd.DataFrame, now: pd.DataFrame, horizon: int) -> np.ndarray:
    """Receipts [series, period, replication]: what came, in multiples of monthly demand, after similar cover in the region."""
    rng = np.random.default_rng([SEED, len(past), len(now)])
    cover, names = past["cover"].to_numpy(), [f"r{k}" for k in range(horizon)]
    share = past[names].to_numpy(float) / past["scale"].to_numpy()[:, None]
    size = min(ALIKE, len(past))
    out = np.empty((len(now), horizon, REPLICATIONS))
    for k, (own, scale) in enumerate(zip(now["cover"], now["scale"], strict=True)):
        near = np.argsort(np.abs(cover - own), kind="stable")[:size]
        out[k] = np.round(share[rng.choice(near, REPLICATIONS)].T * scale)
    return out


def calibrated(rows: pd.DataFrame, name: str, tested: int = TESTED) -> pd.DataFrame:
    """The rows of the last ``tested`` origins, with ``name`` as earlier origins of all regions ask for."""
    origins = sorted(rows["origin"].unique())
    parts = []
    for origin in origins[-tested:]:
        before, now = rows[rows["origin"] < origin], rows[rows["origin"] == origin]
        rule = calibration(before[name].to_numpy(float), before["out"].to_numpy(bool))
        parts.append(now.assign(**{name: rule(now[name].to_numpy(float))}))
    return pd.concat(parts, ignore_index=True)


def judged(rows: pd.DataFrame, name: str) -> Reliability:
    return reliability(rows[name].to_numpy(float), rows["out"].to_numpy(bool))


def stockouts() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The figures and the reliability tables."""
    given = load("civ")
    rows = back_test(_cards(), given.tables, given.calendar)
    last = rows[rows["origin"].isin(sorted(rows["origin"].unique())[-TESTED:])]
    site, tables = judged(last, SITE), {}
    for name in (ACTUAL, PREDICTED):
        raw, mended = judged(last, name), judged(calibrated(rows, name), name)
        for told, found in (("as simulated", raw), ("calibrated on earlier origins", mended)):
            print(f"{name}, {told}: ECE {found.error:.4f}, Brier {found.brier:.4f} (site's past rate {site.brier:.4f})")
            print(found.table.round(3).to_string(index=False), flush=True)
            tables[f"{name}, {told}"] = found.table.round(4).to_dict("records")
    known = judged(calibrated(rows, ACTUAL), ACTUAL)
    raw = judged(last, ACTUAL)
    return [
        figure("6-ece-civ", known.error, "", "as simulated", round(raw.error, 4), "<= .05", known.error <= 0.05),
        figure("6-brier-civ", known.brier, "", "site's past rate", round(site.brier, 4), "< peer", known.brier < site.brier),
    ], tables


def _cards() -> pd.DataFrame:
    import os
    from pathlib import Path

    return pd.read_parquet(Path(os.environ["DECAI_TEST_DATA"]) / CARD)


if __name__ == "__main__":
    began = time.monotonic()
    found, shown = stockouts()
    write("stockouts", found, began, tables=shown)
