"""What-ifs: a scenario of the partner's own on the forecast of a night, as a report for the partner alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.facts import COMBINE, PULL
from decai_forecast.partner.finished import required_step
from decai_forecast.partner.report_facts import facts_of
from decai_forecast.partner.simulate_step import simulated
from decai_forecast.round import Round, in_time
from decai_forecast.steps import read_done
from decai_forecast.store import Store

if TYPE_CHECKING:
    from decai_forecast.simulation import Simulation
    from decai_forecast.simulation.network.supply import SupplyNetwork
    from decai_forecast.simulation.shocks import Scenario

__all__ = ["WHAT_IF_FILES", "WhatIf", "form_scenario", "last_forecast", "what_if", "what_if_key", "what_ifs"]

WHAT_IF_FILES = {"report.html": "text/html; charset=utf-8", "report.json": "application/json"}
LAST = "what_if/last.json"
IN_LIST = re.compile(r"^shocks\.0(\.\w+)?: ", re.MULTILINE)
WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class WhatIf:
    """``name``: of its folder, from the scenario's name and all that it was computed from. ``path``: of the page."""

    name: str
    path: str
    simulation: Simulation


def what_if_key(round_id: str, name: str, file: str) -> str:
    """Where a file of a what-if lies in the participant's store."""
    return f"what_if/{round_id}/{name}/{file}"


def what_ifs(store: Store) -> list[dict[str, str]]:
    """The what-ifs of the round that the last one was made for, the last one first: round and name."""
    if not store.exists(LAST):
        return []
    last = store.read_json(LAST)
    others = [name for name in store.children(f"what_if/{last['round']}") if name != last["name"]]
    return [{"round": str(last["round"]), "name": str(name)} for name in (last["name"], *others)]


def last_forecast(company: PartnerContext, round_id: str = "") -> Round:
    """The round that is asked for, or the newest one with a forecast; :class:`NotEnoughData` if there is none."""
    for name in [round_id] if round_id else reversed(in_time(company.store.children("rounds"))):
        done = read_done(company.store, name, COMBINE)
        pulled = read_done(company.store, name, PULL)
        if done is not None and pulled is not None:
            return Round.of(name, pulled.facts.as_of)
    which = f"of round {round_id} " if round_id else ""
    raise NotEnoughData(f"{company.partner} has no forecast {which}to simulate; a round makes one: `decai round run`")


def form_scenario(fields: Mapping[str, Any]) -> Scenario:
    """The scenario of a form's fields (kind, node, start, length, factor); :class:`ConfigError` names the field."""
    from decai_forecast.simulation.shocks import scenario_of

    shock = {"kind": fields["kind"], "start": fields["start"], "length_days": fields["length"]}
    shock |= {key: fields[key] for key in ("node", "factor") if fields.get(key) not in (None, "")}
    where, times = fields.get("node") or "all sites", f" x {fields['factor']:g}" if fields.get("factor") is not None else ""
    name = f"{where}: {fields['kind']}{times} for {fields['length']} days"
    try:
        scenario = scenario_of({"name": name, "shocks": [shock]})
    except ConfigError as error:  # whoever fills in a form knows of no list of shocks
        raise ConfigError(IN_LIST.sub("", str(error))) from None
    return replace(scenario, shocks=tuple(replace(one, where="") for one in scenario.shocks))


def what_if(
    company: PartnerContext,
    round: Round,
    scenario: Callable[[SupplyNetwork], Scenario],
    progress: Callable[[int, int], None] | None = None,
) -> WhatIf:
    """Simulates the scenario on the forecast of ``round`` and writes its report; the same again for the same scenario.

    Raises :class:`ConfigError` where the scenario does not fit the network, naming its line.
    """
    from decai_forecast.reports import build_report, render_html

    kept: list[Scenario] = []

    def remembered(network: SupplyNetwork) -> Scenario:
        kept.append(scenario(network))
        return kept[-1]

    simulation = simulated(company, round, remembered, progress)
    report = build_report(replace(facts_of(company, round), simulation=simulation, previous=None, others=None))
    name = _named(kept[-1], required_step(company, round.id, COMBINE).inputs)
    text = json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False)
    company.store.write_bytes(what_if_key(round.id, name, "report.json"), text.encode())
    page = what_if_key(round.id, name, "report.html")
    company.store.write_bytes(page, render_html(report).encode())
    company.store.write_json(LAST, {"round": round.id, "name": name})
    return WhatIf(name, company.store.path(page), simulation)


def _named(scenario: Scenario, inputs: str) -> str:
    shocks = tuple(replace(shock, where="") for shock in scenario.shocks)  # whatever file it was read from
    said = json.dumps(asdict(replace(scenario, shocks=shocks)), sort_keys=True, default=str)
    words = WORDS.sub("-", scenario.name.lower()).strip("-")[:40] or "what-if"
    return f"{words}-{sha256(f'{inputs}{said}'.encode()).hexdigest()[:8]}"
