"""What ordering by each forecast would have cost, at a cost ratio; in money where prices are known."""

from __future__ import annotations

from typing import Any

import pandas as pd

from decai_forecast.reports.backtest.facts import BacktestFacts
from decai_forecast.reports.backtest.names import COMBINED
from decai_forecast.reports.backtest.scores import change, means

__all__ = ["money"]


def money(facts: BacktestFacts) -> dict[str, Any]:
    """Per model: ``cost`` per unit sold (mean over partners), ``money`` summed over all partners and origins (None without
    prices), and how the combination's differs from it."""
    cost = means(facts)["cost"]
    total = facts.scored.groupby("model")["money"].sum(min_count=1).reindex(cost.index)
    return {
        "holding": facts.holding,
        "shortage": facts.shortage,
        "level": facts.shortage / (facts.shortage + facts.holding),
        "priced": _priced(facts),
        "models": [_model(model, cost, total) for model in facts.models],
    }


def _model(model: str, cost: pd.Series, total: pd.Series) -> dict[str, Any]:
    return {
        "model": model,
        "cost": float(cost[model]),
        "money": float(total[model]),
        "cost_change": change(cost[COMBINED], cost[model]),
        "money_change": change(total[COMBINED], total[model]),
    }


def _priced(facts: BacktestFacts) -> float:
    """Share of the demand whose price was known."""
    rows = facts.rows[facts.rows["model"] == COMBINED]
    value = next(c for c in ("unit_cost", "price") if c in rows)
    return float(rows.loc[rows[value].notna(), "actual"].sum() / rows["actual"].sum())
