"""A real S3 server (moto) in a process of its own, and ones that are real but for one thing: ``python s3_server.py KIND``.

moto takes no lock between its check of If-None-Match and its put, so it is served here by one thread, one request after
the other, as S3 promises for one key.
It writes its port as the first line.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KINDS = ("keeps", "ignores", "conflicts", "terse", "offers_none")


@contextmanager
def s3_server(kind: str) -> Iterator[str]:
    """The address of a running server of this kind; ended afterwards."""
    with subprocess.Popen([sys.executable, __file__, kind], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def _error(status: str, code: str, start: Any) -> list[bytes]:
    start(status, [("Content-Type", "application/xml")])
    return [f"<Error><Code>{code}</Code><Message>so it is</Message></Error>".encode()]


def _read(environ: dict[str, Any]) -> None:
    """A client that still sends hears no answer."""
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))


def _but(kind: str, real: Any) -> Any:
    """The server with one thing changed about its conditional puts."""
    seen: set[str] = set()

    def app(environ: dict[str, Any], start: Any) -> Any:
        if "HTTP_IF_NONE_MATCH" not in environ or kind == "keeps":
            return real(environ, start)
        if kind == "offers_none":
            _read(environ)
            return _error("501 Not Implemented", "NotImplemented", start)
        if kind == "conflicts" and environ["PATH_INFO"] not in seen:  # the first put of a key meets another one under way
            seen.add(environ["PATH_INFO"])
            _read(environ)
            return _error("409 Conflict", "ConditionalRequestConflict", start)
        if kind == "ignores":
            del environ["HTTP_IF_NONE_MATCH"]
        if kind == "terse":
            return _without_condition(real, environ, start)
        return real(environ, start)

    return app


def _without_condition(real: Any, environ: dict[str, Any], start: Any) -> Any:
    """As some clones answer: 412 without the element that names the condition."""
    answered: list[Any] = []
    body = list(real(environ, lambda *status: answered.append(status)))
    if answered[0][0].startswith("412"):
        return _error("412 Precondition Failed", "PreconditionFailed", start)
    start(*answered[0])
    return body


def main(kind: str) -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    real = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, _but(kind, real), threaded=False)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
