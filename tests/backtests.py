"""A small backtest made by hand: seven companies, two series each, two cut-offs, three weeks ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.demand.backtest import Backtest
from decai_forecast.periods import Calendar
from decai_forecast.reports.backtest import BacktestFacts

WEEKS = Calendar("W", 3)
FIRST = date(2026, 1, 5)  # of the tables
WARM, SCORED = (date(2026, 3, 2),), (date(2026, 3, 23), date(2026, 4, 13))
PERIODS = 17  # of a table; the last cut-off's horizon ends with it
PARTNERS = tuple(f"shop_{k}" for k in range(7))
ITEMS = {"steady": "smooth", "rare": "lumpy"}  # item -> class
ERRORS: Mapping[str, float] = {"combined": 0.1, "local": 0.2, "shared": 0.15, "moving_average": 0.3}  # share of the actual
LEVELS = {"q05": 0.7, "q10": 0.8, "q25": 0.9, "q50": 1.0, "q75": 1.1, "q90": 1.2, "q95": 1.3, "q99": 1.5}


def table_of(partner: str, *, price: float = 2.0) -> pd.DataFrame:
    """A demand table: the steady item sells every week, the rare one every third."""
    size = 10.0 * (1 + PARTNERS.index(partner)) if partner in PARTNERS else 10.0
    rows = [
        ("all", item, pd.Timestamp(WEEKS.add(FIRST, k)), size + k if kind == "smooth" else size * (k % 3 == 0), price)
        for item, kind in ITEMS.items()
        for k in range(PERIODS)
    ]
    return pd.DataFrame(rows, columns=["location_id", "item_id", "date", "quantity", "price"])


def forecasts_of(tables: Mapping[str, pd.DataFrame], errors: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Forecasts that are too high by their model's share of the actual, and by ten times that where nothing sold."""
    rows = pd.concat([table.assign(partner=name) for name, table in tables.items()]).drop(columns="price")
    starts = np.array(SCORED, dtype="datetime64[ns]")
    rows = rows[rows["date"] >= starts[0]].rename(columns={"quantity": "actual"}).assign(naive_abs=5.0, naive_square=30.0)
    rows["origin"] = starts[np.searchsorted(starts, rows["date"].to_numpy("datetime64[ns]"), side="right") - 1]
    rows["h"] = (rows["date"] - rows["origin"]).dt.days // 7 + 1
    rows = rows.assign(item_class=rows["item_id"].map(ITEMS)).merge(pd.DataFrame({"model": list(ERRORS)}), how="cross")
    error = np.array([errors.get(p, {}).get(m, ERRORS[m]) for p, m in zip(rows["partner"], rows["model"], strict=True)])
    rows["mean"] = rows["actual"] * (1 + error) + 10 * error * (rows["actual"] == 0)
    return rows.assign(**{name: rows["mean"] * factor for name, factor in LEVELS.items()})


def backtest_of(
    partners: Sequence[str] = PARTNERS, *, errors: Mapping[str, Mapping[str, float]] | None = None, price: float = 2.0
) -> tuple[Backtest, dict[str, pd.DataFrame]]:
    """The backtest and its tables; ``errors``: partner -> model -> error, where it differs from ``ERRORS``."""
    tables = {partner: table_of(partner, price=price) for partner in partners}
    choices = [(p, o, "mean, lumpy: shared", "no candidate is clearly better") for p in partners for o in SCORED]
    return (
        Backtest(
            forecasts_of(tables, errors or {}),
            pd.DataFrame(choices, columns=["partner", "origin", "choice", "reason"]),
            pd.DataFrame([("late", WARM[0], "3 periods before")], columns=["partner", "origin", "reason"]),
            dict.fromkeys((*WARM, *SCORED), 1000),
        ),
        tables | {"late": table_of("late").head(0)},
    )


def facts(partners: Sequence[str] = PARTNERS, **changes: Any) -> BacktestFacts:
    """The facts of its report; ``errors`` and ``price`` as in :func:`backtest_of`, all else as in BacktestFacts."""
    made = {name: changes.pop(name) for name in ("errors", "price") if name in changes}
    found, tables = backtest_of(partners, **made)
    return BacktestFacts(found, tables, WEEKS, "orders.parquet", versions={"decai-forecast": "0.1.0"}, **changes)


NO_PRICE = float(np.nan)
