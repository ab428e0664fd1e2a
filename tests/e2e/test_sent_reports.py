"""Reports sent by the tasks of a running Airflow, under its own connections: what fails is seen, and goes with the next run."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from support import quiet
from typer.testing import CliRunner

from decai_forecast.commands.report import report_app
from decai_forecast.network import Network
from decai_forecast.one_machine.run import run_round
from decai_forecast.orchestration.client import Client
from decai_forecast.orchestration.demo import _Watch
from decai_forecast.orchestration.environment import Stack
from decai_forecast.orchestration.stack import free_port
from decai_forecast.round import Round

pytestmark = pytest.mark.long
WHO, SECRET = "shop_1", "known to Airflow only"
FIRST, SECOND = Round.of("2026-06-22"), Round.of("2026-06-22.2")


@dataclass
class Erp:
    """A company's own web service; ``down``: it answers 503."""

    url: str = ""
    down: bool = True
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@dataclass
class Mailbox:
    port: int
    got: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.got.append(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def erp() -> Iterator[Erp]:
    found = Erp()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(503 if found.down else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/reports"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    found = Mailbox(free_port(18990))
    server = Controller(found, hostname="127.0.0.1", port=found.port)
    server.start()
    yield found
    server.stop()


@pytest.fixture
def nights(network: Network) -> Iterator[None]:
    """Two nights with reports, before their company says where it wants them."""
    for night in (FIRST, SECOND):
        assert run_round(network, night, quiet).status == "closed"
    yield
    (network.home / f"contracts/{WHO}/report.yaml").unlink(missing_ok=True)


def connect(client: Client, name: str, **parts: Any) -> None:
    client.call("POST", "/api/v2/connections", {"connection_id": name} | parts)


def report(client: Client, network: Network, night: Round) -> str:
    """The log of the task that sends, of one run of the company's DAG."""
    dag = f"report_{WHO}"
    run = client.trigger(dag, round=night.id)
    watch = _Watch(client, network, night, lambda *_: None)
    watch.follow([(dag, run)], "report")
    assert watch.over[dag, run] == "success"  # a report that did not arrive fails no night
    return client.log(dag, run, "report")


def told(network: Network, night: Round) -> tuple[int, dict[str, tuple[str, int, str]]]:
    """What `decai report sent` says: its exit code, and per target status, tries and code."""
    found = CliRunner().invoke(
        report_app, ["sent", "--partner", WHO, "--round", night.id, "--home", str(network.home), "--json"]
    )
    return found.exit_code, {e["target"]: (e["status"], e["attempts"], e["code"]) for e in json.loads(found.stdout)}


def page(stack: Stack, client: Client) -> str:
    """What the run's page in Airflow shows of the last run."""
    answer = httpx.get(f"{stack.url}/decai/run", params={"dag_id": f"report_{WHO}"}, headers=client._headers(), timeout=90)
    return answer.text


def test_airflows_connections_send_the_report(
    stack: Stack, client: Client, network: Network, nights: None, erp: Erp, mailbox: Mailbox
) -> None:
    """The company's service is down in the first night: task log, page and command say so, and the mail has gone all the same.
    In the second it gets both reports, the owed one first, each signed with the password that only Airflow knows."""
    client.wait_dags([f"report_{WHO}"], 120.0)
    connect(client, f"{WHO}_erp", conn_type="http", password=SECRET)
    connect(client, f"{WHO}_smtp", conn_type="smtp", host="127.0.0.1", port=mailbox.port, extra='{"sender": "r@shop.example"}')
    (network.home / f"contracts/{WHO}/report.yaml").write_text(
        f"version: 1\nsend:\n- {{name: erp, kind: webhook, url: '{erp.url}', connection: {WHO}_erp}}\n"
        f"- {{name: planners, kind: mail, to: [plan@shop.example], connection: {WHO}_smtp}}\n"
    )
    log = report(client, network, FIRST)
    assert "erp: 127.0.0.1 answers 503" in log
    assert SECRET not in log
    assert told(network, FIRST) == (1, {"erp": ("owed", 1, "send_unreachable"), "planners": ("sent", 1, "")})
    assert mailbox.got == [["plan@shop.example"]]
    assert "erp: owed" in (shown := page(stack, client))
    assert "send unreachable, 1 try" in shown

    erp.down = False
    erp.got.clear()
    report(client, network, SECOND)
    assert told(network, FIRST) == (0, {"erp": ("sent", 2, ""), "planners": ("sent", 1, "")})
    assert told(network, SECOND) == (0, {"erp": ("sent", 1, ""), "planners": ("sent", 1, "")})
    assert [json.loads(body)["round"] for _, body in erp.got] == [FIRST.id, SECOND.id]
    for headers, body in erp.got:
        seconds, mark = (part.partition("=")[2] for part in headers["X-Decai-Signature"].split(","))
        assert hmac.new(SECRET.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest() == mark
        assert headers["Idempotency-Key"] == hashlib.sha256(json.loads(body)["files"]["manifest.json"].encode()).hexdigest()
