"""What the report tells a planner: read from the finished steps of the night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from decai_forecast.partner.facts import CombineFacts, OverrideEffect, OverrideScore, TrainFacts, WatchFacts
from decai_forecast.partner.watch import alarms_of
from decai_forecast.periods import Calendar
from decai_forecast.reports import Planning
from decai_forecast.steps import Done

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["briefing"]

MOST = 12  # totals of a level, the largest
KEYS = ["location_id", "category"]


def briefing(
    calendar: Calendar, trained: Done[TrainFacts], watched: Done[WatchFacts] | None, combined: Done[CombineFacts]
) -> Planning:
    """Alarms, drivers, totals, first forecasts and overrides of a night whose forecast is made."""
    facts, table = combined.facts, trained.frame("table.parquet")
    hierarchy = combined.frame("hierarchy.parquet")
    return Planning(
        since=(watched.facts.since if watched else facts.cutoff).isoformat(),
        alarms=alarms_of(watched) if watched else (),
        drivers=combined.json("drivers.json"),
        totals=list(_totals(table, hierarchy, calendar.horizon)),
        first=[asdict(one) for one in facts.first],
        notes=facts.not_forecast,
        overrides=[_dated(one) for one in facts.overrides],
        scores=[_dated(one) for one in facts.override_scores],
        newcomer=trained.facts.newcomer,
    )


def _dated(row: OverrideEffect | OverrideScore) -> dict[str, Any]:
    """As JSON, days as ISO text."""
    return asdict(row) | {"first": row.first.isoformat(), "last": row.last.isoformat()}


def _totals(table: pd.DataFrame, hierarchy: pd.DataFrame, horizon: int) -> Iterator[Mapping[str, Any]]:
    """Units per period over the last and the next horizon: the company, then its sites, then the categories of each site, the
    largest first.

    A level with one total says nothing new and is left out.
    """
    dates = sorted(table["date"].unique())[-horizon:]
    last, first = table[table["date"].isin(dates)], hierarchy["date"].min()
    for level, keys in (("company", []), ("location", ["location_id"]), ("category", KEYS)):
        rows = hierarchy[hierarchy["level"] == level]
        groups = [(name, part) for name, part in rows.groupby(KEYS, sort=True)]
        if level != "company" and len(groups) < 2:
            continue
        for (where, category), part in sorted(groups, key=lambda group: -group[1]["mean"].sum())[:MOST]:
            place = {"location_id": where, "category": category}
            mine = last
            for key in keys:
                mine = mine[mine[key].astype(str) == place[key]]
            start = part[part["date"] == first].iloc[0]
            yield {"level": level, **place, "recent": float(mine["quantity"].sum()) / max(1, len(dates))} | {
                "ahead": float(part["mean"].sum()) / horizon, "q10": float(start["q10"]), "q90": float(start["q90"]),
            }  # fmt: skip
