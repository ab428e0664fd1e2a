"""A whole round in one process, without Airflow: for tests, for a trusted operator, and to replay a past round."""

from __future__ import annotations

from collections.abc import Callable

from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import federate, published
from decai_forecast.errors import BelowQuorum, ConfigError, DecaiError, FederationError
from decai_forecast.link import Closing
from decai_forecast.network import FILE, Network
from decai_forecast.one_machine.introduce import introduce
from decai_forecast.one_machine.seal import seal
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.whole_round import delivered, reported
from decai_forecast.round import Round

__all__ = ["report_partner", "run_round"]

Progress = Callable[[str], None]


def run_round(network: Network, round: Round, progress: Progress = print) -> Closing:
    """Deliver, train together, close, report: the same steps as the DAGs, one after the other.

    A company that fails is named in the closing; the others go on. Repeating a round changes nothing. :class:`ConfigError`
    where the companies are apart.
    """
    if network.link.way == "https":
        raise ConfigError(
            f"{network.home / FILE}: the companies are apart (link: way: https); the coordinator runs `decai round "
            "coordinate`, each company `decai round run --partner NAME`"
        )
    introduce(network)
    coordinator = coordinator_context(network)
    companies = [partner_context(network, partner) for partner in network.partners]
    for company in companies:
        progress(f"deliver {company.partner}: {_outcome(delivered, company, round)}")
    try:
        if not published(coordinator, round.id):
            federate(coordinator, round, progress)
    except (BelowQuorum, FederationError) as error:
        progress(f"federate: {error}")
    closing = close(coordinator, round)
    for company in companies:
        progress(f"report {company.partner}: {_outcome(reported, company, round)}")
    if trouble := seal(network, round):
        progress(f"ledger: {trouble}")
    return closing


def report_partner(network: Network, partner: str, round: Round) -> str:
    """Combination, simulation and report of one company; returns where the report is, or why it is a short one."""
    return reported(partner_context(network, partner), round)


def _outcome(step: Callable[[PartnerContext, Round], str], company: PartnerContext, round: Round) -> str:
    """What the step says; of an expected error its code and first line."""
    try:
        return step(company, round)
    except DecaiError as error:
        return f"{error.code}: {str(error).splitlines()[0]}"
