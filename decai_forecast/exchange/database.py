"""The database of an exchange: SQLite in the participant's own store, or PostgreSQL by ``DECAI_EXCHANGE_DATABASE``.

An older one is taken along when it is opened; one that a newer release has written is left alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from decai_forecast.errors import ConfigError, ExchangeError
from decai_forecast.exchange.tables import HEAD
from decai_forecast.store import Store

__all__ = ["FILE", "VARIABLE", "database_of", "has_exchange", "open_database", "upgrade"]

VARIABLE = "DECAI_EXCHANGE_DATABASE"
FILE = "exchange/exchange.db"  # in the participant's own store
WAIT = 30  # seconds for another process that is writing
VERSION = "exchange_version_of_tables"


def database_of(store: Store) -> sa.Engine:
    """The exchange of the participant whose own store this is."""
    url = os.environ.get(VARIABLE, "")
    if not url and not store.is_local:
        raise ConfigError(f"the exchange of {store.owner} needs a database: its store is no local folder; set {VARIABLE}")
    if not url:
        path = Path(store.path(FILE))
        path.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{path}"
    return open_database(url)


def has_exchange(store: Store) -> bool:
    """Whether the participant has begun to exchange anything."""
    return bool(os.environ.get(VARIABLE)) or (store.is_local and store.exists(FILE))


def open_database(url: str) -> sa.Engine:
    """The engine, with tables of the newest version; :class:`ExchangeError` (``exchange_newer``) for one of a newer release."""
    try:
        engine = sa.create_engine(url)
    except (sa.exc.ArgumentError, ModuleNotFoundError):
        raise ConfigError(f"{VARIABLE} is no address such as postgresql+psycopg2://user@host/name") from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _of_sqlite)
        sa.event.listen(engine, "begin", _begin)
    if _version(engine) != HEAD:
        upgrade(engine)
    return engine


def _of_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, and not at the first write
    connection.execute(f"PRAGMA busy_timeout = {WAIT * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: sa.Connection) -> None:
    """At once as a writer: of two that read first and write then, SQLite would refuse one."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _version(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(VERSION):
            return ""
        return str(connection.exec_driver_sql(f"SELECT version_num FROM {VERSION}").scalar() or "")


def upgrade(engine: sa.Engine, to: str = HEAD) -> None:
    """To version ``to`` of the tables, with the data that are there; all of it or nothing."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config, before = Config(), _version(engine)
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # of several that open it at once one does it
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4120135)")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError:
            text = (
                f"the tables of the exchange are of version {before}, and this release knows {HEAD}; install the newer release"
            )
            raise ExchangeError("exchange_newer", text) from None
