"""What was simulated as disruption notifications for others: CX-0157, DemandAndCapacityNotification 3.0.0.

A notification tells a customer or a supplier what happens at one's own sites, from when to when; not how much, not what it
costs, and nothing in words: those would be the company's own. What happens at a supplier is the supplier's to tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from decai_forecast.errors import ConfigError
from decai_forecast.shock_kinds import ShockKind
from decai_forecast.simulation.network.supply import SUPPLIER
from decai_forecast.simulation.shocks.words import ToldScenario, ToldShock

__all__ = ["MODEL", "Cause", "files_of", "notifications"]

MODEL = "urn:samm:io.catenax.demand_and_capacity_notification:3.0.0#DemandAndCapacityNotification"
REDUCING = (ShockKind.SITE_DOWN, ShockKind.CAPACITY, ShockKind.SHIP_PAUSE)  # less is shipped


class Cause(StrEnum):
    """The model's leading root causes."""

    STRIKE = "strike"
    NATURAL_DISASTER = "natural-disaster"
    PRODUCTION_INCIDENT = "production-incident"
    PANDEMIC = "pandemic-or-epidemic"
    LOGISTICS = "logistics-disruption"
    WAR = "war"
    MISPLANNING = "third-party-misplanning"
    INSOLVENCY = "insolvency"
    OTHER = "other"


def notifications(case: ToldScenario, cause: Cause, numbers: Mapping[str, str], changed: datetime) -> list[dict[str, Any]]:
    """One notification per shock, as JSON values, the same for the same scenario. ``numbers``: own site -> its number (BPNS);
    ``changed``: when the content was written, with a zone.

    :class:`ConfigError` where a shock is at a supplier, has no effect in the standard, or is at a site without a number.
    """
    return [_notification(shock, cause, numbers, changed) for shock in case.shocks]


def _notification(shock: ToldShock, cause: Cause, numbers: Mapping[str, str], changed: datetime) -> dict[str, Any]:
    effect, start = _effect(shock), date.fromisoformat(shock.start)
    content: dict[str, Any] = {
        "leadingRootCause": str(cause),
        "effect": effect,
        "startDateOfEffect": _time(start),
        "expectedEndDateOfEffect": _time(start + timedelta(days=shock.days)),
        "status": "open",
    }
    if shock.node:
        content["affectedSitesSender"] = [_number(shock.node, numbers)]
    if shock.items:
        content["materialsAffected"] = [{"materialNumberSupplier": item} | _own(effect, item) for item in shock.items]
    return content | {"contentChangedAt": changed.astimezone(UTC).isoformat(timespec="seconds"), "notificationId": _id(content)}


def _effect(shock: ToldShock) -> str:
    if shock.place == SUPPLIER:
        raise ConfigError(f"{shock.node} is a supplier: what happens there is its own to tell; name a site of yours")
    if shock.kind in REDUCING:
        return "capacity-reduction"
    if shock.kind == ShockKind.DEMAND and shock.factor is not None and shock.factor != 1:
        return "demand-increase" if shock.factor > 1 else "demand-reduction"
    raise ConfigError(
        f"a shock of kind {shock.kind} has no effect in CX-0157; expected site-down, ship-pause, capacity or demand"
    )


def _own(effect: str, item: str) -> dict[str, str]:
    """Of what is bought, the number is the customer's: the supplier's is not known here, and the model wants one."""
    return {"materialNumberCustomer": item} if effect.startswith("demand") else {}


def _number(site: str, numbers: Mapping[str, str]) -> str:
    if site not in numbers:
        raise ConfigError(f"nobody said which number {site} has; add --place BPNS...={site}")
    return numbers[site]


def _time(day: date) -> str:
    return f"{day.isoformat()}T00:00:00+00:00"


def _id(content: Mapping[str, Any]) -> str:
    """Of the form of version 4, which the model asks for."""
    digest = sha256(json.dumps(content, sort_keys=True).encode()).digest()
    return f"urn:uuid:{UUID(bytes=digest[:16], version=4)}"


def files_of(written: Sequence[Mapping[str, Any]], name: str) -> dict[str, str]:
    """File name -> text: ``name`` for a single notification, numbered ones for several."""
    stem = name.removesuffix(".json")
    names = [name] if len(written) == 1 else [f"{stem}-{k}.json" for k in range(1, len(written) + 1)]
    return {name: json.dumps(one, indent=1) + "\n" for name, one in zip(names, written, strict=True)}
