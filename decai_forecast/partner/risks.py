"""A year of risks of a company, on its last forecast: what it costs, what would lower it, and what breaks its service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.own_past import taught_by_past
from decai_forecast.partner.simulate_step import tonight
from decai_forecast.partner.what_if import what_if_key
from decai_forecast.round import Round

if TYPE_CHECKING:
    from decai_forecast.simulation.network.supply import SupplyNetwork
    from decai_forecast.simulation.risk import Assessed, Bought, Risks
    from decai_forecast.simulation.setting import Setting
    from decai_forecast.simulation.shocks import Scenario

__all__ = ["risks_of"]

FEW = 5  # places whose outage a stock is searched against: those that break the limit soonest
FILE = "risks.json"


def risks_of(company: PartnerContext, round: Round, path: Path) -> tuple[str, dict[str, Any]]:
    """Where the assessment of a file of risks lies in the company's store, and what it says (JSON values).

    Raises :class:`ConfigError` with file, line and column for a file that is wrong, and for places the network has not.
    """
    from decai_forecast.simulation.risk import assessed, read_risks, smallest, stock_against

    risks = read_risks(path)
    now = _world(company, round, risks)
    broken = smallest(now, risks.service_limit)
    soonest = [row.place for row in broken[:FEW] if not isnan(row.days) and now.network.by_name[row.place].recovery_days > 0]
    told = {
        "name": risks.name,
        "round": round.id,
        "currency": company.assumptions.currency if now.network.money else "",
        "budget": risks.budget,
        "service_limit": risks.service_limit,
        "year": _told(assessed(now, risks)),
        "smallest": [_plain(asdict(row)) for row in broken],
        "stock_against": [_plain(asdict(stock_against(now, place, risks.service_limit))) for place in soonest],
    }
    name = f"risks-{sha256(path.read_bytes()).hexdigest()[:12]}"
    key = what_if_key(round.id, name, FILE)
    company.store.write_json(key, told)
    return key, told


def _world(company: PartnerContext, round: Round, risks: Risks) -> Setting:
    """The company's network as its past teaches it, looking as far ahead as the longest event."""
    from decai_forecast.simulation.corrected import corrected
    from decai_forecast.simulation.setting import setting

    night = tonight(company, round)
    _, likely = taught_by_past(night.combined, night.table, *night.given, night.conditions)
    now = setting(night.forecast, *night.given, **night.conditions.options(), scenarios=lambda net: _asked(net, risks))
    return now if likely is None else corrected(now, likely).setting


def _asked(network: SupplyNetwork, risks: Risks) -> list[Scenario]:
    from decai_forecast.simulation.risk.limits import LONGEST, outage

    events = [event.scenario(event.days[-1]) for event in risks.events]
    return events + [outage(place, max(LONGEST, place.recovery_days)) for place in network.places]


def _told(found: Assessed) -> dict[str, Any]:
    return {
        "in_money": found.in_money,
        "now": _bought(found.now),
        "events": [{"name": name, "expected_loss": loss} for name, loss in found.events],
        "mitigations": [_bought(one) | {"lowers_loss_by": found.now.year.expected - one.year.expected} for one in found.single],
        "best": _bought(found.best),
        "packages_tried": found.tried,
    }


def _bought(one: Bought) -> dict[str, Any]:
    return {"mitigations": list(one.names), "cost_per_year": one.cost} | asdict(one.year)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}
