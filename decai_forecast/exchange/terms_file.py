"""Reading what is to be published: a data contract, or a file of terms for a forecaster, a report or a solution.

::

    price: {priceAmount: 5, priceCurrency: EUR, priceUnit: forecast}
    usagePolicy: {permitted: [demand-forecasting], maxUses: 100, validDays: 90}
    dataMarket: {revenueShare: 0.7}
    retention: {value: 365, unit: d}

The keys are those of a contract (docs/reference/contract-format.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decai_forecast.contracts import load_contract
from decai_forecast.contracts.kind import CONTRACT
from decai_forecast.contracts.terms import Terms
from decai_forecast.contracts.terms_reader import read_terms
from decai_forecast.documents.code_lists import codes
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Fault
from decai_forecast.documents.kind import Kind as FileKind
from decai_forecast.documents.spelling import near
from decai_forecast.errors import ConfigError, DocumentError
from decai_forecast.exchange.enforceable import Asked, offer_of, unenforceable
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.vocabulary import Kind
from decai_forecast.network import Privacy

__all__ = ["Seller", "read_offer"]

TERMS = FileKind("terms", "expected a mapping with usagePolicy, price, dataMarket, retention", DocumentError)
KEYS = ("usagePolicy", "price", "dataMarket", "retention", "description")


@dataclass(frozen=True)
class Seller:
    """Who offers, and what of its network a term can be held against."""

    owner: str
    participants: tuple[str, ...]
    privacy: Privacy | None = None


def read_offer(path: Path, kind: Kind, seller: Seller) -> Offer:
    """The offer in ``path``; :class:`DocumentError` with file, line and column of everything that cannot be enforced."""
    document, raw, terms = _contract(path, seller.owner) if kind is Kind.DATA_SET else _terms(path)
    asked = Asked(raw, terms, kind, seller.participants, seller.privacy)
    if faults := unenforceable(asked):
        raise document.error(document.problems(faults))
    return offer_of(asked)


def _contract(path: Path, owner: str) -> tuple[Document, Mapping[str, Any], Terms]:
    contract, document = load_contract(path), Document(path, CONTRACT)
    if contract.partner != owner:
        raise ConfigError(f"{path} is a contract of {contract.partner}; {owner} can offer what is its own")
    return document, document.value, contract.terms


def _terms(path: Path) -> tuple[Document, Mapping[str, Any], Terms]:
    document, complain = Document(path, TERMS), Complaints()
    complain.keys(document.value, KEYS, ())
    raw = _with_retention(document.value)
    terms = read_terms(raw, document.value, complain)
    faults = [*complain.found, *_price_faults(document.value)]
    if problems := [*document.problems(faults), *document.repeated(), *document.misread()]:
        raise document.error(problems)
    return document, raw, terms


def _with_retention(value: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = value.get("retention")
    return value if not isinstance(kept, Mapping) else {**value, "slaProperties": [{"property": "retention", **kept}]}


def _price_faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    """What the house profile tells of a contract's price."""
    price = value.get("price")
    if price is None:
        return
    if not isinstance(price, Mapping) or set(price) != {"priceAmount", "priceCurrency", "priceUnit"}:
        yield Fault(("price",), "price needs priceAmount, priceCurrency, priceUnit, and nothing else")
    elif read_terms(value, {}, Complaints()).price is None:
        yield Fault(("price", "priceAmount"), f"priceAmount must be a number of at least 0, not {price['priceAmount']!r}")
    elif price["priceCurrency"] not in (known := codes("currency")):
        currency = price["priceCurrency"]
        told = f"priceCurrency {currency!r} is not a currency of ISO 4217{near(str(currency).upper(), known)}"
        yield Fault(("price", "priceCurrency"), told)
