"""A contract as the product uses it: what an ODCS file says, with the place of everything that can be broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from decai_forecast.contracts.terms import Terms
from decai_forecast.documents.fault import Where

__all__ = ["SEVERITIES", "Bound", "Column", "Contract", "Rule", "Source"]

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Column:
    """One contracted column; ``source_name`` is what the partner calls it (ODCS ``physicalName``)."""

    name: str
    source_name: str
    logical_type: str
    physical_type: str
    required: bool
    primary_key: bool
    classification: str = ""  # confidential and restricted values are masked in reports


@dataclass(frozen=True)
class Source:
    """Where the delivery comes from: the contract's first server."""

    type: str  # ODCS server type: local, s3, sftp, azure, postgres, api, custom
    location: str  # path or URL; empty where the type needs none
    format: str  # parquet, csv or json
    server: Mapping[str, Any] = field(default_factory=dict)  # the server as the file has it
    own: Mapping[str, Any] = field(default_factory=dict)  # its customProperties with vendor decai: connection, paging, ...


@dataclass(frozen=True)
class Bound:
    """What a measured value must be (ODCS ``mustBe...``); ``unit`` is rows or percent of the rows."""

    minimum: float | None = None
    maximum: float | None = None
    strict_minimum: bool = False
    strict_maximum: bool = False
    unequal: float | None = None
    unit: str = "rows"

    def holds(self, value: float) -> bool:
        """Whether the value keeps every limit; NaN keeps no minimum and no maximum."""
        low = self.minimum is None or (value > self.minimum if self.strict_minimum else value >= self.minimum)
        high = self.maximum is None or (value < self.maximum if self.strict_maximum else value <= self.maximum)
        return low and high and (self.unequal is None or value != self.unequal)

    def of(self, count: float, rows: int) -> float:
        """The value that is bounded: ``count``, or its percentage of ``rows``."""
        return 100.0 * count / rows if self.unit == "percent" and rows else float(count)


NONE = Bound(maximum=0)
SINGLE, SEVERAL = ("left", "right", "opening", "closing"), ("columns", "plus", "minus", "by")  # arguments that name columns


@dataclass(frozen=True)
class Rule:
    """One promise.

    ``kind`` names what is tested. A rule about rows (or keys) counts bad rows; one about the delivery measures a value.
    Either is then held against ``bound``.
    """

    id: str
    kind: str
    column: str
    text: str
    path: Where  # in the file, for its line
    severity: str = "error"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    bound: Bound = NONE

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is about, each once."""
        given = self.arguments
        named = [self.column, *(name for key in SEVERAL for name in given.get(key) or ())]
        named += [given[key] for key in SINGLE if key in given]
        named += [given["kwargs"][key] for key in ("column", "column_A", "column_B") if key in given.get("kwargs", {})]
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True)
class Contract:
    """One data set of one partner."""

    path: Path
    digest: str
    id: str
    version: str
    partner: str
    data_set: str
    table: str  # the schema object's own name
    columns: tuple[Column, ...]
    source: Source
    schedule: str  # cron; empty where the SLA names none
    time_zone: str  # IANA; empty where the contract names none
    rules: tuple[Rule, ...]
    error_rate: float  # share of rows that may be quarantined before the delivery is refused
    missing_periods: str  # what a period without a row means: "zero" or "unknown"
    expected_demand: float  # units per period of all items, for a partner without sales yet; 0: not declared
    channels: tuple[str, ...]  # who is told of a delivery that was not accepted
    terms: Terms = field(default_factory=Terms)  # what a use costs, who may use the data and for what

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the columns that are unique together."""
        return tuple(column.name for column in self.columns if column.primary_key)

    @property
    def date_column(self) -> str:
        """The column that places a row in time; empty for master data."""
        return next((c.name for c in self.columns if c.name == "date"), "")
