"""The log at the end of a round where one host holds all stores: what is stated goes in, and all participants witness it."""

from __future__ import annotations

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.statements import record_round
from decai_forecast.network import Network
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.statements import record
from decai_forecast.round import Round

__all__ = ["seal"]


def seal(network: Network, round: Round) -> str:
    """What went wrong, in words, or nothing; a repetition changes nothing."""
    coordinator = coordinator_context(network)
    companies = [partner_context(network, partner) for partner in network.partners]
    trouble = [record_round(coordinator, round.id)]
    trouble += [record(company, round) for company in companies]
    trouble.append(record_round(coordinator, round.id))
    trouble += [record(company, round) for company in companies]  # of what went in by the line before
    trouble.append(record_round(coordinator, round.id))
    return "; ".join(dict.fromkeys(text for text in trouble if text))
