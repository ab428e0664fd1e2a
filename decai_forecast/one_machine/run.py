"""A whole round in one process, without Airflow: for tests, for companies under cron, and to replay a past night."""

from __future__ import annotations

from collections.abc import Callable

from decai_forecast.coordinator.close import Closing, close
from decai_forecast.coordinator.federate import federate, published
from decai_forecast.errors import BelowQuorum, DecaiError, FederationError
from decai_forecast.network import Network
from decai_forecast.partner.combine import can_forecast, combine
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.report import hand_over
from decai_forecast.partner.simulate_step import simulate
from decai_forecast.partner.submit import NEWCOMER, run_delivery, standing
from decai_forecast.round import Round

__all__ = ["report_partner", "run_round"]

Progress = Callable[[str], None]


def run_round(network: Network, round: Round, progress: Progress = print) -> Closing:
    """Deliver, train together, close, report: the same steps as the DAGs, one after the other.

    A partner that fails is named in the closing; the others go on. Repeating a round changes nothing.
    """
    for partner in network.partners:
        progress(f"deliver {partner}: {_deliver(network, partner, round)}")
    try:
        if not published(network.public(), round.id):
            federate(network, round, progress)
    except (BelowQuorum, FederationError) as error:
        progress(f"federate: {error}")
    closing = close(network, round)
    for partner in network.partners:
        progress(f"report {partner}: {_report(network, partner, round)}")
    return closing


def _deliver(network: Network, partner: str, round: Round) -> str:
    try:
        submission = run_delivery(network, partner_context(network, partner), round)
    except DecaiError as error:
        return _said(error)
    verdict = submission.verdicts.get("demand", "nothing delivered")
    return f"{verdict}, {submission.rows:,} rows" + (", a newcomer" if submission.state == NEWCOMER else "")


def _report(network: Network, partner: str, round: Round) -> str:
    try:
        return report_partner(network, partner, round)
    except DecaiError as error:
        return _said(error)


def _said(error: DecaiError) -> str:
    return f"{error.code}: {str(error).splitlines()[0]}"


def report_partner(network: Network, partner: str, round: Round) -> str:
    """Combination, simulation and report of one partner; returns where the report is, or why it is a short one."""
    company = partner_context(network, partner)
    if partner in standing(network, round.id).served and can_forecast(company, round):
        combine(company, round)
        simulate(company, round)
    done, entries = hand_over(network, company, round)
    failed = [entry.target for entry in entries if entry.code]
    return str(done.facts["html"]) + (f" (not sent to {', '.join(failed)}; tried again the next night)" if failed else "")
