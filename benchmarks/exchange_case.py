"""One database with 10,000 grants and 1,000,000 uses in it, and further uses checked and entered on top, each in a transaction
of its own. Arguments: the folder, ``sqlite`` or ``postgresql``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import product
from pathlib import Path

import sqlalchemy as sa
from harness import cpu_seconds, said

from decai_forecast.errors import ExchangeError
from decai_forecast.exchange.card import Draft
from decai_forecast.exchange.database import open_database
from decai_forecast.exchange.desk import Desk
from decai_forecast.exchange.listings import publish
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.request import Request
from decai_forecast.exchange.tables import GRANTS, USES
from decai_forecast.exchange.uses import begin
from decai_forecast.exchange.vocabulary import Action, Kind, Purpose
from decai_forecast.store import Store

GRANTED, EACH, TRIED, BATCH = 10_000, 100, 10_000, 50_000
PURPOSE, LISTING = Purpose.DEMAND_FORECASTING, "acme/forecaster"
OFFER = Offer((PURPOSE,), (Action.FORECAST,), price=500, currency="EUR", share="0.7", max_uses=EACH + TRIED, valid_days=90)


def filled(desk: Desk) -> None:
    """All grants and uses, entered in batches."""
    publish(desk, Draft("forecaster", Kind.FORECASTER, "t", "MIT", "u"), OFFER, b"tree")
    now, terms = desk.now(), json.dumps(OFFER.to_json())
    fixed = {"listing": LISTING, "party": "bolt", "offer": terms, "purposes": PURPOSE.value, "given": now, "stated": EACH}
    grants = [{"id": f"g{n}", **fixed, "ends": now + 10**7, "quota": OFFER.max_uses, "used": EACH} for n in range(GRANTED)]
    with desk.engine.begin() as connection:
        connection.execute(sa.insert(GRANTS), grants)
    for first in range(0, GRANTED, BATCH // EACH):
        with desk.engine.begin() as connection:
            connection.execute(sa.insert(USES), list(rows(range(first, first + BATCH // EACH), now)))


def rows(numbers: range, now: int) -> Iterator[dict[str, object]]:
    fixed = {"version": 1, "action": "forecast", "purpose": PURPOSE.value, "state": "done", "charge": 500, "shared": 350}
    for grant, use in product(numbers, range(1, EACH + 1)):
        yield {"grant_id": f"g{grant}", "number": use, "key": f"old{use}", "begun": now, **fixed}


def tried(desk: Desk) -> int:
    """Every second request is refused: of another party. How many were entered."""
    entered = 0
    for n in range(TRIED):
        party = "bolt" if n % 2 == 0 else "corex"
        try:
            begin(desk, Request(f"g{(n * 7919) % GRANTED}", f"new{n}", party, LISTING, 1, Action.FORECAST, PURPOSE))
            entered += 1
        except ExchangeError:
            pass
    return entered


def fsync_ms(folder: Path) -> float:
    """What one synced write costs on this disk now: no durable use can take less."""
    began = time.monotonic()
    with (folder / "synced").open("wb") as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    return 5 * (time.monotonic() - began)


def main(folder: Path, kind: str) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from postgresql import postgresql_server

    with postgresql_server() if kind == "postgresql" else nullcontext() as address:
        url = f"postgresql+psycopg2://decai@{address}/postgres" if address else f"sqlite:///{folder}/exchange.db"
        desk = Desk("acme", Store(folder / kind, "acme"), open_database(url))
        filled(desk)
        cpu, wall = cpu_seconds(), time.monotonic()
        entered = tried(desk)
        cpu, wall = cpu_seconds() - cpu, time.monotonic() - wall
        with desk.engine.connect() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(USES)).scalar()
        desk.engine.dispose()
    right = entered == TRIED // 2 and count == GRANTED * EACH + entered
    said(
        cpu=cpu,
        wall=wall,
        each_ms=1_000 * wall / TRIED,
        each_cpu_ms=1_000 * cpu / TRIED,
        right=right,
        fsync_ms=fsync_ms(folder),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
