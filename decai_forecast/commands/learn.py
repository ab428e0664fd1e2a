"""`decai learn`: what a company's own records tell of its ordering, and whether simulated disruptions help its forecaster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from decai_forecast.errors import ConfigError
from decai_forecast.network import SEED, Network
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.facts import CHECK, TRAIN, TrainFacts
from decai_forecast.partner.finished import accepted_frame, required_step
from decai_forecast.partner.own_past import carriers_of, ordering_of, panic_of
from decai_forecast.round import in_time
from decai_forecast.steps import Done, read_done

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.simulation.agents.fit import Choice

__all__ = ["learn_command"]


def learn_command(
    partner: Annotated[str, typer.Option("--partner", help="Whose records.")],
    home: Annotated[
        Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Fits how a company orders to its own records, and tries simulated disruptions on its forecaster. Changes nothing.

    Nothing of it leaves the company. What it means: docs/explanation/agents.md.

    Examples:

      decai learn --partner alder_foods

      decai learn --partner alder_foods --json
    """
    company = partner_context(Network.load(home), partner)
    round_id, trained = _trained(company)
    found = _learned(company, round_id, trained)
    if as_json:
        print(json.dumps({"partner": partner, "round": round_id} | found, indent=1))
        return
    behaviour = found["behaviour"]
    print(f"{partner}, round {round_id}: orders by {behaviour['name']} ({behaviour['reason']})")
    print(f"customers after an empty shelf: {_more(found['panic']['more'])} ({found['panic']['reason']})")
    lanes, states = (found["carriers"][name] for name in ("lanes", "with_states"))
    print(f"shipments: late ones come in rows on {states} of {lanes} lanes whose receipts say when they were ordered")
    for verdict in found["experience"]:
        told = "would be used" if verdict["passed"] else "changes nothing"
        print(f"simulated disruptions, {verdict['agents']} customers: {told}; {verdict['reason']}")


def _more(more: float) -> str:
    return f"ask for up to {more:.0%} more" if more else "ask for no more than usual"


def _trained(company: PartnerContext) -> tuple[str, Done[TrainFacts]]:
    """The newest night in which the company trained on a history of its own."""
    for round_id in reversed(in_time(company.store.children("rounds"))):
        done = read_done(company.store, round_id, TRAIN)
        if done is not None and done.facts.tree_counts:
            return round_id, done
    raise ConfigError(f"{company.partner} has not trained yet; run a round first (`decai round run`)")


def _learned(company: PartnerContext, round_id: str, trained: Done[TrainFacts]) -> dict[str, Any]:
    from decai_forecast.simulation.agents.augment import augment
    from decai_forecast.simulation.agents.experience import FirmFacts

    checked, table = required_step(company, round_id, CHECK), trained.frame("table.parquet")
    data_sets = {name: accepted_frame(checked, name) for name in ("items", "stock", "receipts", "open_orders")}
    choice, panic = ordering_of(table, data_sets, company.calendar), panic_of(table, company.calendar)
    cutoff = max(trained.facts.tree_counts)
    facts = FirmFacts(
        vendor=_vendors(data_sets["items"]),
        recovery=max(1.0, company.assumptions.supplier_outage_days / company.calendar.days),
        alpha=min(1.0, choice.fit.parameters.alpha),
        gamma=panic.more or None,
    )
    rows = trained.frame(f"rows-{cutoff}.parquet")
    _, verdicts = augment(table, rows, company.calendar, cutoff, facts, seed=SEED)
    learned = {
        "behaviour": _as_json(choice),
        "panic": vars(panic),
        "carriers": carriers_of(data_sets["receipts"], company.calendar),
    }
    return learned | {"experience": [verdict.as_json() for verdict in verdicts]}


def _as_json(choice: Choice) -> dict[str, Any]:
    from math import isnan

    error, explained = (None if isnan(value) else value for value in (choice.fit.error, choice.fit.explained))
    told = {"name": choice.fit.name, "reason": choice.reason, "orders": choice.orders, "error": error, "explained": explained}
    tried = [{"name": one.name, "error": one.error, "explained": one.explained} for one in choice.tried]
    return told | {"parameters": vars(choice.fit.parameters), "tried": tried}


def _vendors(items: pd.DataFrame | None) -> dict[str, str]:
    if items is None or "vendor" not in items:
        return {}
    known = items[items["vendor"].notna()].drop_duplicates("item_id")
    return dict(zip(known["item_id"].astype(str), known["vendor"].astype(str), strict=True))
