"""The coordinator's end of the link over HTTPS: a company sends under its own name and reads the public part.

::

    PUT /v1/rounds/<round>/submission    an envelope; 204, the same again too
    PUT /v1/rounds/<round>/figures       likewise; so are statements and cosignature
    GET /v1/public/<key>                 a public file, with ETag, If-None-Match and Range
    PUT /v1/founding/answer              the answer to an invitation; 204, the same again too
    GET /v1/founding/admission           what the coordinator makes of it; 404 until then
    PUT /v1/keys/request                 a company asks for another certificate, or exchanges its keys; 204
    GET /v1/keys/package                 what the coordinator makes of it; 404 until then
    PUT /v1/keys/revocation              a company takes its own key back; 204

Whoever shows an invitation in place of a company's certificate gets those of ``founding`` and nothing else.

Whoever has no certificate of the federation's authority gets no connection. What is not taken is answered with a code::

    {"code": "wrong_signature"}
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from decai_forecast.errors import DecaiError, LinkError
from decai_forecast.link.connection import CALLER, LONGEST_HEADER, USUAL, Limits, connection_with
from decai_forecast.link.desk import Desk
from decai_forecast.link.envelope import Kind
from decai_forecast.link.folder import LARGEST, largest_of
from decai_forecast.link.published import content_type
from decai_forecast.link.reception import Reception
from decai_forecast.link.tls import Caller, TlsFiles
from decai_forecast.store import digest_bytes

__all__ = ["application", "server"]

log = logging.getLogger(__name__)
CHUNK = 64_000  # bytes of an answer that are under way at a time
GRACE = 10  # seconds that requests get to end when the service stops
STATUS = {
    "other_sender": 403, "unknown_sender": 403, "key_revoked": 403, "not_admitted": 403, "invitation_withdrawn": 403,
    "invitation_used": 409, "too_large": 413, "too_slow": 408, "not_there": 404,
}  # fmt: skip
OURS = ("identity", "store", "config")  # codes of what is wrong on this side
SENT = {kind.value: kind for kind in (Kind.SUBMISSION, Kind.FIGURES, Kind.STATEMENTS, Kind.COSIGNATURE)}
RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")


def server(
    reception: Reception, tls: TlsFiles, host: str, port: int, limits: Limits = USUAL, desk: Desk | None = None
) -> uvicorn.Server:
    """Serves when it is run; ``should_exit`` ends it after the requests that are under way. ``desk``: takes answers to
    invitations."""
    context = tls.server()
    config = uvicorn.Config(
        application(reception, limits, desk), host=host, port=port, http=connection_with(limits), ws="none", lifespan="off",
        ssl_context_factory=lambda *_: context, h11_max_incomplete_event_size=LONGEST_HEADER,
        limit_concurrency=limits.connections, timeout_graceful_shutdown=GRACE,
        proxy_headers=False, server_header=False, access_log=False, log_config=None,
    )  # fmt: skip
    return uvicorn.Server(config)


def application(reception: Reception, limits: Limits, desk: Desk | None) -> FastAPI:
    """The verbs; every request's caller is in its scope (``connection.py``)."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.put("/v1/rounds/{round_id}/{what}")
    async def put(round_id: str, what: str, request: Request) -> Response:
        if what not in SENT:
            return _refused("not_there")
        company = _company(request, desk)
        data = await _body(request, limits.body, largest_of(what))
        await run_in_threadpool(reception.take, SENT[what], round_id, company, data)
        return Response(status_code=204)

    @app.api_route("/v1/public/{key:path}", methods=["GET", "HEAD"])
    async def public(key: str, request: Request) -> Response:
        _company(request, desk)
        data = await run_in_threadpool(reception.published, key)
        return _refused("not_there") if data is None else _file(data, request, content_type(key))

    if desk:
        _add_founding(app, desk, limits)
        _add_keys(app, desk, limits)

    @app.exception_handler(DecaiError)
    async def refuse(request: Request, error: DecaiError) -> Response:
        log.warning("%s: %s", _caller(request).name, error)
        return _refused(error.code)

    for status in (404, 405):
        app.add_exception_handler(status, lambda *_: _refused("not_there"))
    return app


def _add_founding(app: FastAPI, desk: Desk, limits: Limits) -> None:
    """The verbs of whoever is invited."""

    @app.put("/v1/founding/answer")
    async def answer(request: Request) -> Response:
        data = await _body(request, limits.body)
        await run_in_threadpool(desk.take, _caller(request), data)
        return Response(status_code=204)

    @app.get("/v1/founding/admission")
    async def admission(request: Request) -> Response:
        data = await run_in_threadpool(desk.admission, _caller(request))
        return _refused("not_there") if data is None else Response(data, media_type="application/json")


def _add_keys(app: FastAPI, desk: Desk, limits: Limits) -> None:
    """The verbs of a company that changes its keys."""

    @app.put("/v1/keys/request")
    async def ask(request: Request) -> Response:
        _company(request, desk)
        data = await _body(request, limits.body)
        await run_in_threadpool(desk.take_keys, _caller(request), data)
        return Response(status_code=204)

    @app.get("/v1/keys/package")
    async def package(request: Request) -> Response:
        _company(request, desk)
        data = await run_in_threadpool(desk.package, _caller(request))
        return _refused("not_there") if data is None else Response(data, media_type="application/json")

    @app.put("/v1/keys/revocation")
    async def revocation(request: Request) -> Response:
        _company(request, desk)
        data = await _body(request, limits.body)
        await run_in_threadpool(desk.take_revocation, _caller(request), data)
        return Response(status_code=204)


def _caller(request: Request) -> Caller:
    caller: Caller = request.scope[CALLER]
    return caller


def _company(request: Request, desk: Desk | None) -> str:
    """The company that calls; :class:`LinkError` for whoever shows an invitation only, or a certificate that was taken back."""
    caller = _caller(request)
    if caller.invitation:
        raise LinkError("not_admitted", "an invitation is no certificate of a company")
    if desk:
        desk.check(caller)
    return caller.name


async def _body(request: Request, seconds: float, largest: int = LARGEST) -> bytes:
    """All of a request's body, cut off where it is too long or takes too long; a half one is none."""
    if int(request.headers.get("content-length", 0)) > largest:
        raise LinkError("too_large", f"a message of more than {largest:,} bytes")
    data = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                data += part
                if len(data) > largest:
                    raise LinkError("too_large", f"a message of more than {largest:,} bytes")
    except TimeoutError:
        raise LinkError("too_slow", f"a message that took more than {seconds:g} seconds") from None
    except ClientDisconnect:
        raise LinkError("too_slow", "a message that ended in its midst") from None
    return bytes(data)


def _refused(code: str) -> Response:
    """A code and no text: what is wrong is the sender's matter, and it has the message."""
    return JSONResponse({"code": code}, STATUS.get(code, 500 if code in OURS else 422))


def _file(data: bytes, request: Request, kind: str) -> Response:
    """The file, or from where the reader says that it has the rest; nothing where it has all of it."""
    tag = f'"{digest_bytes(data)}"'
    headers: dict[str, Any] = {"etag": tag, "accept-ranges": "bytes", "content-type": kind}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or request.headers.get("if-range", tag) != tag:
        return _streamed(data, 200, headers)
    first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
    if first > last:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{len(data)}"})
    return _streamed(data[first : last + 1], 206, headers | {"content-range": f"bytes {first}-{last}/{len(data)}"})


def _streamed(data: bytes, status: int, headers: dict[str, str]) -> Response:
    """In pieces, so that a reader that does not read holds up nothing but itself."""
    return StreamingResponse(_pieces(data), status, headers | {"content-length": str(len(data))})


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
