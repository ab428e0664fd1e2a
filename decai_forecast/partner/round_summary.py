"""A company's rounds at a glance, from its own store: its part in each, and what its report says of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from decai_forecast.link import State, Submission
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.partner.expiry import ends_soon
from decai_forecast.partner.own_submission import kept_submission
from decai_forecast.partner.report import outbox_key
from decai_forecast.partner.summary import partner_summary
from decai_forecast.round import Round, in_time, is_round

__all__ = ["company_rounds", "company_summary"]

Roster = Mapping[str, Any]
"""What the report says of the round: status, present, expected, missing, verdict (``report.schema.json``)"""


def company_rounds(company: PartnerContext) -> list[str]:
    """The rounds that the company delivered or has a report for, newest first."""
    names = {*company.store.children("rounds"), *company.store.children("outbox")}
    return in_time(filter(is_round, names))[::-1]


def company_summary(company: PartnerContext, round_id: str, *, scores: bool = True) -> dict[str, Any]:
    """Status, note and the company's own row (JSON), as pages and tables show them of all companies."""
    roster, told = _roster(company, round_id), kept_submission(company.store, round_id)
    return {
        "network": company.network,
        "simulated": company.simulated,
        "round": round_id,
        "as_of": Round.of(round_id, told.as_of if told else None).as_of.isoformat(),
        "status": roster["status"] if roster else "open",
        "note": _note(roster) if roster else "This company's report is not written yet.",
        "training": None,  # how far it is, why it failed, what each company gained: the coordinator's to tell
        "failure": "",
        "evaluation": None,
        "verdict": roster["verdict"] if roster else "",
        "expires": ends_soon(company),
        "partners": [_row(company, round_id, told, roster, scores=scores)],
    }


def _roster(company: PartnerContext, round_id: str) -> Roster | None:
    key = outbox_key(round_id, "report.json")
    roster: Roster | None = company.store.read_json(key)["roster"] if company.store.exists(key) else None
    return roster


def _note(roster: Roster) -> str:
    missing = ", ".join(f"{partner} ({why})" for partner, why in sorted(roster["missing"].items()))
    note = f"{len(roster['present'])} of {len(roster['expected'])} partners trained together"
    return f"{note}; missing: {missing}." if missing else f"{note}."


def _row(
    company: PartnerContext, round_id: str, told: Submission | None, roster: Roster | None, *, scores: bool
) -> dict[str, Any]:
    return {
        "partner": company.partner,
        "verdict": (told.verdicts.get(DEMAND) or told.state) if told else "absent",
        "why": told.reason if told and told.state is not State.READY else "",
        "late": told.late if told else False,
        "rows": told.rows if told else 0,
        "member": company.partner in (roster["present"] if roster else ()),
    } | asdict(partner_summary(company, round_id, scores=scores))
