"""The words of the house profile: data sets, their columns, units, severities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "COMPARISONS",
    "DATA_SETS",
    "DELIMITERS",
    "FORMATS",
    "INCREMENTAL",
    "LOGICAL_TYPES",
    "OTHER_NAMES",
    "OWN_PROPERTIES",
    "PAGING",
    "PAGING_STYLES",
    "SERVERS",
    "SERVER_PROPERTIES",
    "SLA_UNITS",
    "STANDARDS",
    "UNTYPED",
    "Server",
    "ServerType",
]

DATA_SETS = {  # data set -> columns without which it is of no use
    "demand": ("date", "item_id", "quantity"),
    "stock": ("date", "item_id", "on_hand"),
    "items": ("item_id", "vendor"),
    "receipts": ("order_id", "item_id", "received_on", "quantity"),
    "open_orders": ("order_id", "item_id", "expected_on", "quantity"),
    "prices": ("item_id", "valid_from", "price"),
    "locations": ("location_id",),
    "lanes": ("from_id", "to_id", "lead_time_days"),
    "bill_of_materials": ("item_id", "component_id", "quantity"),
}


class ServerType(StrEnum):
    """Where a delivery may come from (ODCS ``servers[0].type``); ``delivery/sources`` has a source for each."""

    LOCAL = "local"
    S3 = "s3"
    SFTP = "sftp"
    AZURE = "azure"
    POSTGRES = "postgres"
    POSTGRESQL = "postgresql"
    API = "api"
    CUSTOM = "custom"


@dataclass(frozen=True)
class Server:
    """``located``: whether it needs a location (a database needs a connection instead); ``schemes``: what a URL begins with."""

    located: bool = True
    schemes: tuple[str, ...] = ()


SERVERS: Mapping[str, Server] = {
    ServerType.LOCAL: Server(),
    ServerType.S3: Server(schemes=("s3", "s3a")),
    ServerType.SFTP: Server(schemes=("sftp", "ssh")),
    ServerType.AZURE: Server(schemes=("az", "abfs", "abfss")),
    ServerType.POSTGRES: Server(located=False),
    ServerType.POSTGRESQL: Server(located=False),
    ServerType.API: Server(schemes=("http", "https")),
    ServerType.CUSTOM: Server(located=False),
}

LOGICAL_TYPES = ("string", "integer", "number", "date", "timestamp", "boolean")
UNTYPED = "untyped"  # a column without a logicalType: told once, and no rule is blamed for it
OTHER_NAMES = {  # what other systems call a logical type
    "number": ("decimal", "numeric", "float", "double", "money"), "integer": ("int", "bigint", "long"),
    "string": ("text", "varchar", "char", "uuid"), "timestamp": ("datetime", "timestamptz", "time"),
    "boolean": ("bool", "bit"),
}  # fmt: skip
FORMATS = ("parquet", "csv", "json")
OWN_PROPERTIES = (
    "dataSet", "timeZone", "missingPeriods", "expectedDemand", "dataMarket", "usagePolicy", "privacyBudget", "retention",
)  # fmt: skip
PAGING_STYLES = ("none", "offset", "page", "link", "cursor", "socrata")
PAGING = (
    "style", "limit", "limitParameter", "offsetParameter", "pageParameter", "cursorParameter", "first", "rowsField",
    "nextField", "totalField", "totalHeader", "where",
)  # fmt: skip
INCREMENTAL = ("watermark", "lookback", "parameter")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
SERVER_PROPERTIES = ("connection", "paging", "incremental", "table", "maxBytes", "format", "delimiter")
SLA_UNITS = {"min": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0}  # unit -> days
COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")
STANDARDS = ("gtin", "gln", "sscc", "currency", "country", "unit")
