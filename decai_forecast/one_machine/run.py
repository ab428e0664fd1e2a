"""A whole round in one process, without Airflow: for tests, for companies under cron, and to replay a past round."""

from __future__ import annotations

from collections.abc import Callable

from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.context import CoordinatorContext, coordinator_context
from decai_forecast.coordinator.federate import federate, published
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.errors import BelowQuorum, DecaiError, FederationError
from decai_forecast.link import Closing, State
from decai_forecast.network import Network
from decai_forecast.one_machine.introduce import introduce
from decai_forecast.partner.combine import can_forecast, combine
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.report import hand_over, outbox_key
from decai_forecast.partner.simulate_step import simulate
from decai_forecast.partner.submit import deliver
from decai_forecast.round import Round

__all__ = ["report_partner", "run_round"]

Progress = Callable[[str], None]


def run_round(network: Network, round: Round, progress: Progress = print) -> Closing:
    """Deliver, train together, close, report: the same steps as the DAGs, one after the other.

    A company that fails is named in the closing; the others go on. Repeating a round changes nothing.
    """
    introduce(network)
    coordinator = coordinator_context(network)
    companies = [partner_context(network, partner) for partner in network.partners]
    for company in companies:
        progress(f"deliver {company.partner}: {_outcome(_delivered, company, round)}")
    try:
        if not published(coordinator, round.id):
            federate(coordinator, round, progress)
    except (BelowQuorum, FederationError) as error:
        progress(f"federate: {error}")
    closing, served = close(coordinator, round), _served(coordinator, round)
    for company in companies:
        progress(f"report {company.partner}: {_outcome(_reported, company, round, company.partner in served)}")
    return closing


def report_partner(network: Network, partner: str, round: Round) -> str:
    """Combination, simulation and report of one company; returns where the report is, or why it is a short one."""
    served = _served(coordinator_context(network), round)
    return _reported(partner_context(network, partner), round, partner in served)


def _served(coordinator: CoordinatorContext, round: Round) -> tuple[str, ...]:
    """Who gets a forecast."""
    return round_status(coordinator, round.id, round.as_of).served


def _outcome(step: Callable[..., str], *arguments: object) -> str:
    """What the step says; of an expected error its code and first line."""
    try:
        return step(*arguments)
    except DecaiError as error:
        return f"{error.code}: {str(error).splitlines()[0]}"


def _delivered(company: PartnerContext, round: Round) -> str:
    submission = deliver(company, round)
    verdict = submission.verdicts.get("demand", "nothing delivered")
    return f"{verdict}, {submission.rows:,} rows" + (", a newcomer" if submission.state is State.NEWCOMER else "")


def _reported(company: PartnerContext, round: Round, served: bool) -> str:
    if served and can_forecast(company, round):
        combine(company, round)
        simulate(company, round)
    _, entries = hand_over(company, round)
    unsent = [entry.target for entry in entries if entry.code]
    where = company.store.path(outbox_key(round.id, "report.html"))
    return where + (f" (not sent to {', '.join(unsent)}; tried again the next night)" if unsent else "")
