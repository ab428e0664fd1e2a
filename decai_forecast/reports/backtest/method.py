"""How it was done: what was known when, who could not be forecast, and what the figures rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION, SERIES
from decai_forecast.reports.backtest.facts import BacktestFacts
from decai_forecast.reports.backtest.names import COMBINED, candidate_name
from decai_forecast.reports.words import period, plural

__all__ = ["choices", "method", "origins", "skipped", "slips"]


def origins(facts: BacktestFacts) -> list[dict[str, Any]]:
    """Every cut-off, oldest first: training rows of the shared forecaster, and whether it was scored or only warmed up."""
    counts = facts.rows.groupby("origin")["partner"].nunique()
    scored = dict(zip(pd.DatetimeIndex(counts.index).date, counts.tolist(), strict=True))
    return [
        {"origin": day.isoformat(), "rows": rows, "scored": day in scored, "partners": scored.get(day, 0)}
        for day, rows in sorted(facts.found.rows.items())
    ]


def choices(facts: BacktestFacts) -> list[dict[str, str]]:
    """What each partner took at each scored cut-off, and why."""
    found = facts.found.choices
    return [
        {
            "partner": str(row["partner"]),
            "origin": _day(row["origin"]),
            "choice": str(row["choice"]),
            "told": candidate_name(str(row["choice"])),
            "reason": str(row["reason"]),
        }
        for row in found[found["partner"].isin(facts.partners)].to_dict("records")
    ]


def skipped(facts: BacktestFacts) -> list[dict[str, Any]]:
    """Who could not be forecast, why, and at which cut-offs."""
    found = facts.found.skipped
    groups = found[found["partner"].isin(facts.shown)].groupby(["partner", "reason"], sort=True)
    return [
        {"partner": str(name), "reason": str(reason), "origins": sorted(map(_day, part["origin"]))}
        for (name, reason), part in groups
    ]


def slips(facts: BacktestFacts) -> list[dict[str, Any]]:
    """What looks like a slip in the table, the largest first: where, what was delivered, and what it counts as (units)."""
    found = facts.found.slips
    rows = found[found["partner"].isin(facts.shown)].sort_values("delivered", ascending=False, kind="stable")
    return [
        {
            "partner": str(row["partner"]),
            "location": str(row[LOCATION]),
            "item": str(row[ITEM]),
            "date": _day(row[DATE]),
            "delivered": float(row["delivered"]),
            "counted": float(row["counted"]),
        }
        for row in rows.to_dict("records")
    ]


def _day(value: Any) -> str:
    return pd.Timestamp(value).date().isoformat()


def method(facts: BacktestFacts, cutoffs: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """What a reader who wants to repeat or to doubt it must know, as names and texts."""
    warm = sum(not row["scored"] for row in cutoffs)
    ahead, each = plural(facts.calendar.horizon, facts.calendar), period(facts.calendar)
    gap = "sold nothing" if facts.missing == "zero" else "is unknown and counts for nothing"
    own = facts.rows[facts.rows["model"] == COMBINED]
    unknown, count = int(own["actual"].isna().sum()), len(own)
    rows = [
        ("Known at a cut-off", f"only {each}s before it; prices and promotions of later {each}s only where planned ahead"),
        ("Forecast", f"the {ahead} after each cut-off; cut-offs lie one horizon apart, so that no {each} is judged twice"),
        ("Warm-up", f"{_cutoffs(warm)} before the scored ones, only to choose and to calibrate on"),
        ("Choice and calibration", "each company on its own earlier cut-offs, never on the one that is scored"),
        ("Shared forecaster", _shared(facts)),
        ("Series", _series(facts)),
        ("Rows judged", f"{count - unknown:,} per model" + (f"; {unknown:,} more have no known demand" if unknown else "")),
        ("A period without a row", gap),
        ("Slips", "a quantity four times as large as all others of its series, far from them, teaches and judges nothing"),
        ("Item classes", "Syntetos-Boylan, by the demand before the cut-off: ADI 1.32, squared variation of sizes 0.49"),
        ("Money", "price last known before the cut-off; the ratio of holding and shortage decides what is ordered"),
        (
            "Tests",
            "two-sided Wilcoxon signed-rank test on relative differences, corrected after Holm for all tests of a measure",
        ),
        ("Repeatable", f"seed {facts.seed}; the same table, versions and options give the same figures"),
    ]
    return [{"name": name, "text": text} for name, text in rows]


def _cutoffs(count: int) -> str:
    return f"{count} cut-off{'' if count == 1 else 's'}"


def _shared(facts: BacktestFacts) -> str:
    if facts.alone:
        return "trained on the rows of this company alone, since the table has no other: shared means nothing here"
    return "trained on the pooled rows of all companies in one process, not by the federated training of a network"


def _series(facts: BacktestFacts) -> str:
    known = sum(len(facts.tables[name][SERIES].drop_duplicates()) for name in facts.shown)
    own = facts.rows[facts.rows["model"] == COMBINED]
    forecast = len(own[["partner", LOCATION, ITEM]].drop_duplicates())
    if forecast == known:
        return f"all {known:,} of the table were forecast"
    return f"{forecast:,} of the {known:,} in the table were forecast; the others had no sale before the last cut-off"
