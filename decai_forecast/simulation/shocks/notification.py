"""Disruption notifications of Catena-X as scenarios: CX-0146, DemandAndCapacityNotification 2.0.0.

A notification says who is hit, from when to when and in what way, but not how much. It is therefore read as the worst case
of capacity (nothing is shipped), or as a change of demand by half, unless the reader says how much.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from decai_forecast.errors import ConfigError
from decai_forecast.shock_kinds import ShockKind
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["EFFECTS", "read_notification"]

EFFECTS: Mapping[str, tuple[ShockKind, float]] = {  # effect -> kind of shock, factor where the reader says none
    "capacity-reduction": (ShockKind.CAPACITY, 0.0),
    "demand-reduction": (ShockKind.DEMAND, 0.5),
    "demand-increase": (ShockKind.DEMAND, 1.5),
}
NEEDED = ("notificationId", "effect", "status", "startDateOfEffect")


def read_notification(path: Path, places: Mapping[str, str], factor: float | None = None) -> Scenario:
    """The scenario of a notification, with or without the header of its message.

    ``places``: business partner numbers (BPNS, BPNA or BPNL) -> our names of sites and suppliers. Of a capacity effect the
    sender's sites are hit (or the sender, where none is named), of a demand effect the recipient's. ``factor``: what is left
    of capacity, or demand as a multiple. :class:`ConfigError` where the text is none, or nothing is left to happen.
    """
    message = _json(path)
    content = _content(path, message)
    effect = content["effect"]
    if effect not in EFFECTS:
        said = "more capacity is no disruption" if effect == "capacity-increase" else f"expected one of {', '.join(EFFECTS)}"
        raise ConfigError(f"{path}: effect is {effect!r}; {said}")
    if content["status"] != "open":
        raise ConfigError(f"{path}: status is {content['status']!r}; only an open notification can be simulated")
    kind, usual = EFFECTS[effect]
    start, length = _days(path, content)
    items = content.get("materialNumberCustomer" if kind == "capacity" else "materialNumberSupplier")
    named = _names(path, message, content, kind, places)
    shocks = tuple(
        Shock(kind, name, start, length, usual if factor is None else factor, tuple(map(str, items or ())), str(path))
        for name in named
    )
    cause = str(content.get("leadingRootCause", "disruption"))
    notes = (f"the notification does not say how much: factor {usual:g} of {kind} is assumed",) if factor is None else ()
    return Scenario(f"{cause}: {effect}", shocks, None, notes)


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({type(error).__name__})") from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise ConfigError(f"{path}: not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: expected a disruption notification of CX-0146, a JSON object")
    return found


def _content(path: Path, message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message.get("content", message)
    content = content.get("demandAndCapacityNotification", content) if isinstance(content, dict) else {}
    if missing := [key for key in NEEDED if not isinstance(content.get(key), str)]:
        raise ConfigError(f"{path}: a disruption notification of CX-0146 needs {', '.join(missing)}, as text")
    return dict(content)


def _days(path: Path, content: Mapping[str, Any]) -> tuple[date, int | None]:
    """The first day, and days to the expected end; None: no end is expected."""
    start, end = (_day(path, content, key) for key in ("startDateOfEffect", "expectedEndDateOfEffect"))
    assert start is not None  # _content saw to it
    if end is not None and end < start:
        raise ConfigError(f"{path}: expectedEndDateOfEffect {end} lies before startDateOfEffect {start}")
    return start, None if end is None else max((end - start).days, 1)


def _day(path: Path, content: Mapping[str, Any], key: str) -> date | None:
    if (value := content.get(key)) is None:
        return None
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        raise ConfigError(f"{path}: {key} is {value!r}; expected a time such as 2026-12-07T08:00:00+01:00") from None


def _names(
    path: Path, message: Mapping[str, Any], content: Mapping[str, Any], kind: str, places: Mapping[str, str]
) -> list[str]:
    sender = kind == "capacity"
    numbers = [str(n) for n in content.get("affectedSitesSender" if sender else "affectedSitesRecipient") or ()]
    header = message.get("header")
    if not numbers and sender and isinstance(header, dict) and "senderBpn" in header:
        numbers = [str(header["senderBpn"])]
    if unknown := [number for number in numbers if number not in places]:
        raise ConfigError(f"{path}: nobody said which site or supplier {unknown[0]} is; add it to the places by number")
    if not numbers and sender:
        raise ConfigError(f"{path}: the notification names no site of its sender; expected affectedSitesSender")
    return sorted({places[number] for number in numbers}) or [""]
