"""The headline: one verdict and three sentences, from the worst exposure, service today and what to do first."""

from __future__ import annotations

import pandas as pd

from decai_forecast.reports.actions import UNKNOWN, actions
from decai_forecast.reports.exposed import SCENARIO, exposed, fails
from decai_forecast.reports.facts import ReportFacts
from decai_forecast.reports.resilience import CHOSEN, OUTSIDE, empty, money, policy
from decai_forecast.reports.words import amount, percent, period, plural, units
from decai_forecast.simulation import FAILURE_LEVEL, RECOVERY_LEVEL, Simulation
from decai_forecast.simulation.network.supply import SUPPLIER

__all__ = ["headline"]

FIRST_ITEMS = 10  # how many items "what to do first" may name together
DEARER = 0.005  # than a moving average: less is not told
NAMED = 3  # and how many of them by name


def headline(facts: ReportFacts) -> dict[str, object]:
    """``level`` (good, watch, risk, none), ``title`` and three ``sentences``."""
    found = facts.simulation
    if found is None:
        return {"level": "none", "title": "No figures this round", "sentences": _without(facts)}
    level, title = _verdict(found)
    return {
        "level": level,
        "title": title,
        "sentences": [exposed(facts, found), _today(facts, found), _action(facts, found) + dearer(found)],
    }


def _verdict(found: Simulation) -> tuple[str, str]:
    if found.fill_rate < FAILURE_LEVEL:
        return "risk", "Stock does not cover demand today"
    bare = empty(found)
    if bare and bare["share"] > 1 - FAILURE_LEVEL:
        return "risk", f"{bare['count']:,} of {bare['counted']:,} shelves are empty today"
    if fails(found.service):
        return "watch", f"Supply holds today, but {_weakness(found)}"
    if found.fill_rate < RECOVERY_LEVEL:
        return "watch", "Supply holds, with little to spare"
    return "good", "Supply holds in this scenario, too" if found.scenario else "Supply holds, even in the worst single outage"


def _weakness(found: Simulation) -> str:
    if found.scenario or found.worst["kind"] == SCENARIO:
        return "not in this scenario"
    if found.worst["node"] == UNKNOWN:
        return "not without its suppliers"
    return f"leans on one {found.worst['kind']}"


def _today(facts: ReportFacts, found: Simulation) -> str:
    likely, count, ahead = (
        int((found.series["p_stockout"] > 0.5).sum()),
        len(found.series),
        plural(found.horizon, facts.calendar),
    )
    bare, learned = empty(found), bool(found.stockouts.get("calibrated"))
    assumed = ", stock being assumed" if bare is None else ", if suppliers deliver as assumed" if bare["count"] else ""
    today = f"{bare['count']:,} of {bare['counted']:,} shelves are empty today, and " if bare and bare["count"] else ""
    whose = ", by what became of shelves like them in the past" if learned else ""
    return (
        f"As things stand, {percent(found.fill_rate)} of the demand of the next {ahead} is served from stock{assumed}; {today}"
        f"{likely:,} of {count:,} stocked items are more likely than not to run out at least once{whose}."
    )


def _action(facts: ReportFacts, found: Simulation) -> str:
    """In money where stock targets were computed; else in units, from where service is low or the outage hits hardest."""
    whole = policy(found)
    if whole is None or not whole["compared"]:  # nobody knows what today's levels cost
        return _units_action(found)
    first = [row for row in actions(found, facts.units) if row["kind"] == "set_level"]
    if not first or not whole["saving"] > 0:
        return "Best action: none is needed now; the order-up-to levels in use are about as good as those proposed."
    costs = f"cost falls by {amount(whole['saving'], found.currency)} a {period(facts.calendar)}"
    served = f"from {percent(whole['fill_rate_now'])} to {percent(whole['fill_rate_proposed'])}"
    sites = found.targets["location_id"].nunique() > 1
    named = ", ".join(_name(row["item_id"], row["location_id"], sites) for row in first[:NAMED])
    return (
        f"Best action: set the {whole['changed']:,} order-up-to levels of stock_targets.csv, {named} first: {costs}, "
        f"on the same demand, and service with levels held for good goes {served}."
    )


def dearer(found: Simulation) -> str:
    """That a moving average would have been the cheaper forecast to order by, where it would; else nothing."""
    costs = {row["forecast"]: row["cost"] for row in money(found)}
    chosen, average = costs.get(CHOSEN), costs.get(OUTSIDE)
    if chosen is None or average is None or not chosen > average * (1 + DEARER):
        return ""
    more = percent(chosen / average - 1) if average > 0 else "anything"
    return f" Ordering by the chosen forecast would have cost {more} more than by a moving average over the test window."


def _units_action(found: Simulation) -> str:
    """Where service today is low the items that cause it, otherwise the items to hold more of against the outage."""
    if found.fill_rate < RECOVERY_LEVEL:
        rows, total = found.series.sort_values("expected_lost_units", ascending=False, kind="stable"), found.lost_units
        lost, what = "expected_lost_units", "Best action: order first what runs short today"
    else:
        own = found.series[found.series["vendor"] == found.worst_node] if found.worst["kind"] == SUPPLIER else found.series
        rows, total = own.sort_values("down_lost_units", ascending=False, kind="stable"), float(own["down_lost_units"].sum())
        what = "this scenario hits" if found.scenario else "that outage would hit"
        lost, what = "down_lost_units", f"Best action: hold more of what {what} hardest, or find a second source"
    rows = rows[rows[lost] > 0].head(FIRST_ITEMS)
    if rows.empty:
        return "Best action: none is needed now."
    share = float(rows[lost].sum()) / total
    part = "all" if share > 0.995 else percent(share, 0)
    return f"{what}: {_names(rows)} make up {part} of these losses ({units(rows[lost].sum())} units)."


def _names(rows: pd.DataFrame) -> str:
    sites = rows["location_id"].nunique() > 1
    named = [_name(r.item_id, r.location_id, sites) for r in rows.head(NAMED).itertuples()]
    more = len(rows) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _name(item: object, site: object, sites: bool) -> str:
    return f"{item} ({site})" if sites else str(item)


def _without(facts: ReportFacts) -> list[str]:
    demand = next((d for d in facts.deliveries if d.data_set == "demand"), None)
    if facts.usable:
        return [
            "The delivery was accepted, but there is no simulation of this round.",
            "Service and exposure are therefore not known; figures of earlier rounds still stand.",
            "Best action: see the run of this round for the step that failed, and repeat it.",
        ]
    why = "no demand was delivered"
    if demand is not None:
        why = f"the demand delivery was {demand.verdict.words} ({demand.code or 'no code'})"
    broken = f": {demand.broken[0]}" if demand and demand.broken else ""
    return [
        f"There are no figures for this round because {why}{broken}.",
        "Service and exposure are not known; figures of earlier rounds still stand.",
        "Best action: deliver again; a delivery that keeps its contract enters the next round.",
    ]
