"""A witness over HTTP (C2SP tlog-witness v1.0.0), for logs that come to it.

::

    POST /add-checkpoint               old size, proof, checkpoint; 200 with the cosignature, else 400, 403, 404, 409, 422
    GET  /<SHA-256 of origin>/checkpoint   the newest checkpoint that it cosigned
"""

from __future__ import annotations

from http import HTTPStatus

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from decai_forecast.ledger.witness import LARGEST_REQUEST, Refusal, Witness, origin_hash
from decai_forecast.ledger.witness import Request as Asked

__all__ = ["witness_application", "witness_server"]

SIZE_TYPE = "text/x.tlog.size"


def witness_server(witness: Witness, host: str, port: int) -> uvicorn.Server:
    """Serves when it is run."""
    config = uvicorn.Config(
        witness_application(witness), host=host, port=port, ws="none", lifespan="off", proxy_headers=False,
        server_header=False, access_log=False, log_config=None,
    )  # fmt: skip
    return uvicorn.Server(config)


def witness_application(witness: Witness) -> FastAPI:
    """The two verbs."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    origins = {origin_hash(origin): origin for origin in witness.logs}

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        data = await _body(request)
        try:
            line = await run_in_threadpool(lambda: witness.add_checkpoint(Asked.parse(data)))
        except Refusal as refusal:
            return _refused(refusal)
        return PlainTextResponse(str(line))

    @app.get("/{log}/checkpoint")
    async def checkpoint(log: str) -> Response:
        note = await run_in_threadpool(witness.latest, origins[log]) if log in origins else None
        if note is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return PlainTextResponse(note.to_bytes())

    return app


async def _body(request: Request) -> bytes:
    """At most a byte more than a request may have: that is no request any more."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST_REQUEST:
            break
    return bytes(data[: LARGEST_REQUEST + 1])


def _refused(refusal: Refusal) -> Response:
    kind = SIZE_TYPE if refusal.status is HTTPStatus.CONFLICT else "text/plain; charset=utf-8"
    return Response(refusal.body, status_code=refusal.status, media_type=kind)
