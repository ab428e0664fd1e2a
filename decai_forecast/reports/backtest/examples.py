"""A few series to look at, chosen by how much they sell and never by how well they were forecast."""

from __future__ import annotations

from typing import Any

import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.demand.table import QUANTITY
from decai_forecast.reports.backtest.facts import BacktestFacts
from decai_forecast.reports.backtest.names import COMBINED

__all__ = ["examples"]

HISTORY = 1  # horizons of demand before the first cut-off
SELDOM = ("intermittent", "lumpy")
SERIES = ["partner", LOCATION, ITEM]


def examples(facts: BacktestFacts) -> list[dict[str, Any]]:
    """The largest series, the middle one, and the middle one of those that sell seldom; with every forecast made of them."""
    rows = facts.rows[facts.rows["model"] == COMBINED]
    return [_example(facts, rows, rule, key) for rule, key in _chosen(rows).items()]


def _chosen(rows: pd.DataFrame) -> dict[str, tuple[str, str, str]]:
    """Rule -> series, each series once."""
    units = rows.groupby(SERIES)["actual"].sum().loc[lambda total: total > 0].sort_values(ascending=False, kind="stable")
    kind = rows.groupby(SERIES)["item_class"].first().loc[units.index]
    seldom = units[kind.isin(SELDOM)]
    found = {"the series with the most units": units.index[:1], "the middle one by units": units.index[len(units) // 2 :][:1]}
    found["the middle one of those that sell seldom"] = seldom.index[len(seldom) // 2 :][:1]
    keys: dict[tuple[str, str, str], str] = {}
    for rule, index in found.items():
        for key in index:
            keys.setdefault(key, rule)
    return {rule: key for key, rule in keys.items()}


def _example(facts: BacktestFacts, rows: pd.DataFrame, rule: str, key: tuple[str, str, str]) -> dict[str, Any]:
    partner, location, item = key
    own = rows[(rows["partner"] == partner) & (rows[LOCATION] == location) & (rows[ITEM] == item)]
    own = own.sort_values(DATE, kind="stable")
    return {
        "rule": rule,
        "partner": partner,
        "location": location,
        "item": item,
        "item_class": str(own["item_class"].iloc[0]),
        "history": _history(facts, key, own["origin"].min()),
        "origins": [day.date().isoformat() for day in sorted(own["origin"].unique())],
        "forecast": [_period(row) for row in own.to_dict("records")],
    }


def _history(facts: BacktestFacts, key: tuple[str, str, str], first: pd.Timestamp) -> list[dict[str, Any]]:
    table = facts.tables[key[0]]
    own = table[(table[LOCATION] == key[1]) & (table[ITEM] == key[2]) & (table[DATE] < first)].sort_values(DATE)
    own = own.tail(HISTORY * facts.calendar.horizon)
    return [{"date": f"{day:%Y-%m-%d}", "units": float(q)} for day, q in zip(own[DATE], own[QUANTITY], strict=True)]


def _period(row: dict[Any, Any]) -> dict[str, Any]:
    return {"date": f"{row[DATE]:%Y-%m-%d}"} | {name: float(row[name]) for name in ("actual", "q10", "q50", "q90")}
