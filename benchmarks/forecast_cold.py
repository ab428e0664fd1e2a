"""Figure 3: what a company left out of training gets from the others' forecaster in its first months.

The shared forecaster is trained in ``FOLDS``, each without a part of the companies; each of those is then given its last 0, 4,
13, 26 weeks (0, 1, 3, 6 months) before the origin and nothing else. Its opponent is its own model on the same history: our
local one, or, where too few rows can be made to train on, the empirical quantiles of what it sold. Without any history a
company declares one total, its true mean; the opponent spreads it evenly over its items.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from forecast_sets import DemandSet, load
from harness import figure

from decai_forecast.demand import fit, predict, prepare, score, to_levels, train_own
from decai_forecast.demand.newcomers import popularity, share_curve, spread
from decai_forecast.demand.prepare import Prepared, forecast_rows
from decai_forecast.demand.target import from_target
from decai_forecast.errors import NotEnoughData

__all__ = ["cold_start", "figures"]

AGES = {"W": (4, 13, 26), "M": (1, 3, 6)}
FOLDS = 4
LAST = {"iowa": 1}  # origins; the other sets have all four
TRAINED = (0.1, 0.5, 0.9)
Q = ["q10", "q50", "q90"]


def cold_start(name: str) -> pd.DataFrame:
    """One row per origin, partner, age and model of a set: ``wape``, ``wql``."""
    given, rows = load(name), list[dict[str, Any]]()
    for origin in given.origins[-LAST.get(given.name, len(given.origins)) :]:
        prepared = _prepared(given, origin)
        for fold in _folds(sorted(prepared)):
            others = {p: rows for p, rows in prepared.items() if p not in fold}
            train = pd.concat([own.train for own in others.values()], ignore_index=True)
            shared = fit(train, seed=7)
            shape = from_target(np.quantile(train["target"], TRAINED), 1.0)
            for partner in fold:
                rows += [
                    {"origin": origin, "partner": partner} | row
                    for row in _newcomer(given, partner, origin, shared, shape, others)
                ]
        print(f"  {name}: cold start at {origin}: {len(prepared)} companies", flush=True)
    return pd.DataFrame(rows)


def _prepared(given: DemandSet, origin: date) -> dict[str, Prepared]:
    found = {}
    for partner, table in sorted(given.tables.items()):
        try:
            found[partner] = prepare(table, given.calendar, origin, seed=7)
        except NotEnoughData:
            continue
    return found


def _folds(partners: list[str]) -> list[list[str]]:
    order = np.random.default_rng(1).permutation(len(partners))
    return [[partners[k] for k in order[fold::FOLDS]] for fold in range(FOLDS)]


def _newcomer(
    given: DemandSet,
    partner: str,
    origin: date,
    shared: Mapping[float, str],
    shape: np.ndarray,
    others: Mapping[str, Prepared],
) -> list[dict[str, Any]]:
    table, calendar = given.tables[partner], given.calendar
    inside = table[table["date"] < pd.Timestamp(calendar.add(origin, calendar.horizon))]
    found = _without_history(inside, given, origin, shape, others)
    for age in AGES[calendar.frequency]:
        recent = inside[inside["date"] >= pd.Timestamp(calendar.add(origin, -age))]
        try:
            ahead = forecast_rows(recent, calendar, origin)
        except NotEnoughData:
            continue
        found += _scored(age, {"shared": predict(shared, ahead), "own": _own(recent, given, origin, ahead)})
    return found


def _own(recent: pd.DataFrame, given: DemandSet, origin: date, ahead: pd.DataFrame) -> pd.DataFrame:
    try:
        rows = prepare(recent, given.calendar, origin, seed=7)
        return predict(train_own(rows.train, seed=7).models, rows.future)
    except NotEnoughData:
        keys = ["location_id", "item_id"]
        known = recent[(recent["date"] < pd.Timestamp(origin)) & ~recent["censored"]]
        seen = known.groupby(keys)["quantity"].quantile(list(TRAINED)).unstack().set_axis(Q, axis=1)
        return ahead[[*keys, "date", "h", "actual", "scale", "lot"]].merge(seen.reset_index(), on=keys)


def _without_history(
    inside: pd.DataFrame, given: DemandSet, origin: date, shape: np.ndarray, others: Mapping[str, Prepared]
) -> list[dict[str, Any]]:
    """Items that sell in the horizon, one declared total per period (their true mean), and nothing else known of them."""
    ahead = inside[(inside["date"] >= pd.Timestamp(origin)) & ~inside["censored"] & inside["quantity"].notna()]
    if not ahead["quantity"].sum() > 0:
        return []
    rows = ahead.assign(series=ahead["location_id"] + "|" + ahead["item_id"])
    total = rows.groupby("date")["quantity"].sum().mean()
    known = _known(others, given, origin)
    items = rows[["series", "item_id"]].drop_duplicates().reset_index(drop=True)
    liked = popularity(items[["item_id"]].drop_duplicates(), known, ["item_id"])
    items["popularity"] = items["item_id"].map(dict(zip(items["item_id"].drop_duplicates(), liked, strict=True)))
    told = spread(total, items[["series", "popularity"]].rename(columns={"series": "item_id"}), share_curve(known))
    mean = rows["series"].map(told.set_index("item_id")["quantity"]).to_numpy()
    even = np.full(len(rows), total / len(items))
    frames = {
        "shared": rows.assign(**{name: mean * factor for name, factor in zip(Q, shape, strict=True)}),
        "own": rows.assign(**dict.fromkeys(Q, even)),
        "own_shaped": rows.assign(**{name: even * factor for name, factor in zip(Q, shape, strict=True)}),
    }
    return _scored(0, {name: frame.rename(columns={"quantity": "actual"}) for name, frame in frames.items()})


def _known(others: Mapping[str, Prepared], given: DemandSet, origin: date) -> pd.DataFrame:
    """Units per period of the year before the origin, one row per company and item; only its multiples of the mean are used."""
    begin = pd.Timestamp(given.calendar.add(origin, -given.calendar.year))
    frames = []
    for partner in others:
        table = given.tables[partner]
        year = table[(table["date"] >= begin) & (table["date"] < pd.Timestamp(origin)) & ~table["censored"]]
        frames.append(year.groupby("item_id", as_index=False)["quantity"].mean().assign(partner_id=partner))
    return pd.concat(frames, ignore_index=True).dropna(subset="quantity")


def _scored(age: int, frames: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    found = []
    for name, frame in frames.items():
        scores = score(to_levels(frame) if "lot" in frame else frame)
        if scores is not None:
            found.append({"age": age, "model": name, "wape": scores.wape, "wql": scores.wql})
    return found


def figures(name: str, found: pd.DataFrame) -> list[dict[str, Any]]:
    """At every age the partner mean of shared-based against own, WAPE and WQL."""
    out = []
    each = found.groupby(["partner", "age", "model"])[["wape", "wql"]].mean().reset_index()
    for metric in ("wape", "wql"):
        curve = each.pivot_table(index="age", columns="model", values=metric)
        for age, row in curve.iterrows():
            ours, own = float(row["shared"]), float(row["own"])
            told = f"3-{metric}_after_{age}-{name}"
            out.append(figure(told, ours, "partner mean", "own", round(own, 4), "below own", ours < own))
    return out
