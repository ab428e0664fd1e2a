"""The first sentence: what happens in the worst case, or in the what-if, made from what was simulated."""

from __future__ import annotations

from datetime import date
from math import isnan

import pandas as pd

from decai_forecast.reports.facts import ReportFacts
from decai_forecast.reports.resilience import outage_days
from decai_forecast.reports.words import amount, day, percent, period, plural, units
from decai_forecast.simulation import FAILURE_LEVEL, Simulation
from decai_forecast.simulation.measures import POINT
from decai_forecast.simulation.network.supply import SITE, SUPPLIER
from decai_forecast.simulation.network.walk import UNKNOWN

__all__ = ["SCENARIO", "exposed", "fails"]

SCENARIO = "scenario"  # kind of a what-if that is no single place's outage
LEAST = 0.5  # units that are told as a number


def exposed(facts: ReportFacts, found: Simulation) -> str:
    """If this happens, so much more is lost, and service becomes that."""
    lost, ahead = float(found.worst["lost_units"]), plural(found.followed, facts.calendar)
    value = f" ({money})" if (money := _money(found, abs(found.worst["lost_value"]))) else ""
    many = (
        f"about {units(abs(lost))} {'more' if lost > 0 else 'fewer'} units{value} go"
        if abs(lost) >= LEAST
        else "no more units go"
    )
    after = f"service {_moves(found)}{_deepest(facts, found)}{_first(facts, found)}"
    return f"{_if(facts, found)}, {many} unserved in the next {ahead}: {after}.{_expected(found)}"


def _money(found: Simulation, value: float) -> str:
    return amount(value, found.currency) if found.currency and not isnan(value) else ""


def fails(service: pd.DataFrame) -> bool:
    """Whether the mean service of some period fails by what happens."""
    return bool(((service["down_mean"] < FAILURE_LEVEL) & (service["down_mean"] < service["base_mean"] - POINT)).any())


def _if(facts: ReportFacts, found: Simulation) -> str:
    """What happens, as it was simulated."""
    worst, case = found.worst, found.case
    if case is None or len(case.shocks) != 1:
        return f"In the scenario {worst['node']}" if worst["kind"] == SCENARIO else _if_down(facts, found)
    shock = case.shocks[0]
    if found.scenario:
        return f"If {shock.text}"
    when = shock.text.removeprefix(shock.clause)
    if _nobody(found):
        return f"Suppliers are not known; if none ships anything{when}"
    return f"If {_who(found)} {shock.clause.removeprefix(f'{shock.node} ')}{when}"


def _who(found: Simulation) -> str:
    """The place with its share of all volume."""
    worst, share = found.worst, percent(found.worst["share"], 0)
    if worst["kind"] == SITE:
        return f"the site {worst['node']}, with {share} of the forecast volume,"
    if worst["node"] != UNKNOWN:
        return f"{worst['node']}, the supplier of {share} of the forecast volume,"
    return f"the suppliers that nobody named, with {share} of the forecast volume,"


def _nobody(found: Simulation) -> bool:
    """Whether no supplier at all is known."""
    return bool(found.worst["node"] == UNKNOWN and (found.exposure["kind"] == SUPPLIER).sum() == 1)


def _if_down(facts: ReportFacts, found: Simulation) -> str:
    """Where no words came with the simulation."""
    when = f"for {outage_days(found, facts)} days from today"
    if _nobody(found):
        return f"Suppliers are not known; if none ships anything {when}"
    return f"If {_who(found)} {'is down' if found.worst['kind'] == SITE else 'ships nothing'} {when}"


def _moves(found: Simulation) -> str:
    before, after = found.undisturbed, float(found.worst["network_fill_rate"])
    if percent(before) == percent(after):
        return f"stays at {percent(after)}"
    return f"{'falls' if after < before else 'rises'} from {percent(before)} to {percent(after)}"


def _deepest(facts: ReportFacts, found: Simulation) -> str:
    """The worst period, where it is the doing of what happens."""
    table = found.service
    lower = table[table["down_mean"] < table["base_mean"] - POINT]
    if lower.empty:
        return ""
    row = lower.sort_values("down_mean", kind="stable").iloc[0]
    when = f"{'' if facts.calendar.days == 1 else 'from '}{_on(row['date'])}"
    return f", and to {percent(float(row['down_mean']), 0)} in the worst {period(facts.calendar)} ({when})"


def _on(value: object) -> str:
    return day(value if isinstance(value, date) else str(value)[:10])


def _first(facts: ReportFacts, found: Simulation) -> str:
    failing = found.worst["tts_p50"]
    if isnan(failing):
        return ""
    level, whose = percent(FAILURE_LEVEL, 0), "the items hit" if found.scenario else "its own items"
    if not failing:
        return f"; {whose} are below {level} from the first {period(facts.calendar)}"
    return f"; {whose} drop below {level} after {plural(int(failing), facts.calendar)}{' of it' if found.scenario else ''}"


def _expected(found: Simulation) -> str:
    """What a what-if costs in the mean, if somebody knows how probable it is."""
    if found.case is None or found.case.probability is None:
        return ""
    chance, worst = found.case.probability, found.worst
    value = f" ({money})" if (money := _money(found, chance * worst["lost_value"])) else ""
    lost = units(chance * worst["lost_units"])
    return f" With the probability that was given, {percent(chance)}, that is {lost} units{value} in the mean."
