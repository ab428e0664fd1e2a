"""Reading the terms of a contract; complains of what has the wrong form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeGuard

from decai_forecast.contracts.rules.values import is_number
from decai_forecast.contracts.terms import Budget, Price, Role, Terms, Usage, Valuation
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where

__all__ = ["property_place", "read_terms"]

LISTS = ("permitted", "prohibited", "parties")
COUNTS = ("minContributors", "maxUses", "validDays", "duringDisruption")
KEYS = (*LISTS, *COUNTS)
DAYS = {"h": 1 / 24, "d": 1.0, "day": 1.0, "days": 1.0, "w": 7.0, "y": 365.0}  # of units of the standard's service levels


def read_terms(raw: Mapping[str, Any], own: Mapping[str, Any], complain: Complaints) -> Terms:
    """Of the whole contract ``raw`` and its ``own`` properties; complains of what has the wrong form."""
    return Terms(
        price=_price(raw.get("price") or {}),
        usage=_usage(own.get("usagePolicy"), property_place(raw, "usagePolicy"), complain),
        budget=_budget(own.get("privacyBudget"), property_place(raw, "privacyBudget"), complain),
        valuation=_valuation(own.get("dataMarket"), property_place(raw, "dataMarket"), complain),
        retention_days=_retention(raw.get("slaProperties") or []),
        roles=tuple(_role(role) for role in raw.get("roles") or [] if isinstance(role, Mapping)),
    )


def property_place(raw: Mapping[str, Any], name: str) -> Where:
    """Where the value of an own property stands; where all of them stand, if it is not there. In a file of terms alone it is a
    key of the file."""
    if name in raw:
        return (name,)
    items = raw.get("customProperties") or []
    there = next((k for k, item in enumerate(items) if isinstance(item, dict) and item.get("property") == name), None)
    return ("customProperties",) if there is None else ("customProperties", there, "value")


def _price(price: Mapping[str, Any]) -> Price | None:
    amount = price.get("priceAmount")
    if not _is_number(amount) or amount < 0:
        return None  # told by the house profile
    return Price(Decimal(str(amount)), str(price.get("priceCurrency") or ""), str(price.get("priceUnit") or ""))


def _usage(value: Any, where: Where, complain: Complaints) -> Usage:
    if not _is_mapping(value, "usagePolicy", where, complain):
        return Usage()
    permitted, prohibited, parties = (_texts(value.get(key), key, where, complain) for key in LISTS)
    few, uses, days, disrupted = (_count(value.get(key), key, where, complain) for key in COUNTS)
    unread = tuple(str(key) for key in value if key not in KEYS)
    return Usage(permitted, prohibited, parties, few, uses, days, disrupted, unread)


def _budget(value: Any, where: Where, complain: Complaints) -> Budget | None:
    if not _is_mapping(value, "privacyBudget", where, complain):
        return None
    epsilon, delta = value.get("epsilon"), value.get("delta", 0)
    if not _is_number(epsilon) or not epsilon > 0:
        complain((*where, "epsilon"), f"epsilon of privacyBudget must be a number above 0, not {epsilon!r}")
        return None
    if not _is_number(delta) or not 0 <= delta < 1:
        complain((*where, "delta"), f"delta of privacyBudget must be a number from 0 to below 1, not {delta!r}")
        return None
    unit, period, mechanism = (str(value.get(key) or "") for key in ("unit", "period", "mechanism"))
    return Budget(float(epsilon), float(delta), unit, period, mechanism)


def _valuation(value: Any, where: Where, complain: Complaints) -> Valuation:
    if not _is_mapping(value, "dataMarket", where, complain):
        return Valuation()
    share = value.get("revenueShare")
    unread = tuple(str(key) for key in value if key != "revenueShare")
    if share is None:
        return Valuation(None, unread)
    if not _is_number(share) or not 0 <= share <= 1:
        complain((*where, "revenueShare"), f"revenueShare must be a number from 0 to 1, not {share!r}")
        return Valuation(None, unread)
    return Valuation(Decimal(str(share)), unread)


def _is_number(value: Any) -> TypeGuard[int | float]:
    return is_number(value)


def _retention(levels: Sequence[Any]) -> float | None:
    for item in levels:
        if isinstance(item, Mapping) and item.get("property") == "retention":
            value, days = item.get("value"), DAYS.get(str(item.get("unit")))
            return value * days if _is_number(value) and days else None
    return None


def _role(role: Mapping[str, Any]) -> Role:
    items = [item for item in role.get("customProperties") or [] if isinstance(item, Mapping)]
    purposes = next((item.get("value") for item in items if item.get("property") == "allowedPurposes"), None)
    words = tuple(map(str, purposes)) if isinstance(purposes, list) else ()
    return Role(str(role.get("role") or ""), words, str(role.get("firstLevelApprovers") or ""))


def _is_mapping(value: Any, name: str, where: Where, complain: Complaints) -> bool:
    if value is not None and not isinstance(value, Mapping):
        complain(where, f"{name} must be a mapping, not {value!r}")
    return isinstance(value, Mapping)


def _texts(value: Any, key: str, where: Where, complain: Complaints) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        complain((*where, key), f"{key} must be a list of texts, not {value!r}")
        return ()
    return tuple(value)


def _count(value: Any, key: str, where: Where, complain: Complaints) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        complain((*where, key), f"{key} must be a whole number of at least 1, not {value!r}")
        return None
    return value
