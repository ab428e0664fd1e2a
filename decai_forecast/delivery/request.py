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
from decai_forecast.delivery.errors import SourceMisdescribed, SourceUnsafe
from decai_forecast.store import Store

__all__ = ["MAX_BYTES", "Request"]

MAX_BYTES = 20_000_000_000  # of a delivery, compressed or not, unless the contract says otherwise (maxBytes)
PLACES = {"yyyy": "%Y", "MM": "%m", "dd": "%d"}


@dataclass(frozen=True)
class Request:
    """One delivery of ``contract`` as of the data cut-off ``as_of``; files go below ``scratch``.

    ``since`` is the watermark (a value of the source's own column) from which on rows are wanted; None: all. Files may lie
    below ``base`` and below the folders in ``allowed``, but never below those in ``closed``.
    """

    contract: Contract
    base: Path
    as_of: date
    scratch: Path
    credentials: Credentials
    state: Store
    since: str | None = None
    allowed: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """For messages: partner and data set."""
        return f"{self.contract.partner}: {self.contract.data_set}"

    @property
    def own(self) -> Mapping[str, Any]:
        return self.contract.source.own

    @property
    def max_bytes(self) -> int:
        return self.number("maxBytes", self.own.get("maxBytes"), MAX_BYTES)

    @property
    def incremental(self) -> Mapping[str, Any]:
        return self.mapping("incremental", "{watermark: changed_at, lookback: 7 d}")

    @property
    def paging(self) -> Mapping[str, Any]:
        return self.mapping("paging", "{style: offset, limit: 5000}")

    @property
    def watermark(self) -> str:
        """The source's column that grows with every change; empty where every delivery is the whole."""
        return str(self.incremental.get("watermark") or "")

    def mapping(self, key: str, example: str) -> Mapping[str, Any]:
        """The server's own property ``key``, empty where it is not given."""
        given = self.own.get(key) or {}
        if not isinstance(given, Mapping):
            raise SourceMisdescribed(f"{self.name}: {key} {given!r} is not a mapping such as {example}; see servers[0]")
        return given

    def number(self, key: str, given: object, default: int) -> int:
        """``given`` as a whole number above zero, ``default`` where there is none."""
        try:
            found = default if given in (None, "") else int(str(given))
        except ValueError:
            found = 0
        if found <= 0:
            raise SourceMisdescribed(f"{self.name}: {key} {given!r} is not a whole number above zero; see servers[0]")
        return found

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
