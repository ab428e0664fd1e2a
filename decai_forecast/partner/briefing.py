"""What the report tells a planner: read from the finished steps of the night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.watch import alarms_of
from decai_forecast.reports import Planning
from decai_forecast.steps import Done

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["briefing"]

MOST = 12  # totals of a level, the largest
KEYS = ["location_id", "category"]


def briefing(company: PartnerContext, trained: Done, watched: Done | None, combined: Done) -> Planning:
    """Alarms, drivers, totals, first forecasts and overrides of a night whose forecast is made."""
    facts, table = combined.facts, trained.frame(company.store, "table.parquet")
    hierarchy = combined.frame(company.store, "hierarchy.parquet")
    return Planning(
        since=watched.facts["since"] if watched else facts["cutoff"],
        alarms=alarms_of(company, watched) if watched else (),
        drivers=combined.json(company.store, "drivers.json"),
        totals=list(_totals(table, hierarchy, company.calendar.horizon)),
        first=facts["first"],
        notes=facts["not_forecast"],
        overrides=facts["overrides"],
        scores=facts["override_scores"],
        newcomer=trained.facts.get("newcomer", ""),
    )


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
