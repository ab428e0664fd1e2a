"""Projected days of supply in the shape of Catena-X CX-0157 (``urn:samm:io.catenax.days_of_supply:2.0.0#DaysOfSupply``).

Every entry holds one payload for one item at one site. The standard names sites, addresses and materials by numbers that a
company gets from Catena-X; where the site's own id is no such number, one is derived from it, of the right form but issued
by nobody. Replace them before you send a payload to a partner of the data space.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.reports.json_values import json_values
from decai_forecast.simulation import Simulation

__all__ = ["MODEL", "days_of_supply_json"]

MODEL = "urn:samm:io.catenax.days_of_supply:2.0.0#DaysOfSupply"
NUMBER = re.compile(r"BPN[SA][a-zA-Z0-9]{12}")
NOTE = (
    "identifiers are derived from own ids where those are no Catena-X numbers; days of supply: median, without receipts "
    "within a projection"
)


def days_of_supply_json(report: Mapping[str, Any], found: Simulation) -> dict[str, Any]:
    """The file as JSON values; without a projected path, today's days of supply of every stocked item."""
    path = found.dos_path if not found.dos_path.empty else _today(report, found)
    entries = [
        {"location_id": site, "item_id": item, "payload": _payload(report, str(site), str(item), rows)}
        for (site, item), rows in path.groupby(SERIES, sort=True)
    ]
    return {"format": "decai-days-of-supply/1", "model": MODEL, "note": NOTE, "entries": json_values(entries)}


def _today(report: Mapping[str, Any], found: Simulation) -> pd.DataFrame:
    known = found.series[SERIES].assign(
        date=report["as_of"],
        days=found.series["days_of_supply"].fillna(float(found.horizon * found.period_days)),  # at least
    )
    return known


def _payload(report: Mapping[str, Any], site: str, item: str, rows: pd.DataFrame) -> dict[str, Any]:
    material = f"decai:{report['network']}/{report['participant']}/{item}"
    return {
        "materialGlobalAssetId": f"urn:uuid:{uuid5(NAMESPACE_URL, material)}",
        "direction": "INBOUND",
        "allocatedDaysOfSupply": [
            {
                "stockLocationBPNS": _number("BPNS", report["participant"], site),
                "stockLocationBPNA": _number("BPNA", report["participant"], site),
                "lastUpdatedOnDateTime": f"{report['as_of']}T00:00:00Z",
                "amountOfAllocatedDaysOfSupply": [
                    {"date": f"{str(day)[:10]}T00:00:00Z", "daysOfSupply": round(float(days), 2)}
                    for day, days in zip(rows["date"], rows["days"], strict=True)
                ],
            }
        ],
    }


def _number(prefix: str, participant: str, site: str) -> str:
    if NUMBER.fullmatch(site):
        return prefix + site[len(prefix) :]
    return prefix + sha256(f"{participant}/{site}".encode()).hexdigest()[:12].upper()
