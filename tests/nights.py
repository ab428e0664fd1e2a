"""Small networks on invented orders, run in this process: fixtures that all rooms share, so that the night is made once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from support import NIGHT, copy_of, quiet

from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.one_machine.introduce import introduce
from decai_forecast.one_machine.run import run_round


@pytest.fixture(scope="session")
def founded(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Five companies, quorum three, nothing run yet."""
    network = replace(
        from_table(tmp_path_factory.mktemp("founded") / "home", orders_file, name="five"), quorum=3, strategy="bagging"
    )
    network.save()
    introduce(network)
    return network


@pytest.fixture(scope="session")
def finished(founded: Network, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """The same network after one whole round; read it, do not change it."""
    network = copy_of(founded, tmp_path_factory.mktemp("finished"))
    run_round(network, NIGHT, quiet)
    return network


@pytest.fixture
def network(founded: Network, tmp_path: Path) -> Network:
    """A fresh copy of the founded network, to break."""
    return copy_of(founded, tmp_path)


@pytest.fixture
def after(finished: Network, tmp_path: Path) -> Network:
    """A copy of the network after its round, to go on with."""
    return copy_of(finished, tmp_path)


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a real receiver, and what it got."""
    got: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", got
    server.shutdown()
    server.server_close()
