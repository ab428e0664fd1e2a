"""A real run of a task sends its statements to a receiver of OpenLineage events, as a facet with a schema of its own.

The provider is installed beside the environment (``.venv/lineage``, ``make test-long``), as the extra ``lineage`` would: a
stack without it is the usual one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema
import pytest
from support import ROOT

from decai_forecast.founding import from_table
from decai_forecast.identity import Keyring
from decai_forecast.ledger.formats.merkle import leaf_hash
from decai_forecast.ledger.notebook import Notebook, entries_of_round
from decai_forecast.ledger.statements import Disclosed
from decai_forecast.network import Network
from decai_forecast.orchestration import lineage, log_context
from decai_forecast.orchestration.environment import Stack, stack_environment
from decai_forecast.round import Round
from decai_forecast.store import Store

ROUND, PARTNER = "2026-06-29", "shop_1"
PACKAGES = Path(os.environ.get("DECAI_LINEAGE", ROOT / ".venv/lineage"))
SCHEMA = json.loads(Path(lineage.__file__).with_name("statements_facet.v1.json").read_text(encoding="utf-8"))


@pytest.fixture
def network(orders_file: Path, tmp_path: Path) -> Network:
    """With one statement of a company."""
    network = from_table(tmp_path / "home", orders_file, name="five")
    store = Store(network.address(PARTNER), PARTNER)
    notebook = Notebook(store, Keyring(store).identity(), network.name, ROUND)
    notebook.state(Disclosed, (notebook.hide("disclosure", [1]),))
    return network


@pytest.fixture
def received() -> Iterator[tuple[str, list[Any]]]:
    """Address of a receiver, and the events that it got."""
    events = list[Any]()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", events
    server.shutdown()
    server.server_close()


def airflow(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "airflow", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_a_run_of_a_task_carries_its_statements(network: Network, received: tuple[str, list[Any]]) -> None:
    """The facet names the entry of the log by its leaf hash; no source code is sent."""
    if not (PACKAGES / "openlineage").is_dir():
        missing = f"{PACKAGES}: Airflow's OpenLineage provider is not installed; `make test-long` does it"
        # whoever has not installed it may go on; CI installs it, and there its absence is a fault
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    address, events = received
    transport = json.dumps({"type": "http", "url": address})
    environment = stack_environment(Stack(network, 18_099, exported={"AIRFLOW__OPENLINEAGE__TRANSPORT": transport}))
    environment["PYTHONPATH"] = os.pathsep.join([str(PACKAGES), str(ROOT)])
    airflow(environment, "db", "migrate")
    airflow(environment, "tasks", "test", f"deliver_{PARTNER}", "pull", ROUND, "--task-params", json.dumps({"round": ROUND}))
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    facet = events[1]["run"]["facets"][lineage.FACET]
    jsonschema.validate(facet, SCHEMA)
    (entry,) = entries_of_round(Store(network.address(PARTNER), PARTNER), ROUND)
    assert (facet["round"], facet["participant"]) == (ROUND, PARTNER)
    assert [one["leafHash"] for one in facet["statements"]] == [leaf_hash(entry).hex()]
    assert events[1]["job"]["namespace"] == "five"
    assert "sourceCode" not in events[1]["job"]["facets"]


def test_a_task_about_nothing_has_no_facet(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one whose participant has stated nothing yet."""
    monkeypatch.setenv("DECAI_HOME", str(network.home))
    monkeypatch.setattr(log_context, "_abouts", [])
    assert lineage.statement_facets(None, None) == {}
    log_context.about(Round.of("2026-07-06"), PARTNER)
    assert lineage.statement_facets(None, None) == {}
    log_context.about(Round.of(ROUND), PARTNER)
    (stated,) = lineage._statements(ROUND, PARTNER)
    assert (stated["predicateType"], stated["subject"]) == ("urn:decai-forecast:ledger:disclosure:v1", "disclosure")
    assert SCHEMA["$id"] == lineage.SCHEMA
