"""Back-test of stock-out probabilities on real stock cards: 20 regions, 155 sites, 11 products, months. Usage: stockouts.py

At every origin each region forecasts demand from its own past with the product's pipeline (own models, calibrated at earlier
origins); the opening stock is that of the card. A stock-out is a month that ends with nothing on hand, within three months.
Told twice: conditional on the receipts that came, and with receipts as the product draws them (``said_at``). Both are
calibrated by the product's own function on the region's own earlier origins alone, and printed before and after.
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
from decai_forecast.simulation.calibrated import calibrate
from decai_forecast.simulation.demand import Marginals, dependence_of, marginals_of, sample
from decai_forecast.simulation.past import Counts, found_empty, said_at
from decai_forecast.simulation.stockouts import Reliability, chance, reliability

TESTED, EARLIER = 4, 3  # origins that are scored, and those before them that calibrate
SEED, REPLICATIONS = 7, 1000
SERIES, CARD = ["location_id", "item_id"], "civ_contraceptives.parquet"
ACTUAL, PREDICTED, SITE = "receipts known", "receipts predicted", "site"


def back_test(
    cards: pd.DataFrame, tables: Mapping[str, pd.DataFrame], calendar: Calendar, *, tested: int = TESTED, earlier: int = EARLIER
) -> pd.DataFrame:
    """One row per series and origin: partner, location_id, item_id, cutoff, came, rate, periods, and the probabilities
    ``receipts known``, ``receipts predicted`` and ``site`` (the site's past rate of such quarters)."""
    origins = origins_of(tables, calendar, tested + earlier + CHOICE_ORIGINS)
    own = {str(name): rows.astype(dict.fromkeys(SERIES, str)) for name, rows in cards.groupby("partner_id")}
    found = [_partner(own[name], table, calendar, origins).assign(partner=name) for name, table in tables.items()]
    return _with_site_rate(pd.concat(found, ignore_index=True))


def _partner(cards: pd.DataFrame, table: pd.DataFrame, calendar: Calendar, origins: Sequence[date]) -> pd.DataFrame:
    """One region, through the origins in time: what calibrates a forecast comes from those before it."""
    past: list[dict[str, pd.DataFrame]] = []
    residuals: list[pd.DataFrame] = []
    counts = Counts.of(_counted(cards), table, calendar)
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
            rows.append(_chances(cards, counts, forecast, residuals, origin))
        low, high = levels_at_actual(forecast)
        residuals.append(forecast[[*SERIES, "date"]].assign(level_low=low, level_high=high))
        past.append(found)
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _counted(cards: pd.DataFrame) -> pd.DataFrame:
    """What was on hand on the last day of the month."""
    return cards[SERIES].assign(date=cards["date"] + pd.offsets.MonthEnd(0), on_hand=cards["on_hand_end"])


def _chances(
    cards: pd.DataFrame, counts: Counts, forecast: pd.DataFrame, residuals: Sequence[pd.DataFrame], origin: date
) -> pd.DataFrame:
    law = marginals_of(to_levels(forecast), forecast.drop_duplicates(SERIES)[[*SERIES, "lot"]])
    moves, calendar = dependence_of(residuals), counts.calendar
    said = said_at(law, counts, origin, moves, SEED, REPLICATIONS)
    if said is None:
        return pd.DataFrame()
    came = found_empty(counts.stock, calendar, origin, calendar.add(origin, calendar.horizon))
    whole = came[came["counted"] == calendar.horizon]
    rows = said.rename(columns={"said": PREDICTED}).merge(whole.assign(came=whole["empty"] > 0)[[*SERIES, "came"]], on=SERIES)
    rows = rows.merge(_cards_after(cards, origin, calendar), on=SERIES)
    demand = np.round(sample(law, moves, seed=SEED, replications=range(REPLICATIONS)))
    known = rows.pop("opening").to_numpy(float), np.stack(rows.pop("received").tolist())
    return rows.assign(cutoff=pd.Timestamp(origin), **{ACTUAL: chance(known[0], known[1][:, :, None], _of(demand, law, rows))})


def _of(demand: np.ndarray, law: Marginals, rows: pd.DataFrame) -> np.ndarray:
    """The samples [series, period, replication] of the rows."""
    place, item = (
        pd.Index(names).get_indexer(pd.Index(rows[key])) for names, key in zip((law.locations, law.items), SERIES, strict=True)
    )
    return demand[place, item]


def _cards_after(cards: pd.DataFrame, origin: date, calendar: Calendar) -> pd.DataFrame:
    """Of series with a card for every month of the horizon: opening stock, and what was received in each month."""
    end = pd.Timestamp(calendar.add(origin, calendar.horizon))
    rows = cards[(cards["date"] >= pd.Timestamp(origin)) & (cards["date"] < end)].sort_values("date")
    found = rows.groupby(SERIES).agg(opening=("on_hand_start", "first"), received=("received", list)).reset_index()
    return found[found["received"].map(len) == calendar.horizon]


def _with_site_rate(rows: pd.DataFrame) -> pd.DataFrame:
    """The share of earlier origins' rows of the site that came true; of all sites where it has none."""
    parts = []
    for cutoff, now in rows.groupby("cutoff"):
        before = rows[rows["cutoff"] < cutoff]
        rate = before.groupby("location_id")["came"].mean()
        parts.append(now.assign(**{SITE: now["location_id"].map(rate).fillna(before["came"].mean() if len(before) else 0.5)}))
    return pd.concat(parts, ignore_index=True)


def calibrated(rows: pd.DataFrame, name: str, tested: int = TESTED) -> pd.DataFrame:
    """The rows of the last ``tested`` origins with ``name`` as the product tells it: by what the region's own earlier origins
    teach, where they bear it."""
    parts = []
    for origin in sorted(rows["cutoff"].unique())[-tested:]:
        for _, own in rows.assign(said=rows[name], simulated=rows[name]).groupby("partner"):
            now, learned = own[own["cutoff"] == origin], calibrate(own[own["cutoff"] < origin])
            parts.append(now.assign(**{name: learned.of(now)["p"]}) if learned.used and len(now) else now)
    return pd.concat(parts, ignore_index=True)


def judged(rows: pd.DataFrame, name: str) -> Reliability:
    return reliability(rows[name].to_numpy(float), rows["came"].to_numpy(bool))


def stockouts() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The figures and the reliability tables."""
    given = load("civ")
    rows = back_test(_cards(), given.tables, given.calendar)
    last = rows[rows["cutoff"].isin(sorted(rows["cutoff"].unique())[-TESTED:])]
    site, tables = judged(last, SITE), {}
    for name in (ACTUAL, PREDICTED):
        raw, mended = judged(last, name), judged(calibrated(rows, name), name)
        for told, found in (("as simulated", raw), ("calibrated by the region itself", mended)):
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
