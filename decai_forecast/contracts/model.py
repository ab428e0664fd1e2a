"""A contract as the product uses it: what an ODCS file says, with the line of everything that can be broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Column", "Contract", "Rule", "Source"]


@dataclass(frozen=True)
class Column:
    """One contracted column; ``source_name`` is what the partner calls it (ODCS ``physicalName``)."""

    name: str
    source_name: str
    logical_type: str
    physical_type: str
    required: bool
    primary_key: bool


@dataclass(frozen=True)
class Source:
    """Where the delivery comes from: the contract's first server."""

    type: str  # ODCS server type: local, s3, gcs, sftp, azure, postgres, api, custom
    location: str  # path or URL; empty where the type needs none
    format: str  # parquet, csv or json
    server: Mapping[str, Any] = field(default_factory=dict)  # the server as the file has it
    own: Mapping[str, Any] = field(default_factory=dict)  # its customProperties with vendor decai: connection, paging, ...


@dataclass(frozen=True)
class Rule:
    """One promise: ``kind`` is columns, row_count, required, unique, range or freshness."""

    id: str
    kind: str
    column: str
    text: str
    path: tuple[str | int, ...]  # in the file, for its line
    severity: str = "error"
    arguments: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Contract:
    """One data set of one partner."""

    path: Path
    digest: str
    id: str
    version: str
    partner: str
    data_set: str
    columns: tuple[Column, ...]
    source: Source
    schedule: str  # cron; empty where the SLA names none
    time_zone: str  # IANA; empty where the contract names none
    rules: tuple[Rule, ...]
    error_rate: float  # share of rows that may be quarantined before the delivery is refused
    missing_periods: str  # what a period without a row means: "zero" or "unknown"
    channels: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.primary_key)

    @property
    def date_column(self) -> str:
        """The column that places a row in time; empty for master data."""
        return next((c.name for c in self.columns if c.name == "date"), "")
