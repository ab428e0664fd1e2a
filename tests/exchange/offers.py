"""Contracts and files of terms that are offered, for tests of the exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from support import ROOT

from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.terms_file import Seller, read_offer
from decai_forecast.exchange.vocabulary import Action, Kind, Purpose
from decai_forecast.network import Privacy

PARTIES = ("acme", "bolt", "corex")
PERMITTED = {"permitted": ["demand-forecasting", "evaluation"]}
PRICE = {"priceAmount": 12.5, "priceCurrency": "EUR", "priceUnit": "trainingRun"}


def contract(
    folder: Path, policy: Any = PERMITTED, own: dict[str, Any] | None = None, retention: Any = None, **root: Any
) -> Path:
    """A contract of acme with this ``usagePolicy``, further ``own`` properties and keys of the root."""
    value = yaml.safe_load((ROOT / "data_contracts/templates/stock.odcs.yaml").read_text(encoding="utf-8"))
    value |= {"tenant": "acme", **root}
    properties = {"usagePolicy": policy, **(own or {})}
    value["customProperties"] += [
        {"property": k, "value": v, "vendor": "decai"} for k, v in properties.items() if v is not None
    ]
    if retention:
        value["slaProperties"] += [{"property": "retention", "value": retention[0], "unit": retention[1]}]
    path = folder / "stock.odcs.yaml"
    path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")
    return path


def offered(path: Path, kind: Kind = Kind.DATA_SET, privacy: Privacy | None = None) -> Offer:
    return read_offer(path, kind, Seller("acme", PARTIES, privacy))


def offer(**changes: Any) -> Offer:
    """An offer of a forecaster for one purpose, with these changes."""
    usual: dict[str, Any] = {"purposes": (Purpose.DEMAND_FORECASTING,), "actions": (Action.FORECAST, Action.EVALUATE)}
    return Offer(**(usual | changes))
