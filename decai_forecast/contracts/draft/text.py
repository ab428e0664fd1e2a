"""A contract's facts as commented YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from decai_forecast.contracts.draft.rules import DraftRule
from decai_forecast.contracts.draft.yaml_text import flow, quoted_yaml, single_quoted, word

__all__ = ["PURPOSES", "DraftColumn", "DraftFacts", "contact_of", "render"]

PURPOSES = {
    "demand": "Units sold or ordered per item and period, for demand forecasting.",
    "stock": "Stock on hand per item and period, for the resilience report.",
    "items": "Facts about items: supplier, lead time, cost.",
    "receipts": "Goods received per order and item, for lead times.",
    "open_orders": "Orders that are still to come in, for the stock to be expected.",
    "prices": "Prices per item with the days they hold, for demand forecasting.",
    "locations": "Facts about locations: number, country, time zone.",
    "lanes": "Lanes of the supply network with lead times, shares and capacities, for the resilience report.",
    "bill_of_materials": "What items are made of, for the resilience report.",
}


@dataclass(frozen=True)
class DraftColumn:
    """One entry under ``properties``; ``key`` is its position in the primary key, 0 if it is not in it."""

    name: str
    type: str
    key: int = 0
    required: bool = False
    physical: str = ""
    about: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    enum: tuple[str, ...] = ()
    reference: str = ""


@dataclass(frozen=True)
class DraftFacts:
    """Everything a drafted contract says; ``dated`` is ``<data set>.<column>`` of the latency, empty for none."""

    partner: str
    data_set: str
    source: str
    format: str
    columns: tuple[DraftColumn, ...]
    schedule: str
    time_zone: str
    contact: str
    dated: str = ""
    latency: int = 0
    frequency: str = ""
    missing_periods: str = ""
    rules: tuple[DraftRule, ...] = ()
    encoding: str = ""
    given: bool = False  # whether somebody named the contact


def contact_of(partner: str) -> str:
    """A placeholder: nobody gets mail at ``.example`` (RFC 2606)."""
    return f"data@{partner.replace('_', '-')}.example"


def render(facts: DraftFacts) -> str:
    """ODCS 3.2 YAML; the columns of the key come first."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent)
    here = Environment(loader=folder, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # YAML, not HTML
    here.filters |= {"flow": flow, "double": quoted_yaml, "single": single_quoted, "word": word}
    values = {**vars(facts), "columns": sorted(facts.columns, key=lambda column: column.key or 99)}
    return here.get_template("contract.yaml.j2").render(values, purpose=PURPOSES[facts.data_set])
