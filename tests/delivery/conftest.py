"""A real HTTP server, a real PostgreSQL, and the 200 rows behind every kind of source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from deliveries import demand
from postgresql import postgresql_server
from servers import SOURCES, Behind, Handler, Portal, Scripted, ScriptHandler, postgresql, socrata, sqlite


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on this machine, for the duration of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def portal() -> Iterator[Portal]:
    found = Portal()
    with served(type("Handler", (Handler,), {"portal": found})) as found.url:
        yield found


@pytest.fixture
def script() -> Iterator[Callable[..., Scripted]]:
    """Starts a server for each function that says how it answers."""
    with ExitStack() as stack:

        def start(answer: Callable[[dict[str, str]], tuple[int, dict[str, str], bytes]]) -> Scripted:
            found = Scripted(answer)
            found.url = stack.enter_context(served(type("Handler", (ScriptHandler,), {"script": found})))
            return found

        yield start


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again without waiting."""
    monkeypatch.setattr("decai_forecast.delivery.sources.http._page.retry.wait", lambda state: 0.0)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Host and port of a PostgreSQL server of our own; skips where PostgreSQL is not installed."""
    with postgresql_server() as address:
        yield address


@pytest.fixture(params=SOURCES, ids=lambda make: make.__name__)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Behind:
    """Every kind of source, filled with the 200 rows."""
    found: Behind = request.param(tmp_path, request)
    found.fill(demand())
    return found


@pytest.fixture(params=[sqlite, postgresql, socrata], ids=lambda make: make.__name__)
def growing(request: pytest.FixtureRequest, tmp_path: Path) -> Behind:
    """The sources that are asked only for what is new; nothing in them yet."""
    found: Behind = request.param(tmp_path, request)
    return found.own(incremental={"watermark": "date"})
