"""A participant's store with finished reports in its outbox, and real receivers, for the tests of sending."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import examples

from decai_forecast.delivery import Connection
from decai_forecast.delivery.errors import SourceRefused
from decai_forecast.identity import Identity
from decai_forecast.reports import build_report, manifest, render_html, stock_targets_csv
from decai_forecast.reports.send import outbox_key
from decai_forecast.reports.signature import sign
from decai_forecast.store import Store

ROUND = "2026-11-24"
KEY = Identity.from_bytes("alder_foods", bytes(range(32)))


@dataclass(frozen=True)
class Known:
    """Connections by name, as the environment or Airflow would hand them out."""

    connections: Mapping[str, Connection] = field(default_factory=dict)

    def get(self, name: str) -> Connection:
        if name not in self.connections:
            raise SourceRefused(f"connection {name!r} is not known")
        return self.connections[name]


def files_of(facts: Any = None) -> dict[str, bytes]:
    """The files of a report, signed."""
    report = build_report(facts or examples.facts())
    files = {
        "report.html": render_html(report).encode(),
        "report.json": json.dumps(report, sort_keys=True).encode(),
        "stock_targets.csv": stock_targets_csv(report).encode(),
    }
    written = json.dumps(manifest(files, report), sort_keys=True).encode()
    return files | {"manifest.json": written, "manifest.sig": sign(written, KEY)}


def with_report(store: Store, round_id: str = ROUND, facts: Any = None) -> Store:
    for name, data in files_of(facts).items():
        store.write_bytes(outbox_key(round_id, name), data)
    return store


@dataclass
class Receiver:
    """A real HTTP server: what it got, and what it answers next (204 once the list is empty)."""

    url: str
    got: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    found = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(found.answers.pop(0) if found.answers else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/reports"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()
