"""What the pages show of rounds: all that is known in the house, or the houses, whose Airflow this is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.round_status import rounds_of
from decai_forecast.coordinator.summary import coordinator_summary
from decai_forecast.network import Network
from decai_forecast.one_machine.summary import summarise
from decai_forecast.orchestration.role import Role, installation
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.round_summary import company_rounds, company_summary
from decai_forecast.partner.summary import PartnerSummary
from decai_forecast.round import Round

__all__ = ["last_rounds", "round_summary"]

UNKNOWN = PartnerSummary({}, "", {}, "", "", (), None, None)  # of a company whose store is somewhere else


def last_rounds(network: Network, count: int) -> list[dict[str, Any]]:
    """The last ``count`` rounds, newest first, without what takes long to read."""
    here = installation(network)
    if here.partner:
        rounds = company_rounds(partner_context(network, here.partner))
        return [round_summary(network, round_id, scores=False) for round_id in rounds[:count]]
    return [round_summary(network, round.id, scores=False) for round in rounds_of(coordinator_context(network))[:count]]


def round_summary(network: Network, round_id: str, *, scores: bool = True) -> dict[str, Any]:
    """One round (see :func:`summarise`); ``scores``: with the quality of deliveries where it is known."""
    here = installation(network)
    if here.partner:
        return company_summary(partner_context(network, here.partner), Round.of(round_id).id, scores=scores)
    if here.role is Role.ALL:
        return summarise(network, Round.of(round_id), scores=scores)
    summary = coordinator_summary(coordinator_context(network), Round.of(round_id))
    return summary | {"partners": [row | asdict(UNKNOWN) for row in summary["partners"]]}
