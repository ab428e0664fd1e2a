"""A company's whole part in a round: its delivery before the shared training, forecast and report after it."""

from __future__ import annotations

from decai_forecast.link import State
from decai_forecast.partner.combine import can_forecast, combine
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.own_round import is_served
from decai_forecast.partner.report import hand_over, outbox_key
from decai_forecast.partner.simulate_step import simulate
from decai_forecast.partner.submit import deliver
from decai_forecast.round import Round

__all__ = ["delivered", "reported"]


def delivered(company: PartnerContext, round: Round) -> str:
    """Delivers; what became of it, in words. The coordinator has heard of it before an error is raised."""
    submission = deliver(company, round)
    verdict = submission.verdicts.get("demand", "nothing delivered")
    return f"{verdict}, {submission.rows:,} rows" + (", a newcomer" if submission.state is State.NEWCOMER else "")


def reported(company: PartnerContext, round: Round) -> str:
    """Combines, simulates and reports; where the report lies, and to whom it could not be sent. Something must be published.

    A company without an accepted delivery, and a new one before there is a shared forecaster, gets a short report.
    """
    if is_served(company, round.id) and can_forecast(company, round):
        combine(company, round)
        simulate(company, round)
    _, entries = hand_over(company, round)
    unsent = [entry.target for entry in entries if entry.code]
    where = company.store.path(outbox_key(round.id, "report.html"))
    return where + (f" (not sent to {', '.join(unsent)}; tried again the next night)" if unsent else "")
