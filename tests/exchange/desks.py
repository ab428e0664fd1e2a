"""A desk of acme on SQLite and on a real PostgreSQL, with a clock that tests turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from offers import offer

from decai_forecast.exchange.card import Card, Draft
from decai_forecast.exchange.desk import Desk
from decai_forecast.exchange.grants import Grant, Wish, give
from decai_forecast.exchange.listings import publish
from decai_forecast.exchange.request import Request
from decai_forecast.exchange.vocabulary import Action, Kind, Purpose
from decai_forecast.store import Store

KEYS = count(1)
DRAFT = Draft("forecaster", Kind.FORECASTER, "Weekly demand of groceries", "Apache-2.0", "Forecasts of newcomers", (), 3)
LISTING = "acme/forecaster"
FORECASTING = Purpose.DEMAND_FORECASTING


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    moment: datetime = datetime(2026, 12, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def turn(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass(frozen=True)
class Acme:
    """acme's exchange; ``bolt`` gets grants."""

    desk: Desk
    clock: Clock

    def publish(self, data: bytes = b"tree", **terms: Any) -> Card:
        return publish(self.desk, DRAFT, offer(**terms), data)

    def granted(self, purposes: tuple[Purpose, ...] = (FORECASTING,), **terms: Any) -> Grant:
        """A grant for bolt under an offer with these terms."""
        self.publish(**terms)
        return give(self.desk, Wish(LISTING, "bolt", purposes))


def asked(grant: Grant, /, **changes: Any) -> Request:
    """bolt's request for a forecast, each with a key of its own."""
    usual: dict[str, Any] = {
        "grant": grant.id, "key": f"k{next(KEYS)}", "party": "bolt", "listing": LISTING, "number": 1, "action": Action.FORECAST,
        "purpose": FORECASTING,
    }  # fmt: skip
    return Request(**(usual | changes))


def acme(folder: Path) -> Acme:
    clock = Clock()
    return Acme(Desk.of(Store(folder, "acme"), clock), clock)


def rows(desk: Desk, table: str) -> list[Any]:
    with desk.engine.connect() as connection:
        return list(connection.exec_driver_sql(f"SELECT * FROM {table}"))
