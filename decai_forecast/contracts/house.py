"""The house profile: what this product needs of a contract beyond the standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from decai_forecast.contracts.model import Column
from decai_forecast.contracts.rules.bounds import is_number
from decai_forecast.contracts.rules.complaints import Complaints
from decai_forecast.contracts.standard import near
from decai_forecast.contracts.vocabulary import (
    DATA_SETS,
    LOGICAL_TYPES,
    OTHER_NAMES,
    OWN_PROPERTIES,
)

__all__ = ["house_complaints", "own_properties"]


def own_properties(node: Mapping[str, Any]) -> dict[str, Any]:
    """Our own properties of ``node``: its ``customProperties`` with ``vendor: decai``, or without a vendor."""
    items = node.get("customProperties") or []
    mine = [item for item in items if isinstance(item, dict) and item.get("vendor", "decai") == "decai"]
    return {str(item["property"]): item.get("value") for item in mine if "property" in item}


def house_complaints(raw: Mapping[str, Any], columns: Sequence[Column], complain: Complaints) -> None:
    """Complains about everything that the nightly run, a consumer or a support person would miss."""
    _identity(raw, complain)
    _table(raw, columns, complain)
    _service_levels(raw, columns, complain)
    _terms(raw, complain)


def _identity(raw: Mapping[str, Any], complain: Complaints) -> None:
    for key in ("tenant", "version"):
        if not raw.get(key):
            complain((), f"missing required key {key!r} in the contract")
    own = own_properties(raw)
    if own.get("dataSet") not in DATA_SETS:
        found = own.get("dataSet") or "none"
        complain(("customProperties",), f"customProperties needs dataSet, one of {', '.join(DATA_SETS)}; found {found!r}")
    if own.get("missingPeriods", "zero") not in ("zero", "unknown"):
        complain(("customProperties",), f"missingPeriods must be zero or unknown, not {own['missingPeriods']!r}")
    if (zone := own.get("timeZone")) and not _is_zone(str(zone)):
        complain(("customProperties",), f"timeZone {zone!r} is not an IANA name such as Europe/Paris")
    for name in own:
        if name not in OWN_PROPERTIES and (hint := near(name, set(OWN_PROPERTIES))):
            complain(("customProperties", _index(raw, name), "property"), f"unknown property {name!r}{hint}")


def _meant(logical_type: str) -> str:
    other = next((ours for ours, names in OTHER_NAMES.items() if logical_type.lower() in names), "")
    return f"; did you mean {other!r}?" if other else near(logical_type, set(LOGICAL_TYPES))


def _index(raw: Mapping[str, Any], name: str) -> int:
    return next(k for k, item in enumerate(raw["customProperties"]) if item.get("property") == name)


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def _table(raw: Mapping[str, Any], columns: Sequence[Column], complain: Complaints) -> None:
    where = ("schema", 0, "properties")
    if len(raw.get("schema") or []) > 1:
        complain(("schema", 1), "one contract file holds one data set; put this table into a file of its own")
    data_set = str(own_properties(raw).get("dataSet"))
    have = [column.name for column in columns]
    if missing := [name for name in DATA_SETS.get(data_set, ()) if name not in have]:
        complain(where, f"a contract for {data_set} needs the columns {', '.join(missing)}", key=True)
    if not any(column.primary_key for column in columns):
        complain(where, "no column is marked primaryKey: true", key=True)
    for k, column in enumerate(columns):
        if column.name in have[:k]:
            complain((*where, k, "name"), f"column {column.name!r} is there twice")
        if column.logical_type not in LOGICAL_TYPES:
            said = f"logicalType {column.logical_type!r} is not supported{_meant(column.logical_type)}"
            complain((*where, k, "logicalType"), f"{said}; use one of {', '.join(LOGICAL_TYPES)}")
    if not any(rule.get("metric") == "rowCount" for rule in raw["schema"][0].get("quality") or []):
        said = (
            "a rowCount rule is missing: an empty delivery keeps every other rule; add metric: rowCount, mustBeGreaterThan: 0"
        )
        complain(("schema", 0), said)


def location_of(server: Mapping[str, Any]) -> str:
    return str(server.get("path") or server.get("location") or "")


def format_of(server: Mapping[str, Any]) -> str:
    """The format as written, or by the file's ending; a table or an API delivers records."""
    if given := own_properties(server).get("format") or server.get("format"):
        return str(given)
    if server.get("type") in ("postgres", "postgresql", "api"):
        return "json"
    name = location_of(server).removesuffix(".gz").removesuffix(".zip")
    return name.rsplit(".", 1)[-1] if "." in name else ""


def _service_levels(raw: Mapping[str, Any], columns: Sequence[Column], complain: Complaints) -> None:
    levels = raw.get("slaProperties") or []
    names = [item.get("property") for item in levels]
    dated = any(column.name == "date" for column in columns)
    if dated and not {"latency", "ly"} & set(names):
        complain(("slaProperties",), "latency is missing: how old may the newest row be?", key=True)
    for k, item in enumerate(levels):
        where = ("slaProperties", k)
        if item.get("property") == "errorRate":
            value = item.get("value")
            if not is_number(value) or item.get("unit") != "percent" or not 0 <= value <= 100:
                complain(where, "errorRate needs a value from 0 to 100 and unit: percent")
        if item.get("property") == "timeOfAvailability" and item.get("scheduler") == "cron":
            _cron(item.get("schedule"), (*where, "schedule"), complain)


def _cron(schedule: Any, where: tuple[str | int, ...], complain: Complaints) -> None:
    from croniter import croniter

    if not isinstance(schedule, str) or not croniter.is_valid(schedule):
        complain(where, f"schedule {schedule!r} is not a cron expression such as '0 1 * * *' (minute hour day month weekday)")


def _terms(raw: Mapping[str, Any], complain: Complaints) -> None:
    channels = raw.get("support") or []
    if not any(item.get("scope") == "notifications" and item.get("channel") for item in channels):
        complain(
            ("support",), "support needs a channel with scope: notifications: who is told of a refused delivery?", key=True
        )
    price = raw.get("price") or {}
    missing = [key for key in ("priceAmount", "priceCurrency", "priceUnit") if price.get(key) is None]
    if missing:
        complain(("price",), f"price needs {', '.join(missing)} (priceAmount: 0 where nothing is charged)", key=True)
