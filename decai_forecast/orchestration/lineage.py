"""Statements of the ledger as facets of OpenLineage: what a task's run has to do with which statement of the log.

Airflow's provider (the extra ``lineage``) sends an event of each task; with a transport set it calls :func:`statement_facets`
(``[openlineage] custom_run_facets``). What the facet holds is public in any case: kinds and digests of signed statements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from decai_forecast.network import COORDINATOR
from decai_forecast.orchestration.log_context import current
from decai_forecast.orchestration.plan import network as this_network

if TYPE_CHECKING:
    from decai_forecast.store import Store

__all__ = ["FACET", "SCHEMA", "statement_facets"]

FACET = "decai_statements"  # the name of a custom facet has the prefix of its project
SCHEMA = "urn:decai-forecast:ledger:statements-facet:v1:schema"  # shipped beside this file: statements_facet.v1.json


def statement_facets(_ti: Any, _state: Any) -> dict[str, Any]:
    """By name: of the round and the participant that the task of this process was about, all that is stated so far; nothing for
    a task that is about no round, or before the first statement."""
    about = current()
    if about is None:
        return {}
    statements = list(_statements(about.round, about.partner or COORDINATOR))
    return {FACET: _facet(about.round, about.partner or COORDINATOR, statements)} if statements else {}


def _store(participant: str) -> Store:
    from decai_forecast.coordinator.context import coordinator_context
    from decai_forecast.partner.context import partner_context

    network = this_network()
    return coordinator_context(network).store if participant == COORDINATOR else partner_context(network, participant).store


def _statements(round_id: str, participant: str) -> list[dict[str, str]]:
    from decai_forecast.ledger.formats.merkle import leaf_hash
    from decai_forecast.ledger.notebook import entries_of_round
    from decai_forecast.ledger.statements import signer_of
    from decai_forecast.ledger.statements.forms import type_of

    return [
        {
            "predicateType": type_of(statement.said),
            "subject": statement.subjects[0].name,
            "leafHash": leaf_hash(entry).hex(),
        }
        for entry in entries_of_round(_store(participant), round_id)
        for statement in (signer_of(entry)[1],)
    ]


def _facet(round_id: str, participant: str, statements: list[dict[str, str]]) -> Any:
    """An object of the class that the provider's client sends."""
    import attr
    from openlineage.client.generated.base import RunFacet

    @attr.define
    class StatementsRunFacet(RunFacet):
        round: str
        participant: str
        statements: list[dict[str, str]]

        @staticmethod
        def _get_schema() -> str:
            return SCHEMA

    return StatementsRunFacet(round_id, participant, statements)
