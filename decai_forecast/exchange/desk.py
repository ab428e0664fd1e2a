"""A participant's own exchange: its database, its files, and its clock. All that is given out is given out here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from decai_forecast.errors import ExchangeError
from decai_forecast.exchange.database import database_of
from decai_forecast.exchange.tables import OUTBOX
from decai_forecast.store import Store, digest_bytes

__all__ = ["DAY", "Desk", "moment_of", "seconds_of"]

DAY = 86_400  # seconds
FOLDER = "exchange/files"


def _now() -> datetime:
    return datetime.now(UTC)


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970 in UTC; ``moment``: timezone-aware."""
    return int(moment.timestamp())


def moment_of(seconds: int) -> datetime:
    """In UTC."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class Desk:
    """Of the participant ``owner``, in its own store."""

    owner: str
    store: Store
    engine: sa.Engine
    clock: Callable[[], datetime] = _now

    @classmethod
    def of(cls, store: Store, clock: Callable[[], datetime] = _now) -> Desk:
        return cls(store.owner, store, database_of(store), clock)

    def now(self) -> int:
        """Seconds since 1970."""
        return seconds_of(self.clock())

    def keep(self, data: bytes) -> str:
        """Keeps a file under its SHA-256, which is returned; a second time nothing happens."""
        digest = digest_bytes(data)
        self.store.create_bytes(f"{FOLDER}/{digest}", data)
        return digest

    def file(self, digest: str) -> bytes:
        """:class:`ExchangeError` (``exchange_file``) if the file is gone, or is not what was published."""
        key = f"{FOLDER}/{digest}"
        if not self.store.exists(key) or digest_bytes(data := self.store.read_bytes(key)) != digest:
            raise ExchangeError("exchange_file", f"{self.owner}: {key} is gone, or is not what was published")
        return data

    def drop(self, digest: str) -> bool:
        """Removes a kept file; False if it is not there."""
        there = self.store.exists(f"{FOLDER}/{digest}")
        self.store.remove(f"{FOLDER}/{digest}")
        return there

    def note(self, connection: sa.Connection, event: str, content: dict[str, Any]) -> None:
        """What the log is to be told, in the transaction in which it happens: neither is there without the other."""
        row = {"owner": self.owner, "event": event, "content": json.dumps(content, sort_keys=True), "stated": 0}
        connection.execute(sa.insert(OUTBOX).values(row))
