"""The house profile: what this product needs of a contract beyond the standard."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from decai_forecast.contracts.availability import time_fault
from decai_forecast.contracts.model import Column
from decai_forecast.contracts.reserved import PREFIX
from decai_forecast.contracts.rules.values import is_number
from decai_forecast.contracts.vocabulary import (
    DATA_SETS,
    LOGICAL_TYPES,
    OTHER_NAMES,
    OWN_PROPERTIES,
    UNTYPED,
)
from decai_forecast.cron_times import is_cron
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where
from decai_forecast.documents.spelling import near

__all__ = ["format_of", "location_of", "own_properties", "profile_complaints"]

SEMVER = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
TAKEN = ("file_row_number", "filename")  # columns that DuckDB adds when it reads a file


def own_properties(node: Mapping[str, Any]) -> dict[str, Any]:
    """Our own properties of ``node``: its ``customProperties`` with ``vendor: decai``, or without a vendor."""
    items = node.get("customProperties") or []
    mine = [item for item in items if isinstance(item, dict) and item.get("vendor", "decai") == "decai"]
    return {str(item["property"]): item.get("value") for item in mine if "property" in item}


def profile_complaints(raw: Mapping[str, Any], columns: Sequence[Column], complain: Complaints) -> None:
    """Complains about everything that the nightly run, a consumer or a support person would miss."""
    _identity(raw, complain)
    _table(raw, columns, complain)
    _service_levels(raw, columns, complain)
    _terms(raw, complain)


def _identity(raw: Mapping[str, Any], complain: Complaints) -> None:
    for key in ("tenant", "version"):
        if not raw.get(key):
            complain((), f"missing required key {key!r} in the contract")
    if (version := raw.get("version")) and isinstance(version, str) and not SEMVER.fullmatch(version):
        complain(("version",), f"version {version!r} is not a version of three numbers such as 1.0.0 (semver.org)")
    own = own_properties(raw)
    for name in own:
        if name not in OWN_PROPERTIES and (hint := near(name, OWN_PROPERTIES)):
            complain(_own_place(raw, name, "property"), f"unknown property {name!r}{hint}")
    data_set, periods, zone = own.get("dataSet"), own.get("missingPeriods", "zero"), own.get("timeZone")
    if data_set not in DATA_SETS:
        message = f"customProperties needs dataSet, one of {', '.join(DATA_SETS)}; found {data_set or 'none'!r}"
        complain(_own_place(raw, "dataSet", "value"), message + near(str(data_set), DATA_SETS))
    if periods not in ("zero", "unknown"):
        complain(_own_place(raw, "missingPeriods", "value"), f"missingPeriods must be zero or unknown, not {periods!r}")
    _expected_demand(raw, own, complain)
    if zone and not _is_zone(str(zone)):
        fault = f"timeZone {zone!r} is not an IANA name such as Europe/Paris"
        complain(
            _own_place(raw, "timeZone", "value"), fault + near(str(zone), available_timezones() if complain.strict else ())
        )


def _expected_demand(raw: Mapping[str, Any], own: Mapping[str, Any], complain: Complaints) -> None:
    if "expectedDemand" not in own:
        return
    place = _own_place(raw, "expectedDemand", "value")
    if own.get("dataSet") != "demand":
        complain(place, "expectedDemand is for a contract of the data set demand; leave it out here")
    elif not is_number(value := own["expectedDemand"]) or not value > 0:
        complain(place, f"expectedDemand must be a number above 0 (units per period, of all items), not {value!r}")


def _meant(logical_type: str) -> str:
    other = next((ours for ours, names in OTHER_NAMES.items() if logical_type.lower() in names), "")
    return f"; did you mean {other!r}?" if other else near(logical_type, set(LOGICAL_TYPES))


def _own_place(raw: Mapping[str, Any], name: str, key: str) -> Where:
    """Of the property, or of all of them if it is not there."""
    items = raw.get("customProperties") or []
    found = next((k for k, item in enumerate(items) if isinstance(item, dict) and item.get("property") == name), None)
    return ("customProperties",) if found is None else ("customProperties", found, key)


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
        if column.logical_type not in LOGICAL_TYPES:
            unknown = f"logicalType {column.logical_type!r} is not supported{_meant(column.logical_type)}"
            message = unknown if column.logical_type != UNTYPED else "a column needs logicalType"
            complain((*where, k, "logicalType"), f"{message}; use one of {', '.join(LOGICAL_TYPES)}")
    _names(columns, where, complain)
    if not any(rule.get("metric") == "rowCount" for rule in raw["schema"][0].get("quality") or []):
        message = (
            "a rowCount rule is missing: an empty delivery keeps every other rule; add metric: rowCount, mustBeGreaterThan: 0"
        )
        complain(("schema", 0), message)


def _names(columns: Sequence[Column], where: Where, complain: Complaints) -> None:
    """DuckDB does not tell capital letters from small ones, and adds columns of its own and of ours."""
    seen: dict[str, str] = {}
    sources: dict[str, str] = {}
    for k, column in enumerate(columns):
        at, known = (*where, k, "name"), seen.get(column.name.lower())
        if known == column.name:
            complain(at, f"column {column.name!r} is there twice")
        elif known is not None:
            complain(at, f"column {column.name!r} differs from {known!r} in nothing but capital letters; rename one")
        elif (source := column.source_name) in sources:
            message = f"physicalName {source!r} is the source of {sources[source]!r} already; one column feeds one name"
            complain((*where, k, "physicalName" if source != column.name else "name"), message)
        if column.name.lower().startswith(PREFIX) or column.name.lower() in TAKEN:
            complain(at, f"the name {column.name!r} is used by the check itself; choose another (physicalName may stay)")
        seen.setdefault(column.name.lower(), column.name)
        sources.setdefault(column.source_name, column.name)


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
        if item.get("property") == "timeOfAvailability" and (message := time_fault(item)):
            complain((*where, "value"), message)


def _cron(schedule: Any, where: tuple[str | int, ...], complain: Complaints) -> None:
    if not isinstance(schedule, str) or not is_cron(schedule):
        complain(where, f"schedule {schedule!r} is not a cron expression such as '0 1 * * *' (minute hour day month weekday)")


def _terms(raw: Mapping[str, Any], complain: Complaints) -> None:
    channels = raw.get("support") or []
    if not any(item.get("scope") == "notifications" and item.get("channel") for item in channels):
        complain(
            ("support",), "support needs a channel with scope: notifications: who is told of a refused delivery?", key=True
        )
    _price(raw.get("price") or {}, complain)


def _price(price: Mapping[str, Any], complain: Complaints) -> None:
    missing = [key for key in ("priceAmount", "priceCurrency", "priceUnit") if price.get(key) is None]
    if missing:
        complain(("price",), f"price needs {', '.join(missing)} (priceAmount: 0 where nothing is charged)", key=True)
    amount, currency = price.get("priceAmount"), price.get("priceCurrency")
    if amount is not None and (not is_number(amount) or amount < 0):
        complain(("price", "priceAmount"), f"priceAmount must be a number of at least 0, not {amount!r}")
    if complain.strict and currency is not None:
        from decai_forecast.documents.code_lists import codes

        if currency not in (known := codes("currency")):
            message = f"priceCurrency {currency!r} is not a currency of ISO 4217{near(str(currency).upper(), known)}"
            complain(("price", "priceCurrency"), message)
