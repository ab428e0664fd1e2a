"""The exchange of acme, on each of the two databases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from desks import Acme, acme
from postgresql import postgresql_server

from decai_forecast.exchange.database import VARIABLE

NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Host and port of a PostgreSQL."""
    with postgresql_server() as address:
        yield address


def fresh_database(server: str) -> str:
    """The address of a new, empty database."""
    engine = sa.create_engine(f"postgresql+psycopg2://decai@{server}/postgres", isolation_level="AUTOCOMMIT")
    name = f"exchange{next(NUMBERS)}"
    for _ in range(100):
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            break
        except sa.exc.OperationalError:  # it is still starting
            continue
    engine.dispose()
    return f"postgresql+psycopg2://decai@{server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/exchange.db"
    return fresh_database(request.getfixturevalue("server"))


@pytest.fixture
def house(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    """acme's exchange on this database."""
    monkeypatch.setenv(VARIABLE, url)
    made = acme(tmp_path / "store")
    yield made
    made.desk.engine.dispose()
