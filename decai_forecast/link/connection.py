"""A connection of the link's server: whose it is, and how long it may take.

uvicorn verifies a client's certificate and tells nobody whose it was. :class:`CompanyConnection` lays the caller into the
ASGI scope, where no request can put anything; a header could be written by whoever sends it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from decai_forecast.link.tls import Caller, caller_of

__all__ = ["CALLER", "LONGEST_HEADER", "USUAL", "CompanyConnection", "Limits", "connection_with"]

CALLER = "decai.caller"  # in the scope: whose the verified certificate is

LONGEST_HEADER = 16_384  # bytes of all of a request's headers; those of a company's client have some hundred
LINGER = 1.0  # seconds for an answer to arrive after which the connection ends


@dataclass(frozen=True)
class Limits:
    """``header``, ``body`` and ``request``: seconds until a request's header, its body, its whole answer must be over;
    ``connections``: at a time, of all companies and of one."""

    header: float = 10.0
    body: float = 20.0
    request: float = 300.0
    connections: int = 256
    of_one: int = 8


USUAL = Limits()


class CompanyConnection(H11Protocol):
    """HTTP/1.1 with the caller in the scope."""

    limits: ClassVar[Limits] = USUAL
    caller: Caller | None = None
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self.caller = caller_of(tls.getpeercert() if tls else None)
        if not self.caller or self._connections_of_it() > self.limits.of_one:
            transport.abort()
            return
        self.app = _OfCompany(self.app, self)
        self.abort_after(self.limits.header)

    def connection_lost(self, exc: Exception | None) -> None:
        self.stay()
        super().connection_lost(exc)

    def abort_after(self, seconds: float) -> None:
        """Ends the connection unless something happens before, such as the next request's header."""
        self.stay()
        self._patience = self.loop.call_later(seconds, self.transport.abort)

    def stay(self) -> None:
        """Something has happened."""
        if self._patience:
            self._patience.cancel()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.more_body:  # the rest is not read; a closing TLS connection would read on
            self.flow.pause_reading()

    def answered(self) -> None:
        """After an answer comes the next request or the end."""
        ends = self.transport.is_closing() or self.cycle.more_body
        self.abort_after(LINGER if ends else self.limits.header)

    def _connections_of_it(self) -> int:
        """Of one name, with whatever certificate."""
        callers = [one.caller for one in self.connections if isinstance(one, CompanyConnection) and one.caller]
        return sum(self.caller is not None and one.name == self.caller.name for one in callers)


class _OfCompany:
    """The application, as one connection calls it."""

    def __init__(self, app: ASGI3Application, connection: CompanyConnection) -> None:
        self._app, self._connection = app, connection

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        named: Any = {**scope, CALLER: self._connection.caller}
        self._connection.stay()
        try:
            async with asyncio.timeout(self._connection.limits.request):
                if sum(len(name) + len(value) for name, value in named["headers"]) > LONGEST_HEADER:
                    await _too_long(send)
                else:
                    await self._app(named, receive, send)
        except TimeoutError:
            self._connection.transport.abort()
        finally:
            self._connection.answered()


async def _too_long(send: ASGISendCallable) -> None:
    """h11 has a limit of its own, which holds for a header that comes in pieces only."""
    await send({"type": "http.response.start", "status": 431, "headers": [(b"connection", b"close")], "trailers": False})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def connection_with(limits: Limits) -> type[CompanyConnection]:
    """The class for uvicorn, which makes its connections itself."""
    return type("LimitedConnection", (CompanyConnection,), {"limits": limits})
