"""A table of a database that SQLAlchemy knows: read-only, streamed, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decai_forecast.delivery.errors import (
    SourceAbsent,
    SourceCut,
    SourceMisdescribed,
    SourceRefused,
    SourceUnreachable,
    SourceUnreadable,
)
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched
from decai_forecast.delivery.sources.sql_faults import meaning_of

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["from_database"]

CHUNK = 50_000  # rows in memory at a time
STATEMENT = 600  # seconds that PostgreSQL works on one fetch before it gives up
CONNECT = 20  # seconds for a PostgreSQL server to answer the first time


def from_database(request: Request) -> Fetched:
    """The contracted columns of one table (``table`` of the server's own properties, else the schema object's name)."""
    target = request.scratch / "table.parquet"
    rows = _Rows()
    engine = _engine(request)
    try:
        with _faults(request, rows), _connected(engine) as connection:
            streamed = {"stream_results": True, "yield_per": CHUNK}
            _write(connection.execute(_query(request, connection), execution_options=streamed), target, rows)
    finally:
        engine.dispose()
    return Fetched((target,), "texts", names={target: f"table {_table(request)}"})


class _Rows:
    """How many have come."""

    count = 0


def _engine(request: Request) -> sa.Engine:
    import sqlalchemy as sa

    url = _url(request)
    try:
        return sa.create_engine(url)
    except sa.exc.NoSuchModuleError:
        raise SourceRefused(
            f"{request.name}: a database of kind {url.drivername!r} is not known; install its SQLAlchemy dialect, or correct "
            "the connection"
        ) from None
    except ImportError as error:
        missing = error.name or "its driver"
        raise SourceRefused(
            f"{request.name}: a database of kind {url.drivername!r} needs one more package ({missing}); install its driver "
            "where the pull runs"
        ) from None


@contextmanager
def _connected(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Read-only, and not for ever, as far as the database knows these words."""
    with engine.connect().execution_options(postgresql_readonly=True) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET statement_timeout = {STATEMENT * 1000}")
        yield connection


@contextmanager
def _faults(request: Request, rows: _Rows) -> Iterator[None]:
    """What SQLAlchemy raises, as what it means; its own text may hold the address, the user and the query."""
    import sqlalchemy as sa

    try:
        yield
    except sa.exc.NoSuchTableError:
        raise SourceAbsent(
            f"{request.name}: there is no table {_table(request)}; see servers[0] in {request.contract.path}"
        ) from None
    except sa.exc.DBAPIError as error:
        meaning = meaning_of(error, STATEMENT)
        if meaning is not None:
            raise meaning[0](f"{request.name}: {meaning[1]}") from None
        kind = type(error.orig).__name__
        if rows.count:
            raise SourceCut(f"{request.name}: the database broke off after {rows.count:,} rows ({kind})") from None
        if isinstance(error, sa.exc.OperationalError):
            raise SourceUnreachable(f"{request.name}: the database does not answer ({kind})") from None
        raise SourceRefused(f"{request.name}: the database refused the query ({kind})") from None


def _url(request: Request) -> sa.URL:
    """From the connection; what the contract's server says of host, port and database comes first."""
    import sqlalchemy as sa

    connection, server = request.connection(), request.contract.source.server
    kind = "postgresql" if request.contract.source.type.startswith("postgres") else connection.kind
    driver = "postgresql+psycopg2" if kind in ("postgres", "postgresql") else kind
    if not driver:
        raise SourceMisdescribed(f"{request.name}: a custom server needs a location (URL) or a connection")
    port = request.number("port", server.get("port") or connection.port, 0) if server.get("port") or connection.port else None
    query = {key: str(value) for key, value in connection.extra.items()}
    return sa.URL.create(
        driver, connection.login or None, connection.password or None, server.get("host") or connection.host or None,
        port, server.get("database") or connection.schema or None,
        query={"connect_timeout": str(CONNECT)} | query if driver == "postgresql+psycopg2" else query,
    )  # fmt: skip


def _table(request: Request) -> str:
    return str(request.own.get("table") or request.contract.table)


def _query(request: Request, connection: sa.Connection) -> sa.Select[Any]:
    """Only contracted columns; those the table has not are for the check to miss."""
    import sqlalchemy as sa

    schema = request.contract.source.server.get("schema")
    table = sa.Table(_table(request), sa.MetaData(), schema=str(schema) if schema else None, autoload_with=connection)
    wanted, have = {column.source_name for column in request.contract.columns}, [column.name for column in table.columns]
    where = f"{request.name}: table {_table(request)}"
    if not wanted & set(have):
        raise SourceUnreadable(f"{where}: none of the contracted columns is there; found {', '.join(have)}")
    if request.watermark and request.watermark not in have:
        raise SourceUnreadable(f"{where} has no column {request.watermark!r}, the watermark; it has {', '.join(have)}")
    query = sa.select(*[column for column in table.columns if column.name in wanted])
    if request.watermark and request.since is not None:
        query = query.where(table.c[request.watermark] >= request.since)
    return query


def _write(result: sa.CursorResult[Any], target: Path, count: _Rows) -> None:
    """All values as text, as a CSV file would have them, so that one place decides what can be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(result.keys())
    schema = pa.schema([(name, pa.string()) for name in names])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for rows in result.partitions(CHUNK):
            columns = {name: list(_texts(rows, k)) for k, name in enumerate(names)}
            writer.write_table(pa.table(columns, schema=schema))
            count.count += len(rows)


def _texts(rows: Sequence[Any], k: int) -> Iterator[str | None]:
    for row in rows:
        value = row[k]
        yield None if value is None else value.isoformat() if isinstance(value, date | datetime) else str(value)
