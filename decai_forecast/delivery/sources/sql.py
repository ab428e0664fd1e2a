"""A table of a database that SQLAlchemy knows: read-only, streamed, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decai_forecast.delivery.errors import SourceAbsent, SourceMisdescribed, SourceRefused, SourceUnreachable
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["from_database"]

CHUNK = 50_000  # rows in memory at a time


def from_database(request: Request) -> Fetched:
    """The contracted columns of one table (``table`` of the server's own properties, else the schema object's name)."""
    import sqlalchemy as sa

    engine = sa.create_engine(_url(request))
    target = request.scratch / "table.parquet"
    try:
        options = {"stream_results": True, "yield_per": CHUNK, "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            _write(connection.execute(_query(request, engine)), target)
    except sa.exc.NoSuchTableError:
        raise SourceAbsent(
            f"{request.name}: there is no table {_table(request)}; see servers[0] in {request.contract.path}"
        ) from None
    except sa.exc.OperationalError as error:
        said = type(error.orig).__name__  # its text may hold the address and the user
        raise SourceUnreachable(f"{request.name}: the database does not answer ({said})") from None
    except sa.exc.ProgrammingError as error:
        raise SourceRefused(f"{request.name}: the database refused the query ({type(error.orig).__name__})") from None
    finally:
        engine.dispose()
    return Fetched((target,), "texts")


def _url(request: Request) -> sa.URL:
    """From the connection; what the contract's server says of host, port and database comes first."""
    import sqlalchemy as sa

    connection, server = request.connection(), request.contract.source.server
    kind = "postgresql" if request.contract.source.type.startswith("postgres") else connection.kind
    driver = "postgresql+psycopg2" if kind in ("postgres", "postgresql") else kind
    if not driver:
        raise SourceMisdescribed(f"{request.name}: a custom server needs a location (URL) or a connection")
    return sa.URL.create(
        driver, connection.login or None, connection.password or None, server.get("host") or connection.host or None,
        server.get("port") or connection.port, server.get("database") or connection.schema or None,
        query={key: str(value) for key, value in connection.extra.items()},
    )  # fmt: skip


def _table(request: Request) -> str:
    return str(request.own.get("table") or request.contract.table)


def _query(request: Request, engine: sa.Engine) -> sa.Select[Any]:
    """Only contracted columns; those the table has not are for the check to miss."""
    import sqlalchemy as sa

    schema = request.contract.source.server.get("schema")
    table = sa.Table(_table(request), sa.MetaData(), schema=str(schema) if schema else None, autoload_with=engine)
    wanted = {column.source_name for column in request.contract.columns}
    query = sa.select(*[column for column in table.columns if column.name in wanted])
    if request.watermark and request.since is not None:
        query = query.where(table.c[request.watermark] >= request.since)
    return query


def _write(result: sa.CursorResult[Any], target: Path) -> None:
    """All values as text, as a CSV file would have them, so that one place decides what can be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(result.keys())
    schema = pa.schema([(name, pa.string()) for name in names])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for rows in result.partitions(CHUNK):
            columns = {name: list(_texts(rows, k)) for k, name in enumerate(names)}
            writer.write_table(pa.table(columns, schema=schema))


def _texts(rows: Sequence[Any], k: int) -> Iterator[str | None]:
    for row in rows:
        value = row[k]
        yield None if value is None else value.isoformat() if isinstance(value, date | datetime) else str(value)
