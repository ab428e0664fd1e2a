"""What the pages show of rounds: all that is known in the house, or the houses, whose Airflow this is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.roster import round_of
from decai_forecast.coordinator.round_status import rounds_of
from decai_forecast.coordinator.summary import coordinator_summary
from decai_forecast.network import Network
from decai_forecast.one_machine.summary import summarise
from decai_forecast.orchestration.role import Installation, Role
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.round_summary import company_rounds, company_summary
from decai_forecast.partner.summary import PartnerSummary
from decai_forecast.round import Round

__all__ = ["houses_shown", "last_rounds", "round_ids", "round_summary"]

UNKNOWN = PartnerSummary({}, "", {}, "", "", (), None, None)  # of a company whose store is somewhere else


def houses_shown(network: Network, here: Installation, readable: Collection[str]) -> list[Installation]:
    """As whose Airflow somebody sees the rounds who may read those DAGs: the coordinator's runs show the whole network, without
    them each company sees what its own Airflow would show."""
    if here.partner or "close_round" in readable:
        return [here]
    return [Installation(Role.PARTNER, one) for one in here.partners(network) if f"report_{one}" in readable]


def last_rounds(network: Network, here: Installation, count: int | None = None) -> list[dict[str, Any]]:
    """The last ``count`` rounds (None: all), newest first, without what takes long to read."""
    return [round_summary(network, here, round_id, scores=False) for round_id in round_ids(network, here)[:count]]


def round_ids(network: Network, here: Installation) -> list[str]:
    """All rounds that are known here, newest first."""
    if here.partner:
        return company_rounds(partner_context(network, here.partner))
    return [round.id for round in rounds_of(coordinator_context(network))]


def round_summary(network: Network, here: Installation, round_id: str, *, scores: bool = True) -> dict[str, Any]:
    """One round (see :func:`summarise`); ``scores``: with the quality of deliveries where it is known."""
    if here.partner:
        return company_summary(partner_context(network, here.partner), Round.of(round_id).id, scores=scores)
    if here.role is Role.ALL:
        return summarise(network, round_of(coordinator_context(network), round_id), scores=scores)
    summary = coordinator_summary(coordinator_context(network), round_of(coordinator_context(network), round_id))
    return summary | {"partners": [row | asdict(UNKNOWN) for row in summary["partners"]]}
