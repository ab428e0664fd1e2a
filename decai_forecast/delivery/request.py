"""What a source needs to know to fetch one delivery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from decai_forecast.contracts import Contract
from decai_forecast.delivery.credentials import Connection, Credentials
from decai_forecast.delivery.errors import SourceUnsafe
from decai_forecast.store import Store

__all__ = ["MAX_BYTES", "Request"]

MAX_BYTES = 20_000_000_000  # of a delivery, compressed or not, unless the contract says otherwise (maxBytes)
PLACES = {"yyyy": "%Y", "MM": "%m", "dd": "%d"}


@dataclass(frozen=True)
class Request:
    """One delivery of ``contract`` as of the data cut-off ``as_of``; files go below ``scratch``.

    ``since`` is the watermark (a value of the source's own column) from which on rows are wanted; None: all.
    """

    contract: Contract
    base: Path
    as_of: date
    scratch: Path
    credentials: Credentials
    state: Store
    since: str | None = None

    @property
    def name(self) -> str:
        """For messages: partner and data set."""
        return f"{self.contract.partner}: {self.contract.data_set}"

    @property
    def own(self) -> Mapping[str, Any]:
        return self.contract.source.own

    @property
    def max_bytes(self) -> int:
        return int(self.own.get("maxBytes") or MAX_BYTES)

    @property
    def watermark(self) -> str:
        """The source's column that grows with every change; empty where every delivery is the whole."""
        return str((self.own.get("incremental") or {}).get("watermark") or "")

    @property
    def location(self) -> str:
        """With ``{yyyy}``, ``{MM}``, ``{dd}`` filled in: the last day before the data cut-off."""
        location = self.contract.source.location
        if (parts := urlsplit(location)).password:
            raise SourceUnsafe(f"{self.name}: a password stands in the location of {parts.hostname}; name a connection instead")
        last = self.as_of - timedelta(days=1)

        def day(mark: re.Match[str]) -> str:
            return last.strftime(re.sub("yyyy|MM|dd", lambda part: PLACES[part.group()], mark.group(1)))

        return re.sub(r"\{([yMd][yMd\-_/]*)\}", day, location)

    def connection(self) -> Connection:
        """The connection that the contract names; an empty one where it names none."""
        name = self.own.get("connection")
        return self.credentials.get(str(name)) if name else Connection()
