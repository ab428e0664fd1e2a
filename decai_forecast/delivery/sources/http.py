"""An HTTP interface with pages, Socrata's open-data portals (SODA 2) among them.

Pages land one by one in the partner's own store; a pull that was killed goes on with the page after the last. Only when
the delivery has landed are they forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from decai_forecast.delivery.errors import SourceAbsent, SourceCut, SourceRefused, SourceUnreachable, SourceUnsafe
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.fetched import Fetched
from decai_forecast.store import digest_json

__all__ = ["from_api"]

TIMEOUT = httpx.Timeout(60.0, connect=20.0)  # seconds
LIMIT = 50_000  # rows per page
ATTEMPTS = 6
STYLES = ("none", "offset", "page", "link", "cursor", "socrata")
BUSY = (408, 425, 429, 500, 502, 503, 504)


class _Busy(SourceUnreachable):
    """The server asks to come back; ``after`` seconds, if it says so."""

    def __init__(self, message: str, after: float) -> None:
        super().__init__(message)
        self.after = after


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, _Busy) else 0.0
    return max(asked, wait_exponential(0.2, max=30)(state))


def from_api(request: Request) -> Fetched:
    """All pages, as files."""
    book = _Book(request)
    with httpx.Client(timeout=TIMEOUT, headers=_headers(request), follow_redirects=True) as client:
        while (step := book.next_step()) is not None:
            answer = _get(request, client, *step)
            book.add(answer)
    return Fetched(book.files(), request.contract.source.format, book.forget)


def _headers(request: Request) -> dict[str, str]:
    connection = request.connection()
    headers = {str(key): str(value) for key, value in (connection.extra.get("headers") or {}).items()}
    if token := connection.password:
        headers["X-App-Token" if _style(request) == "socrata" else "Authorization"] = (
            token if _style(request) == "socrata" else f"Bearer {token}"
        )
    return headers


def _style(request: Request) -> str:
    style = str((request.own.get("paging") or {}).get("style") or "none")
    if style not in STYLES:
        raise SourceRefused(f"{request.name}: paging style {style!r} is not known; use {', '.join(STYLES)}")
    return style


@retry(
    retry=retry_if_exception_type((SourceCut, SourceUnreachable)), stop=stop_after_attempt(ATTEMPTS), wait=_wait, reraise=True
)
def _get(request: Request, client: httpx.Client, url: str, params: Mapping[str, str]) -> httpx.Response:
    """One page; busy servers and cut connections are tried again."""
    where = _public(url)
    try:
        answer = client.get(url, params=dict(params) or None)
    except (httpx.RemoteProtocolError, httpx.ReadError):
        raise SourceCut(f"{request.name}: {where} was cut off") from None
    except httpx.TransportError as error:
        raise SourceUnreachable(f"{request.name}: {where} does not answer ({type(error).__name__})") from None
    if answer.status_code in BUSY:
        raise _Busy(f"{request.name}: {where} answered {answer.status_code}", _seconds(answer))
    if answer.status_code in (401, 403):
        raise SourceRefused(f"{request.name}: {where} answered {answer.status_code}; is the connection's token right?")
    if answer.status_code >= 400:
        raise SourceAbsent(f"{request.name}: {where} answered {answer.status_code}; see servers[0].location")
    if len(answer.content) > request.max_bytes:
        raise SourceUnsafe(f"{request.name}: a page of {where} has {len(answer.content):,} bytes, more than maxBytes")
    if request.contract.source.format == "json" and not _is_json(answer):
        raise SourceCut(f"{request.name}: {where} gave no complete JSON")
    return answer


def _is_json(answer: httpx.Response) -> bool:
    try:
        answer.json()
    except ValueError:
        return False
    return True


def _public(url: str) -> str:
    """Without the query, where a token may stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{':' + str(parts.port) if parts.port else ''}{parts.path}"


def _seconds(answer: httpx.Response) -> float:
    given = answer.headers.get("Retry-After", "")
    return min(float(given), 300.0) if given.isdigit() else 0.0


class _Book:
    """Which pages are there and which comes next; lies in the store, so that a killed pull can go on."""

    def __init__(self, request: Request) -> None:
        self.request, self.style = request, _style(request)
        self.paging: Mapping[str, Any] = request.own.get("paging") or {}
        self.limit = int(self.paging.get("limit") or LIMIT)
        source = {"location": request.location, "paging": dict(self.paging), "since": request.since}
        self.folder = f"landing/{request.contract.data_set}/partial/{digest_json(source)[:16]}"
        key = f"{self.folder}/progress.json"
        self.progress: dict[str, Any] = {"pages": 0, "rows": 0, "next": "", "over": False}
        if request.state.exists(key):
            self.progress = request.state.read_json(key)

    def _page(self, number: int) -> str:
        return f"{self.folder}/page-{number:06d}.{self.request.contract.source.format}"

    def next_step(self) -> tuple[str, dict[str, str]] | None:
        """URL and parameters of the next page; None when there is no more."""
        if self.progress["over"]:
            return None
        if self.style in ("link", "cursor") and self.progress["next"] and self.style == "link":
            return self.progress["next"], {}
        return self.request.location, self._params()

    def _params(self) -> dict[str, str]:
        number, rows, limit = self.progress["pages"], self.progress["rows"], self.limit
        if self.style == "socrata":
            return self._socrata(rows, limit)
        name = {key: str(self.paging.get(f"{key}Parameter") or key) for key in ("limit", "offset", "page", "cursor")}
        since = self._since()
        if self.style == "offset":
            return since | {name["limit"]: str(limit), name["offset"]: str(rows)}
        if self.style == "page":
            first = int(self.paging.get("first", 1))
            return since | {name["limit"]: str(limit), name["page"]: str(number + first)}
        if self.style == "cursor":
            return (
                since | {name["limit"]: str(limit)} | ({name["cursor"]: self.progress["next"]} if self.progress["next"] else {})
            )
        return since

    def _since(self) -> dict[str, str]:
        parameter = str((self.request.own.get("incremental") or {}).get("parameter") or "")
        return {parameter: self.request.since} if parameter and self.request.since is not None else {}

    def _socrata(self, rows: int, limit: int) -> dict[str, str]:
        """SODA 2: a stable order, or pages would overlap."""
        mark = self.request.watermark
        columns = ",".join(column.source_name for column in self.request.contract.columns)
        params = {"$select": columns, "$limit": str(limit), "$offset": str(rows), "$order": f"{mark},:id" if mark else ":id"}
        where = [str(self.paging["where"])] if self.paging.get("where") else []
        where += [f"{mark} >= '{self.request.since}'"] if mark and self.request.since is not None else []
        return params | ({"$where": " AND ".join(where)} if where else {})

    def add(self, answer: httpx.Response) -> None:
        """Keeps a page and what comes after it; the page first, so that a kill between the two costs one page."""
        body, rows, following = self._read(answer)
        self.request.state.write_bytes(self._page(self.progress["pages"]), body)
        count = self.progress["pages"] + 1
        full = rows >= self.limit if self.style in ("offset", "page", "socrata") else bool(following)
        self.progress = {"pages": count, "rows": self.progress["rows"] + rows, "next": following, "over": not full}
        self.request.state.write_json(f"{self.folder}/progress.json", self.progress)

    def _read(self, answer: httpx.Response) -> tuple[bytes, int, str]:
        """The page's rows as bytes, their number, and where the next page is."""
        link = answer.links.get("next", {}).get("url", "") if self.style == "link" else ""
        if self.request.contract.source.format == "csv":
            return answer.content, max(answer.text.count("\n") - 1, 0), link
        body = answer.json()
        following = str(body.get(str(self.paging.get("nextField") or "next")) or "") if isinstance(body, dict) else ""
        rows = body.get(str(self.paging.get("rowsField") or "data"), []) if isinstance(body, dict) else body
        return json.dumps(rows).encode(), len(rows), link or following

    def files(self) -> tuple[Path, ...]:
        """The pages as local files."""
        found = []
        for number in range(self.progress["pages"]):
            target = self.request.scratch / f"page-{number:06d}.{self.request.contract.source.format}"
            target.write_bytes(self.request.state.read_bytes(self._page(number)))
            found.append(target)
        return tuple(found)

    def forget(self) -> None:
        self.request.state.remove(self.folder)
