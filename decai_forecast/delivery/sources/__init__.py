"""Where deliveries come from: one file for each kind of server.

Every source is a function from a :class:`~decai_forecast.delivery.request.Request` to :class:`Fetched`: local files and
what they hold. Nothing half-transferred is ever handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from decai_forecast.contracts.vocabulary import ServerType
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched
from decai_forecast.delivery.sources.http import from_api
from decai_forecast.delivery.sources.local import from_local
from decai_forecast.delivery.sources.object_store import from_object_store
from decai_forecast.delivery.sources.sql import from_database

__all__ = ["Fetched", "fetch"]


def _custom(request: Request) -> Fetched:
    """A URL that fsspec knows, or a connection that SQLAlchemy knows."""
    return from_object_store(request) if "://" in request.location else from_database(request)


SOURCES: Mapping[ServerType, Callable[[Request], Fetched]] = {
    ServerType.LOCAL: from_local,
    ServerType.S3: from_object_store,
    ServerType.AZURE: from_object_store,
    ServerType.SFTP: from_object_store,
    ServerType.POSTGRES: from_database,
    ServerType.POSTGRESQL: from_database,
    ServerType.API: from_api,
    ServerType.CUSTOM: _custom,
}


def fetch(request: Request) -> Fetched:
    """Gets the delivery from where its contract says."""
    return SOURCES[ServerType(request.contract.source.type)](request)
