"""Fetching one page: never to another host, never more than allowed, never half of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, wait_exponential

from decai_forecast.delivery.errors import (
    SourceAbsent,
    SourceCut,
    SourceRefused,
    SourceUnreachable,
    SourceUnreadable,
    SourceUnsafe,
)
from decai_forecast.delivery.request import Request

__all__ = ["Answer", "Step", "get", "origin", "public", "wait"]

REDIRECTS = 5
BUSY = (408, 425, 429, 500, 502, 503, 504)
GONE = (404, 410)
SHORT = 200  # characters of a server's own words in a message
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Step:
    """One page to ask for: ``room`` are the bytes that it may still bring, ``where`` its name in messages."""

    url: str
    params: Mapping[str, str]
    where: str
    room: int


@dataclass(frozen=True)
class Answer:
    """A whole answer, decompressed."""

    url: str
    body: bytes
    headers: httpx.Headers
    next_link: str  # of the Link header, absolute; empty without one


class _Busy(SourceUnreachable):
    """The server asks to come back; ``after`` seconds, if it says so."""

    def __init__(self, message: str, after: float) -> None:
        super().__init__(message)
        self.after = after


def wait(state: RetryCallState) -> float:
    """Seconds until the next try: what the server asks for, else longer each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, _Busy) else 0.0
    return max(asked, wait_exponential(0.2, max=30)(state))


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: who gets to see the credentials."""
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return "", "", None


def public(url: str) -> str:
    """Without the query, where a token may stand."""
    scheme, host, port = origin(url)
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}{'' if port in (None, PORTS.get(scheme)) else f':{port}'}{urlsplit(url).path}"


def get(request: Request, client: httpx.Client, step: Step, secrets: tuple[str, ...] = ()) -> Answer:
    """The page; each fault as what it means. ``secrets`` are masked in what the server says."""
    url, params = step.url, dict(step.params)
    for _ in range(REDIRECTS + 1):
        with _faults(request, step), client.stream("GET", url, params=params or None) as answer:
            if not answer.has_redirect_location:
                _status(request, step, answer, secrets)
                return Answer(str(answer.url), _body(request, step, answer), answer.headers, _link(answer))
            url, params = str(answer.url.join(answer.headers["Location"])), {}
        if origin(url) != origin(step.url):
            raise SourceUnsafe(
                f"{request.name}: {step.where} sends us on to another host ({public(url)}); if that is right, write it into "
                "servers[0].location"
            )
    raise SourceUnreadable(f"{request.name}: {step.where} sends us on and on; see servers[0].location")


@contextmanager
def _faults(request: Request, step: Step) -> Iterator[None]:
    try:
        yield
    except (httpx.RemoteProtocolError, httpx.ReadError) as error:
        if "location header" in str(error):
            raise SourceUnreadable(f"{request.name}: {step.where} sends us on to an address that is none") from None
        raise SourceCut(f"{request.name}: {step.where} was cut off") from None
    except httpx.DecodingError:
        raise SourceUnreadable(f"{request.name}: {step.where} is not compressed as its Content-Encoding says") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise SourceUnreadable(f"{request.name}: {step.where} leads to an address that is none") from None
    except httpx.HTTPError as error:
        raise SourceUnreachable(f"{request.name}: {step.where} does not answer ({type(error).__name__})") from None


def _status(request: Request, step: Step, answer: httpx.Response, secrets: tuple[str, ...]) -> None:
    code, fault = answer.status_code, f"{request.name}: {step.where} answered {answer.status_code}"
    if code in BUSY:
        raise _Busy(fault, _seconds(answer))
    if code in (401, 403):
        raise SourceRefused(f"{fault}; is the connection's token right?")
    if code in GONE:
        raise SourceAbsent(f"{fault}; see servers[0].location")
    if code >= 300:
        raise SourceRefused(fault + _own_words(answer, secrets))


def _seconds(answer: httpx.Response) -> float:
    given = answer.headers.get("Retry-After", "")
    return min(float(given), 300.0) if given.isdigit() else 0.0


def _own_words(answer: httpx.Response, secrets: tuple[str, ...]) -> str:
    """What the server says of its refusal, in short: it may name the column that is not there."""
    text = next(answer.iter_text(4 * SHORT), "")
    text = message_of(text) or ("" if text.lstrip().startswith("<") else text)
    for secret in secrets:
        text = text.replace(secret, "***")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f": {text[:SHORT]}" if text else ""


def message_of(text: str | Any) -> str:
    """The message of an error that a server tells as JSON; empty where there is none."""
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return ""
    if not isinstance(found, Mapping):
        return ""
    message = next((found[key] for key in ("message", "error", "detail", "error_description", "title") if found.get(key)), "")
    return message_of(message) if isinstance(message, Mapping) else str(message)


def _body(request: Request, step: Step, answer: httpx.Response) -> bytes:
    """All of it, decompressed, counted while it comes."""
    chunked = "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
    if request.contract.source.format == "csv" and not chunked and "Content-Length" not in answer.headers:
        raise SourceUnreadable(
            f"{request.name}: {step.where} says neither its length nor its end, so that half a file would look like a whole "
            "one; the server must send Content-Length"
        )
    blocks, got = [], 0
    for block in answer.iter_bytes():
        got += len(block)
        if got > step.room:
            raise SourceUnsafe(
                f"{request.name}: {step.where} brings the delivery over the contract's maxBytes ({request.max_bytes:,})"
            )
        blocks.append(block)
    return b"".join(blocks)


def _link(answer: httpx.Response) -> str:
    link = answer.links.get("next", {}).get("url", "")
    return str(answer.url.join(link)) if link else ""
