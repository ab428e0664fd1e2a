"""The alarms of a partner's night: what the new periods say that a planner should look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.earlier import earlier_forecasts, nearest_forecasts
from decai_forecast.partner.facts import TRAIN, WATCH, WatchFacts
from decai_forecast.partner.finished import required_step
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, read_done, run_step
from decai_forecast.store import Store

if TYPE_CHECKING:
    from decai_forecast.demand.watch import Alarm

__all__ = ["alarms_of", "note_of_alarms", "watch"]

WORDS = {"bias": "bias", "drift": "drift", "level_shift": "level shift", "outlier": "outlier", "slip": "slip"}


def watch(company: PartnerContext, round: Round) -> Done[WatchFacts]:
    """Looks at the periods since the last earlier cut-off (the first night: at the last month or week) and writes
    ``alarms.json``; bias is judged by what the earlier nights had forecast."""
    trained = required_step(company, round.id, TRAIN)
    earlier = earlier_forecasts(company.store, company.calendar, round)

    def work(writer: Writer) -> WatchFacts:
        from decai_forecast.demand.history import rhythm
        from decai_forecast.demand.panel import to_panel
        from decai_forecast.demand.watch import alarms

        table = trained.frame("table.parquet")
        ship = company.calendar.floor(round.as_of)
        since = earlier[0].cutoff if earlier else company.calendar.add(ship, -rhythm(company.calendar).windows[0])
        found: list[Alarm] = []
        if len(table):
            panel = to_panel(table, company.calendar)
            new = max(0, min(panel.index(since), len(panel.dates) - 1))
            found = alarms(panel, new, nearest_forecasts(earlier, table, company.calendar))
        writer.json("alarms.json", [asdict(alarm) | {"period": alarm.period.isoformat()} for alarm in found])
        return WatchFacts(since, len(earlier), Counter(alarm.kind for alarm in found))

    return run_step(company.store, round.id, WATCH, [trained.inputs, [one.sha256 for one in earlier]], work)


def alarms_of(watched: Done[WatchFacts]) -> list[Alarm]:
    """The alarms that a finished :func:`watch` wrote, the largest of each kind first."""
    from decai_forecast.demand.watch import Alarm

    found = watched.json("alarms.json")
    return [Alarm(**alarm | {"period": date.fromisoformat(alarm["period"])}) for alarm in found]


def note_of_alarms(store: Store, round_id: str) -> str:
    """One sentence for the note of a partner's own run: how many alarms of which kind; empty without any."""
    done = read_done(store, round_id, WATCH)
    if done is None or not done.facts.alarms:
        return ""
    counts = done.facts.alarms
    told = ", ".join(f"{count} {WORDS[kind]}" for kind, count in sorted(counts.items()))
    total = sum(counts.values())
    return f"{total} alarm{'' if total == 1 else 's'} since {done.facts.since} ({told}); the report says which and what to do."
