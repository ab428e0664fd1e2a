"""The database of an exchange is made, taken along and left alone, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from desks import DRAFT, FORECASTING, LISTING, Acme, Clock, asked
from offers import offer

from decai_forecast.errors import ConfigError, ExchangeError
from decai_forecast.exchange.card import Card
from decai_forecast.exchange.database import VARIABLE, database_of, has_exchange, open_database, upgrade
from decai_forecast.exchange.desk import Desk
from decai_forecast.exchange.grants import grant_of
from decai_forecast.exchange.listings import listed
from decai_forecast.exchange.tables import HEAD, METADATA
from decai_forecast.exchange.uses import begin, uses
from decai_forecast.store import Store, digest_bytes

MIGRATIONS = Path(upgrade.__code__.co_filename).with_name("migrations")


def test_the_newest_migration_is_the_head() -> None:
    """The number in the code is that of the last file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrations_make_the_tables_of_the_code(url: str) -> None:
    """Column by column."""
    inspector = sa.inspect(open_database(url))
    for table in METADATA.sorted_tables:
        made = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert made == {column.name: column.nullable for column in table.columns}, table.name
    assert "exchange_use_key" in {one["name"] for one in inspector.get_unique_constraints("exchange_use")}


def old_database(url: str) -> sa.Engine:
    """Of the first version, with a listing, a grant and a use in it."""
    engine = sa.create_engine(url)
    upgrade(engine, "0001")
    terms, moment, file = offer(max_uses=2), int(Clock()().timestamp()), digest_bytes(b"tree")
    card = Card(LISTING, 1, "acme", DRAFT.kind, "t", "MIT", "u", (), 3, file, 4, "2026-12-01T12:00:00+00:00", terms)
    text = card.to_bytes().decode()
    rows = {
        "exchange_listing": {"id": LISTING, "owner": "acme", "kind": "forecaster", "title": "t", "published": moment},
        "exchange_version": {"listing": LISTING, "number": 1, "file": file, "card": text, "published": moment},
        "exchange_grant": {
            "id": "g1", "listing": LISTING, "party": "bolt", "offer": json.dumps(terms.to_json()), "quota": 2,
            "purposes": FORECASTING.value, "given": moment, "used": 1,
        },
        "exchange_use": {
            "grant_id": "g1", "number": 1, "key": "k", "version": 1, "action": "forecast", "purpose": FORECASTING.value,
            "state": "done", "begun": moment, "charge": 0, "shared": 0,
        },
    }  # fmt: skip
    with engine.begin() as connection:
        for name, values in rows.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            connection.execute(
                sa.insert(table).values({**values, **{k: int(v) for k, v in values.items() if isinstance(v, float)}})
            )
    return engine


def test_an_older_database_is_taken_along_with_its_data(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listings, grants and uses of before are good: the quota goes on where it was, and the log hears of what it had not."""
    old_database(url).dispose()
    monkeypatch.setenv(VARIABLE, url)
    desk = Desk.of(Store(tmp_path / "store", "acme"), Clock())
    assert [card.listing for card in listed(desk)] == [LISTING]
    grant = grant_of(desk, "g1")
    assert begin(desk, asked(grant)).number == 2
    with pytest.raises(ExchangeError, match="all 2 uses"):
        begin(desk, asked(grant))
    assert len(uses(desk, "g1")) == 2


def test_a_database_of_a_newer_release_is_left_alone(house: Acme, url: str) -> None:
    """With what to do; nothing is changed."""
    with house.desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE exchange_version_of_tables SET version_num = '9999'")
    with pytest.raises(ExchangeError, match=f"of version 9999, and this release knows {HEAD}") as error:
        open_database(url)
    assert error.value.code == "exchange_newer"


def test_several_open_an_empty_database_at_once(url: str) -> None:
    """One makes the tables, all can use them."""
    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(lambda _: open_database(url), range(4)))
    assert all(sa.inspect(engine).has_table("exchange_use") for engine in engines)


def test_where_the_database_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the participant's own store, unless the operator says another; a wrong address is told without its password."""
    monkeypatch.delenv(VARIABLE, raising=False)
    store = Store(tmp_path / "store", "acme")
    assert not has_exchange(store)
    database_of(store).dispose()
    assert has_exchange(store)
    assert (tmp_path / "store/exchange/exchange.db").exists()
    monkeypatch.setenv(VARIABLE, "postgresl://secret@nowhere")
    with pytest.raises(ConfigError) as error:
        database_of(store)
    assert "secret" not in str(error.value)
