"""Whether what a report shows came true, on civ (20 regions, months) and on a world whose truth is known. Usage:
simulation_true.py stockouts | savings [REGIONS] | world [ITEMS]
At every past cut-off each region is simulated as the product would have: its own forecast, counts as they were known, levels
corrected by what the cut-offs before teach (``corrected``). Compared with the counts of the quarter that followed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from forecast_sets import load
from harness import cpu_seconds, said
from scipy import stats
from stockouts import EARLIER, SERIES, TESTED, _cards, _counted

from decai_forecast.demand import fit_mean, predict_own, prepare, to_levels, train_local
from decai_forecast.demand.backtest import origins_of
from decai_forecast.demand.combine import finished
from decai_forecast.demand.quantiles import LEVELS
from decai_forecast.errors import NotEnoughData
from decai_forecast.network import Assumptions
from decai_forecast.periods import CHOICE_ORIGINS, Calendar
from decai_forecast.simulation.calibrated import calibrate
from decai_forecast.simulation.corrected import chances, corrected
from decai_forecast.simulation.demand import INDEPENDENT, marginals_of
from decai_forecast.simulation.held_out import held_out
from decai_forecast.simulation.past import Counts, Past, as_of, found_empty, said_at
from decai_forecast.simulation.setting import Setting, setting
from decai_forecast.simulation.stockouts import reliability

SEED, REPLICATIONS = 7, 200
OPTIONS: dict[str, Any] = {"seed": SEED, "replications": REPLICATIONS, "dependence": INDEPENDENT}


def nights(table: pd.DataFrame, calendar: Calendar, origins: list[date]) -> Mapping[date, pd.DataFrame]:
    """cut-off -> the forecast that the product would have made, from what lay before it."""
    past: list[dict[str, pd.DataFrame]] = []
    made = {}
    for origin in origins:
        try:
            prepared = prepare(table, calendar, origin, seed=SEED)
        except NotEnoughData:
            continue
        found = {
            "local": predict_own(train_local(prepared.train, seed=SEED), fit_mean(prepared.train, seed=SEED), prepared.future)
        }
        if len(past) >= CHOICE_ORIGINS:
            made[origin] = to_levels(finished(past[-CHOICE_ORIGINS:], found, "local"))
        past.append(found)
    return made


def walked(made: Mapping[date, pd.DataFrame], counts: Counts, items: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per series and cut-off: what was simulated, what was shown (with fill rate), and whether the shelf was empty."""
    rows, worlds, calendar = [], {}, counts.calendar
    for origin, forecast in made.items():
        told = said_at(marginals_of(forecast), counts, origin, INDEPENDENT, SEED, REPLICATIONS)
        if told is None:
            continue
        sets = as_of({"stock": counts.stock, "items": items}, origin)
        worlds[origin] = setting(forecast, sets, Assumptions(), calendar, **OPTIONS)
        came = found_empty(counts.stock, calendar, origin, calendar.add(origin, calendar.horizon))
        whole = came[came["counted"] == calendar.horizon]
        now = told.merge(chances(worlds[origin]), on=SERIES).assign(cutoff=origin)
        rows.append(now.merge(whole.assign(came=whole["empty"] > 0)[[*SERIES, "came"]], on=SERIES))
    return pd.concat([shown(pd.concat(rows), worlds, origin) for origin in worlds]) if rows else pd.DataFrame()


def shown(rows: pd.DataFrame, worlds: Mapping[date, Setting], origin: date) -> pd.DataFrame:
    def world(cutoff: date, told: pd.DataFrame) -> np.ndarray:
        found = chances(corrected(worlds[cutoff], told[[*SERIES, "p"]]).setting)
        return told[SERIES].merge(found, on=SERIES)["simulated"].to_numpy()

    now, learned = rows[rows["cutoff"] == origin], calibrate(rows[rows["cutoff"] < origin], world)
    if not learned.used:
        return now.assign(p=now["simulated"], aim=now["simulated"], fill=fill_of(worlds[origin]))
    told = now.assign(p=learned.of(now)["p"])
    taught = corrected(worlds[origin], told[[*SERIES, "p"]]).setting
    p = told[SERIES].merge(chances(taught), on=SERIES)["simulated"].to_numpy()
    return told.assign(aim=told["p"], p=p, fill=fill_of(taught))


def fill_of(now: Setting) -> float:
    found = now.swept([]).base
    return float(sum(one.served.sum() for one in found) / sum(one.demand.sum() for one in found))


def errors(rows: pd.DataFrame, tested: int = TESTED) -> dict[str, float]:
    last = rows[rows["cutoff"].isin(sorted(rows["cutoff"].unique())[-tested:])]
    told = {name: reliability(last[name].to_numpy(float), last["came"].to_numpy(bool)) for name in ("simulated", "aim", "p")}
    found = {f"{name}_error": one.error for name, one in told.items()} | {
        f"{name}_brier": one.brier for name, one in told.items()
    }
    return {"rows": len(last)} | found


def stockouts(count: int = 20) -> None:
    before, given, cards = cpu_seconds(), load("civ"), _cards()
    origins = list(origins_of(given.tables, given.calendar, TESTED + EARLIER + CHOICE_ORIGINS))
    own, found = {str(name): rows.astype(dict.fromkeys(SERIES, str)) for name, rows in cards.groupby("partner_id")}, []
    for name, table in list(given.tables.items())[:count]:
        counts = Counts.of(_counted(own[name]), table, given.calendar)
        found.append(walked(nights(table, given.calendar, origins), counts))
    said(cpu=cpu_seconds() - before, **errors(pd.concat(found)))


def world(count: int = 200) -> None:
    """Weekly demand of 10 in the mean, 25 delivered every other week, of which one in five never comes: the product is told
    nothing of it but counts. Forecasts are the truth."""
    before, calendar = cpu_seconds(), Calendar("W", 13)
    stock, table, asked = supplied([f"i{k:02d}" for k in range(count)])
    made, items = {}, pd.DataFrame({"item_id": sorted(stock["item_id"].unique()), "vendor": "A"})
    for cutoff in pd.date_range("2024-06-03", periods=7, freq="13W-MON"):
        made[cutoff.date()] = truth(items["item_id"], cutoff)
    rows = walked(made, Counts.of(stock, table, calendar), items)
    fill = [served(table, asked, cutoff) for cutoff in sorted(rows["cutoff"].unique())[-TESTED:]]
    told = [rows.loc[rows["cutoff"] == cutoff, "fill"].iloc[0] for cutoff in sorted(rows["cutoff"].unique())[-TESTED:]]
    apart = float(np.mean(np.abs(np.array(fill) - np.array(told))))
    sets, kept = {"stock": stock, "items": items}, []
    for cutoff in sorted(made)[-TESTED:]:
        one = held_out(Past(cutoff, made[cutoff]), asked, sets, Assumptions(), calendar, **OPTIONS)
        kept += [] if one is None else [one]
    promised, realised = sum(one.promised for one in kept), sum(one.realised for one in kept)
    said(cpu=cpu_seconds() - before, service_apart=apart, promised=promised, realised=realised, share=realised / promised,
         **errors(rows))  # fmt: skip


def supplied(items: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Counts, sales and demand of 200 weeks."""
    draw, weeks = np.random.default_rng(3), pd.date_range("2022-12-05", periods=200, freq="W-MON")
    stock, sold, asked = [], [], []
    for item in items:
        left = 20.0
        for k, week in enumerate(weeks):
            left += 25.0 * (k % 2 == 0) * (draw.random() >= 0.2)
            want = float(draw.poisson(10))
            sale = min(left, want)
            left -= sale
            stock.append(("main", item, week + pd.Timedelta(days=6), left))
            sold.append(("main", item, week, sale))
            asked.append(("main", item, week, want))
    names = ["location_id", "item_id", "date"]
    found = [pd.DataFrame(rows, columns=[*names, "quantity"]).assign(censored=False) for rows in (sold, asked)]
    return pd.DataFrame(stock, columns=[*names, "on_hand"]), found[0], found[1]


def truth(items: pd.Series, cutoff: pd.Timestamp) -> pd.DataFrame:
    """The law of demand, for every item and week of a quarter."""
    quantiles = {f"q{round(p * 100):02d}": float(stats.poisson.ppf(p, 10)) for p in LEVELS} | {"mean": 10.0}
    days = pd.date_range(cutoff, periods=13, freq="7D")
    return pd.DataFrame([{"location_id": "main", "item_id": item, "date": day} | quantiles for item in items for day in days])


def served(sold: pd.DataFrame, asked: pd.DataFrame, cutoff: date) -> float:
    rows = (sold["date"] >= pd.Timestamp(cutoff)) & (sold["date"] < pd.Timestamp(cutoff) + pd.Timedelta(weeks=13))
    return float(sold.loc[rows, "quantity"].sum() / asked.loc[rows, "quantity"].sum())


def savings(count: int = 20) -> None:
    """Promised at the last past cut-offs and realised on the demand that followed, all regions together."""
    before, given, cards = cpu_seconds(), load("civ"), _cards()
    origins = list(origins_of(given.tables, given.calendar, TESTED + CHOICE_ORIGINS))
    own = {str(name): rows.astype(dict.fromkeys(SERIES, str)) for name, rows in cards.groupby("partner_id")}
    found = []
    for name, table in list(given.tables.items())[:count]:
        for origin, forecast in nights(table, given.calendar, origins).items():
            one = held_out(
                Past(origin, forecast), table, {"stock": _counted(own[name])}, Assumptions(), given.calendar, **OPTIONS
            )  # fmt: skip
            found += [] if one is None else [one]
    promised, realised = sum(one.promised for one in found), sum(one.realised for one in found)
    said(cpu=cpu_seconds() - before, nights=len(found), promised=promised, realised=realised, share=realised / promised)


if __name__ == "__main__":
    {"stockouts": stockouts, "savings": savings, "world": world}[sys.argv[1]](*map(int, sys.argv[2:]))
