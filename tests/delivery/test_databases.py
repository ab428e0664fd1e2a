"""Databases: what is refused, missing, cut off or endless is said as what it is, never with an address or a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from deliveries import demand
from servers import Behind, postgresql, sqlite

from decai_forecast.contracts import Column
from decai_forecast.delivery import Connection
from decai_forecast.delivery.errors import (
    SourceAbsent,
    SourceCut,
    SourceMisdescribed,
    SourceRefused,
    SourceUnreachable,
    SourceUnreadable,
)
from decai_forecast.delivery.sources import sql
from decai_forecast.errors import DeliveryError


@pytest.fixture
def table(tmp_path: Path, request: pytest.FixtureRequest) -> Behind:
    """The 200 rows in a table of SQLite."""
    found = sqlite(tmp_path, request)
    found.fill(demand())
    return found


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Behind, sa.Engine]]:
    """The 200 rows in a table of PostgreSQL, and an engine of its administrator."""
    there = postgresql(tmp_path, request)
    there.fill(demand())
    engine = sa.create_engine(f"postgresql+psycopg2://decai@{request.getfixturevalue('postgres')}/postgres")
    with engine.begin() as connection:
        for role in ("locked", "reader"):
            connection.exec_driver_sql(f"DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD 'right'; "
                                       "EXCEPTION WHEN duplicate_object THEN NULL; END $$")  # fmt: skip
    yield there, engine
    engine.dispose()


def fails(there: Behind, error: type[DeliveryError], said: str) -> None:
    """The pull fails with exactly this message, and lands nothing."""
    with pytest.raises(error) as raised:
        there.pull()
    assert type(raised.value) is error
    assert str(raised.value) == f"acme: demand: {said}"
    assert not (there.folder / "out.parquet").exists()


def known(there: Behind, **parts: Any) -> Behind:
    there.credentials.connections["db"] = Connection(**({"kind": "postgres", "login": "decai"} | parts))
    return there


@pytest.mark.parametrize(
    ("connection", "error", "said"),
    [
        ({"kind": "nosuch"}, SourceRefused,
         "a database of kind 'nosuch' is not known; install its SQLAlchemy dialect, or correct the connection"),
        ({"kind": "mysql"}, SourceRefused,
         "a database of kind 'mysql' needs one more package (MySQLdb); install its driver where the pull runs"),
        ({"kind": "mssql"}, SourceRefused,
         "a database of kind 'mssql' needs one more package (pyodbc); install its driver where the pull runs"),
        ({"kind": ""}, SourceMisdescribed, "a custom server needs a location (URL) or a connection"),
    ],
)  # fmt: skip
def test_a_database_that_cannot_be_spoken_to_is_told(table: Behind, connection: dict, error: type, said: str) -> None:
    """A dialect that is not there, a driver that is not installed."""
    fails(known(table, password="secret", host="h", **connection), error, said)


def test_a_port_is_a_number(table: Behind) -> None:
    """In the contract as in the connection."""
    source = replace(table.contract.source, type="postgres", server={"host": "127.0.0.1", "port": "5432x"})
    wrong = replace(table, contract=replace(table.contract, source=source))
    fails(wrong, SourceMisdescribed, "port '5432x' is not a whole number above zero; see servers[0]")


def test_a_missing_table_is_told(table: Behind) -> None:
    """With the contract that names it."""
    said = f"there is no table nope; see servers[0] in {table.contract.path}"
    fails(table.own(table="nope"), SourceAbsent, said)


def test_a_table_of_somebody_else_is_told(table: Behind) -> None:
    """With the columns that it has."""
    table.fill(demand().rename(columns=lambda name: f"{name}_x"))
    have = "date_x, item_id_x, quantity_x, price_x"
    fails(table, SourceUnreadable, f"table demand: none of the contracted columns is there; found {have}")


@pytest.mark.parametrize("nights", [0, 1])
def test_a_watermark_that_is_gone_is_told(table: Behind, nights: int) -> None:
    """In the first night as in a later one."""
    growing = table.own(incremental={"watermark": "date"})
    for _ in range(nights):
        growing.pull()
        (growing.folder / "out.parquet").unlink()
    table.fill(demand().drop(columns="date"))
    said = "table demand has no column 'date', the watermark; it has item_id, quantity, price"
    fails(growing, SourceUnreadable, said)


def test_pieces_need_the_whole_key(table: Behind) -> None:
    """A piece without it is not kept; the next night is as good as ever."""
    growing = table.own(incremental={"watermark": "date"})
    table.fill(demand().drop(columns="item_id"))
    said = "the source has no column 'item_id', a part of the key; pieces cannot be put together without it"
    fails(growing, SourceUnreadable, said)
    table.fill(demand())
    assert growing.pull()[1].rows == 200


@pytest.mark.parametrize(
    ("incremental", "said"),
    [
        ({"watermark": "price", "lookback": "7 d"},
         "a lookback needs a watermark that is a date or a timestamp; 'price' is of type number"),
        ({"watermark": "date", "lookback": "7 days"}, "lookback '7 days' is not a number and h, d or w, such as 7 d"),
        ({"watermark": "nope"}, "the watermark 'nope' is not a contracted column"),
    ],
)  # fmt: skip
def test_a_wrong_increment_is_told_in_the_first_night(table: Behind, incremental: dict, said: str) -> None:
    """Not in the second one."""
    fails(table.own(incremental=incremental), SourceMisdescribed, said)


def test_a_wrong_password_is_refused(server: tuple[Behind, sa.Engine]) -> None:
    """Not taken for silence: another try would not help."""
    there = known(server[0], login="locked", password="wrong")
    fails(there, SourceRefused, "the database refuses the login; is the connection's password right?")
    known(there, login="nobody_of_that_name")
    fails(there, SourceRefused, "the database refuses the login; is the connection's password right?")


def test_an_unknown_database_is_refused(server: tuple[Behind, sa.Engine]) -> None:
    """With where to look."""
    there, _ = server
    source = replace(there.contract.source, server=dict(there.contract.source.server) | {"database": "nope"})
    wrong = replace(there, contract=replace(there.contract, source=source))
    fails(wrong, SourceRefused, "there is no database of that name; see servers[0] and the connection")


def test_a_table_without_the_right_to_it_is_refused(server: tuple[Behind, sa.Engine]) -> None:
    """The reader may log in and not read."""
    there = known(server[0], login="reader", password="right")
    fails(there, SourceRefused, "the connection's user may not read the table")


def test_a_silent_server_is_unreachable(server: tuple[Behind, sa.Engine]) -> None:
    """Nobody listens there."""
    there, _ = server
    source = replace(there.contract.source, server={"host": "127.0.0.1", "port": 9, "database": "x"})
    wrong = replace(there, contract=replace(there.contract, source=source))
    fails(wrong, SourceUnreachable, "the database does not answer (OperationalError)")


def test_a_view_that_writes_is_refused(server: tuple[Behind, sa.Engine]) -> None:
    """And has written nothing."""
    there, engine = server
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS written (x int)")
        connection.exec_driver_sql("CREATE OR REPLACE FUNCTION writes() RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
                                   "INSERT INTO written VALUES (1); RETURN 'a'; END $$")  # fmt: skip
        connection.exec_driver_sql(
            "CREATE OR REPLACE VIEW writing AS SELECT '2026-06-01'::date AS date, writes() AS item_id, 1 AS quantity"
        )
    fails(there.own(table="writing"), SourceRefused, "the table is a view that writes; a delivery is only read")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM written").scalar() == 0


def test_a_slow_table_is_given_up(server: tuple[Behind, sa.Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL ends the statement itself."""
    there, engine = server
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE OR REPLACE VIEW slow AS SELECT '2026-06-01'::date AS date, 'a' AS item_id, pg_sleep(30)::text AS quantity"
        )
    monkeypatch.setattr(sql, "STATEMENT", 1)
    fails(there.own(table="slow"), SourceUnreachable, "the database did not finish within 1 s and gave up")


def test_a_server_that_dies_half_way_lands_nothing(server: tuple[Behind, sa.Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process is ended while it streams; the next pull gets everything."""
    there, engine = server
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS big")
        connection.exec_driver_sql("CREATE TABLE big AS SELECT d.* FROM demand d, generate_series(1, 300) g")
    monkeypatch.setattr(sql, "CHUNK", 5000)
    plain, calls = sql._texts, []

    def dying(rows: Any, k: int) -> Any:
        calls.append(k)
        if len(calls) == 9:  # four columns a chunk: in the third one
            with engine.begin() as connection:
                connection.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'FETCH%%'")
        return plain(rows, k)

    monkeypatch.setattr(sql, "_texts", dying)
    big = there.own(table="big")
    with pytest.raises(SourceCut, match=r"^acme: demand: the database broke off after [\d,]+ rows \(\w+\)$"):
        big.pull()
    assert not (there.folder / "out.parquet").exists()
    monkeypatch.setattr(sql, "_texts", plain)
    assert big.pull()[1].rows == 60_000


def test_a_watermark_without_a_zone_goes_on(server: tuple[Behind, sa.Engine]) -> None:
    """The check says that the time is ambiguous; the pull asks for news all the same."""
    there, engine = server
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS ts")
        connection.exec_driver_sql("CREATE TABLE ts AS SELECT *, date::timestamp + interval '10 hours' changed FROM demand")
    columns = (*there.contract.columns, Column("changed", "changed", "timestamp", "", False, False))
    timed = replace(there, contract=replace(there.contract, columns=columns)).own(
        table="ts", incremental={"watermark": "changed"}
    )
    timed.pull()
    assert timed.state.read_json("landing/demand/state.json")["watermark"] == "2026-06-28T10:00:00"
    assert timed.pull()[1].rows == 200


def test_a_number_is_a_watermark_too(table: Behind) -> None:
    """Without a lookback."""
    growing = table.own(incremental={"watermark": "quantity"})
    table.fill(demand().iloc[:150])
    growing.pull()
    table.fill(demand())
    assert growing.pull()[1].rows == 200
    assert growing.state.read_json("landing/demand/state.json")["watermark"] == "199.0"
