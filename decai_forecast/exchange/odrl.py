"""Offers as policies of ODRL 2.2, in the form that the Dataspace Protocol 2025-1 gives them.

Every constraint that is written here is one that a node keeps (``verdict.py``); there is no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from decai_forecast.exchange.money import in_words
from decai_forecast.exchange.offer import Offer

__all__ = ["CONTEXT", "agreement_of", "policy_of"]

CONTEXT = ["https://w3id.org/dspace/2025/1/context.jsonld"]
PROFILE = "urn:decai-forecast:exchange:profile:v1"  # what the words of the constraints mean: docs/reference/exchange.md
Json = dict[str, Any]


def policy_of(offer: Offer, policy_id: str) -> Json:
    """An ``Offer`` without a target, as a catalogue has it."""
    return {"@id": policy_id, "@type": "Offer", "profile": PROFILE, "permission": [_permission(offer)]}


def agreement_of(offer: Offer, agreement_id: str, target: str, parties: tuple[str, str], at: datetime) -> Json:
    """An ``Agreement``; ``parties``: assigner and assignee, ``at``: timezone-aware."""
    assigner, assignee = parties
    whole = {"@id": agreement_id, "@type": "Agreement", "profile": PROFILE, "permission": [_permission(offer)]}
    return whole | {"target": target, "assigner": assigner, "assignee": assignee, "timestamp": at.isoformat(timespec="seconds")}


def _permission(offer: Offer) -> Json:
    return {"action": "use", "constraint": list(_constraints(offer))}


def _constraints(offer: Offer) -> Iterator[Json]:
    """Operands on the right are texts or lists: the protocol's schema knows no numbers there."""
    yield _constraint("purpose", "isAnyOf", list(offer.purposes))
    yield _constraint("decai:action", "isAnyOf", list(offer.actions))
    if offer.parties:
        yield _constraint("recipient", "isAnyOf", list(offer.parties))
    if offer.price:
        yield _constraint("payAmount", "eq", in_words(offer.price, offer.currency))
    limits = {
        "count": offer.max_uses, "decai:daysOfGrant": offer.valid_days, "decai:daysOfVersion": offer.kept_days,
        "decai:daysOfDisruption": offer.during_disruption, "decai:epsilon": offer.epsilon, "decai:delta": offer.delta,
    }  # fmt: skip
    for name, limit in limits.items():
        if limit is not None:
            yield _constraint(name, "lteq", f"{limit:g}")
    if offer.min_contributors:
        yield _constraint("decai:contributors", "gteq", f"{offer.min_contributors}")


def _constraint(left: str, operator: str, right: str | list[str]) -> Json:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}
