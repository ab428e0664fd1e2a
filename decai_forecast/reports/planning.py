"""What a planner works with, for the report: alarms, what moves the forecast, totals, first forecasts, overrides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from decai_forecast.demand.watch import Alarm
from decai_forecast.reports.facts import Planning

__all__ = ["moved", "planning"]

PER_KIND = 5  # alarms of each kind in the report, the largest; the rest is counted
SHOWN = 20  # totals, first forecasts and overrides
SMALL = 0.01  # of the forecast: a driver below it is not worth a word
NAMED = 3  # drivers of an item that are named


def planning(found: Planning | None) -> dict[str, Any] | None:
    """The part ``planning`` of the report (JSON); None where there is nothing to plan with."""
    if found is None:
        return None
    return {
        "newcomer": found.newcomer,
        "alarms": _alarms(found.alarms, found.since),
        "drivers": found.drivers and _drivers(found.drivers),
        "totals": [dict(row) for row in found.totals],
        "first": {"series": len(found.first), "rows": [dict(row) for row in found.first[:SHOWN]], "notes": list(found.notes)},
        "overrides": [dict(row) for row in found.overrides[:SHOWN]],
        "scored": _scored(found.scores),
    }


def _alarms(alarms: Sequence[Alarm], since: str) -> dict[str, Any]:
    counts = Counter(alarm.kind for alarm in alarms)
    shown = [alarm for kind in sorted(counts) for alarm in [a for a in alarms if a.kind == kind][:PER_KIND]]
    rows = [asdict(alarm) | {"period": alarm.period.isoformat()} for alarm in shown]
    return {"since": since, "count": len(alarms), "counts": dict(sorted(counts.items())), "rows": rows}


def _drivers(found: Mapping[str, Any]) -> dict[str, Any]:
    items = [dict(item) | {"moved": moved(item)} for item in found["items"]]
    return {"periods": list(found["periods"]), "share": found["share"], "total": dict(found["total"]), "items": items}


def moved(entry: Mapping[str, Any]) -> str:
    """The drivers that move a forecast most, in words: ``season +12, recent level -8``."""
    least = SMALL * max(float(entry["forecast"]), 1e-9)
    ordered = sorted(entry["drivers"].items(), key=lambda move: (-abs(move[1]), move[0]))
    named = [f"{name} {value:+,.3g}" for name, value in ordered[:NAMED] if abs(value) >= least]
    return ", ".join(named) or "nothing by 1 %"


def _scored(scores: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How good the planners' overrides were, in sum and one by one: errors of the median in units, with and without them."""
    if not scores:
        return None
    model, planner = (float(sum(row[name] for row in scores)) for name in ("loss_untouched", "loss_override"))
    rows = [dict(row) for row in scores[:SHOWN]]
    return {
        "count": len(scores),
        "better": sum(row["fva"] > 0 for row in scores),
        "model": model,
        "planner": planner,
        "rows": rows,
    }
