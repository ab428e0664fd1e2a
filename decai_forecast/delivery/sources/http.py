"""An HTTP interface with pages, Socrata's open-data portals (SODA 2) among them.

Pages land one by one in the partner's own store; a pull that was killed goes on with the page after the last. Only when
the delivery has landed are they forgotten. How a page is fetched is in ``http_get.py``, how it is read in
``http_page.py``, which comes next in ``http_book.py``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from decai_forecast.delivery.credentials import Connection
from decai_forecast.delivery.errors import SourceCut, SourceMisdescribed, SourceUnreachable
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched
from decai_forecast.delivery.sources.http_book import Book, Step
from decai_forecast.delivery.sources.http_get import get, origin, wait
from decai_forecast.delivery.sources.http_page import Page, read_page
from decai_forecast.delivery.sources.http_paging import Paging

__all__ = ["from_api"]

TIMEOUT = httpx.Timeout(60.0, connect=20.0)  # seconds
ATTEMPTS = 6


def from_api(request: Request) -> Fetched:
    """All pages, as files."""
    scheme, host, _ = origin(request.location)
    if scheme not in ("http", "https") or not host:
        given = request.location.partition("?")[0]  # a token may stand behind it
        raise SourceMisdescribed(f"{request.name}: {given!r} is not an http:// or https:// address")
    paging = Paging.of(request)
    book, connection = Book(request, paging), request.connection()
    secrets = tuple(filter(None, (connection.password, *_given(request, connection).values())))
    with httpx.Client(timeout=TIMEOUT, headers=_headers(request, connection, paging), follow_redirects=False) as client:
        while (step := book.next_step()) is not None:
            book.add(step, _page(request, client, paging, step, secrets))
    files = book.files()
    return Fetched(tuple(files), request.contract.source.format, book.forget, files)


@retry(
    retry=retry_if_exception_type((SourceCut, SourceUnreachable)), stop=stop_after_attempt(ATTEMPTS), wait=wait, reraise=True
)
def _page(request: Request, client: httpx.Client, paging: Paging, step: Step, secrets: tuple[str, ...]) -> Page:
    """One page; busy servers and cut connections are tried again."""
    return read_page(request, paging, get(request, client, step, secrets), step)


def _headers(request: Request, connection: Connection, paging: Paging) -> dict[str, str]:
    """A login with its password goes as basic authentication, a password alone as a token."""
    headers = _given(request, connection)
    if connection.login and connection.password:
        pair = f"{connection.login}:{connection.password}".encode()
        return headers | {"Authorization": f"Basic {b64encode(pair).decode()}"}
    if connection.password and paging.style == "socrata":
        return headers | {"X-App-Token": connection.password}
    return headers | ({"Authorization": f"Bearer {connection.password}"} if connection.password else {})


def _given(request: Request, connection: Connection) -> dict[str, str]:
    headers = connection.extra.get("headers") or {}
    if not isinstance(headers, Mapping):
        raise SourceMisdescribed(
            f"{request.name}: headers in the extra of connection {request.own.get('connection')!r} must be a mapping of names "
            "to values"
        )
    return {str(key): str(value) for key, value in headers.items()}
