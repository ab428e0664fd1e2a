"""Finished steps of a company's night made by hand: tiny tables, and what the steps say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from decai_forecast.demand import Choice, SharedTreeCount
from decai_forecast.partner.facts import COMBINE, TRAIN, CombineFacts, TrainFacts
from decai_forecast.simulation.demand import INDEPENDENT
from decai_forecast.steps import Done, Writer, run_step
from decai_forecast.store import Store

NIGHT = "2026-06-29"
SHIP = date(2026, 6, 29)  # the first period of the forecast
CHOICE = Choice("mean", "the default", 3, {"mean": 0.2})


def sales(rows: Mapping[tuple[str, str, str], float], dates: pd.DatetimeIndex) -> pd.DataFrame:
    """A demand table; ``rows``: (location, item, category) -> units of each period."""
    return pd.DataFrame(
        [(where, item, category, day, units, False) for (where, item, category), units in rows.items() for day in dates],
        columns=["location_id", "item_id", "category", "date", "quantity", "censored"],
    )


def trained(store: Store, table: pd.DataFrame, **facts: Any) -> Done[TrainFacts]:
    """The training of a company with this demand table."""

    def work(writer: Writer) -> TrainFacts:
        writer.frame("table.parquet", table)
        return TrainFacts(len(table), 1, (SHIP,), **facts)

    return run_step(store, NIGHT, TRAIN, [], work)


def combined(store: Store, hierarchy: pd.DataFrame, **facts: Any) -> Done[CombineFacts]:
    """The combination whose totals are ``hierarchy``."""

    def work(writer: Writer) -> CombineFacts:
        writer.frame("hierarchy.parquet", hierarchy)
        writer.json("drivers.json", {"periods": [1]})
        return CombineFacts(SHIP, CHOICE, SharedTreeCount(None, "all", 0), 1, INDEPENDENT, **facts)

    return run_step(store, NIGHT, COMBINE, [], work)
