"""What a participant offers as a catalogue of the Dataspace Protocol 2025-1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from decai_forecast.exchange.card import Card
from decai_forecast.exchange.odrl import CONTEXT, policy_of

__all__ = ["catalogue_of", "dataset_id"]

FORMAT = "decai:exchange-use"  # how a grant is used: docs/reference/exchange.md


def catalogue_of(owner: str, cards: Sequence[Card], endpoint: str) -> dict[str, Any]:
    """The root catalogue of ``owner``; ``endpoint``: the address of its data service. A catalogue without a dataset has no
    ``dataset`` at all, as the protocol wants it."""
    service = {"@id": _urn("service", owner), "@type": "DataService", "endpointURL": endpoint}
    datasets = [_dataset(card, service["@id"]) for card in cards]
    root = {"@context": CONTEXT, "@id": _urn("catalogue", owner), "@type": "Catalog", "participantId": owner}
    return root | {"service": [service]} | ({"dataset": datasets} if datasets else {})


def dataset_id(listing: str) -> str:
    """The same for the same listing, in every catalogue."""
    return _urn("listing", listing)


def _dataset(card: Card, service: str) -> dict[str, Any]:
    policy = policy_of(card.offer, _urn("offer", f"{card.listing}@{card.number}"))
    way = {"@type": "Distribution", "format": FORMAT, "accessService": service}
    return {"@id": dataset_id(card.listing), "@type": "Dataset", "hasPolicy": [policy], "distribution": [way]}


def _urn(*parts: str) -> str:
    return uuid5(NAMESPACE_URL, f"urn:decai-forecast:exchange:{':'.join(parts)}").urn
