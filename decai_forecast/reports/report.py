"""The report as JSON: every figure the page shows, and all stock targets."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import cache
from importlib.resources import files
from typing import Any

from decai_forecast.reports.actions import actions
from decai_forecast.reports.changes import changes
from decai_forecast.reports.compare import comparison
from decai_forecast.reports.facts import Fan, Quality, ReportFacts
from decai_forecast.reports.headline import headline
from decai_forecast.reports.json_values import json_values, validated
from decai_forecast.reports.planning import planning
from decai_forecast.reports.quantities import rounded
from decai_forecast.reports.resilience import bullwhip, exposure, money, service, stock, what_if
from decai_forecast.reports.words import period, plural

__all__ = ["FORMAT", "build_report", "schema"]

FORMAT = "decai-report/2"
WITHOUT = {  # what the report takes for granted where a data set is missing
    "demand": "no forecast, no figures of its own",
    "stock": "opening stock is assumed",
    "items": "suppliers are unknown and lead times assumed",
}

NEWCOMERS = "the shared forecaster starts from the total that the contract declares"


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the report."""
    found: dict[str, Any] = json.loads((files(__package__) / "report.schema.json").read_text())
    return found


def build_report(facts: ReportFacts) -> dict[str, Any]:
    """The report of one participant and round, valid by ``report.schema.json``; the same for equal facts."""
    found = facts.simulation and rounded(facts.simulation, facts.units)
    facts = replace(facts, simulation=found)
    report: dict[str, Any] = {
        "format": FORMAT,
        "network": facts.network,
        "simulated": facts.simulated,
        "participant": facts.participant,
        "round": facts.round_id,
        "as_of": facts.as_of.isoformat(),
        "calendar": {
            "frequency": facts.calendar.frequency,
            "horizon": facts.calendar.horizon,
            "period": period(facts.calendar),
            "period_days": facts.calendar.days,
        },
        "headline": headline(facts),
        "scenario": found.scenario if found else "",
        "what_if": what_if(found) if found else None,
        "currency": found.currency if found else "",
        "actions": actions(found, facts.units) if found else [],
        "missing": _missing(facts),
        "exposure": found and exposure(found, facts),
        "service": found and service(found),
        "stock": found and stock(found, facts.units),
        "forecast": _forecast(facts.quality, facts.fan),
        "money": money(found) if found else [],
        "bullwhip": bullwhip(found) if found else [],
        "planning": planning(facts.planning),
        "deliveries": [asdict(d) | {"broken": list(d.broken), "notes": list(d.notes)} for d in facts.deliveries],
        "roster": _roster(facts),
        "assumptions": _assumptions(facts),
        "what_left": [asdict(left) for left in facts.what_left],
        "versions": dict(sorted(facts.versions.items())),
        "model": facts.model,
        "seed": facts.seed,
        "replications": found and found.replications,
    }
    report = json_values(report)
    report |= {
        "comparison": comparison(report, facts.others, opted_in=facts.opted_in),
        "changes": json_values(changes(report, facts.previous)),
    }
    return validated(json_values(report), schema())


def _missing(facts: ReportFacts) -> list[dict[str, str]]:
    """What was not delivered or not accepted, why, and what the report does without it."""
    there = {d.data_set: d for d in facts.deliveries}
    found = []
    for name, consequence in WITHOUT.items():
        delivery = there.get(name)
        if delivery is None or not delivery.verdict.counts:
            verdict = "not delivered" if delivery is None else delivery.verdict.words
            code = f" ({delivery.code})" if delivery and delivery.code else ""
            young = name == "demand" and facts.planning is not None and facts.planning.newcomer
            found.append({"what": name, "why": verdict + code, "consequence": NEWCOMERS if young else consequence})
    return found


def _forecast(quality: Quality | None, fan: Fan | None) -> dict[str, Any] | None:
    if quality is None and fan is None:
        return None
    return {
        "quality": quality and asdict(quality),
        "history": [{"date": day.isoformat(), "units": units} for day, units in (fan.history if fan else ())],
        "fan": [
            {"date": day.isoformat(), "mean": mean, "q10": low, "q90": high}
            for day, mean, low, high in (fan.forecast if fan else ())
        ],
    }


def _roster(facts: ReportFacts) -> dict[str, Any]:
    roster = facts.roster
    return {
        "status": roster.status,
        "minimum": roster.minimum,
        "expected": sorted(roster.expected),
        "present": sorted(roster.present),
        "late": sorted(roster.late),
        "missing": dict(sorted(roster.missing.items())),
        "verdict": roster.verdict,
    }


def _assumptions(facts: ReportFacts) -> list[dict[str, Any]]:
    """What the figures take for granted, in words; ``assumed``: nobody delivered or measured it."""
    given, found = facts.assumptions, facts.simulation
    if found is None:
        return []
    if found.assumptions:
        return [asdict(one) for one in found.assumptions]
    unknown, count = int(found.series["on_hand_assumed"].sum()), len(found.series)
    opening = (
        f"the order-up-to level for {unknown:,} of {count:,} stocked items" if unknown else f"of all {count:,} stocked items"
    )
    ratio = f"{given.holding_cost:g} : {given.shortage_cost:g}, a cycle service level of {100 * found.service_target:.0f} %"
    rows = [
        ("Opening stock", opening, unknown > 0),
        (
            "In transit at the start",
            "what stock lacks to the order-up-to level, at most the mean demand of the lead time",
            True,
        ),
        ("Lead time", f"{given.lead_time_days} days where none was delivered, without variation", True),
        ("Holding : shortage cost", ratio, True),
        ("Review", f"every {plural(given.review_periods, facts.calendar)}, up to the order-up-to level", True),
        (
            "Supplier outage",
            f"{given.supplier_outage_days} days from the first; orders queue, goods in transit still arrive",
            True,
        ),
        ("Several suppliers of an item", "share its orders evenly, also during an outage", True),
        ("Unserved demand", "is lost, not served later", True),
        ("Demand", f"independent between items and periods around the forecast; {found.replications} replications", True),
    ]
    return [{"name": name, "text": text, "assumed": assumed} for name, text, assumed in rows]
