"""Metrics of a round arrive at a collector of OpenTelemetry, as Airflow sends its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from parties import ROUND, Parties

from decai_forecast.link import SharedRound, SharedStatus

ROUND_OF = """
import sys
from contextlib import suppress
from pathlib import Path
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)  # as Airflow does before it runs a task
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.errors import FederationError
from decai_forecast.network import Network
from decai_forecast.orchestration import metrics
from decai_forecast.orchestration.arrivals import Arrival, Look
coordinator = coordinator_context(Network.load(Path(sys.argv[1])))
metrics.measure_round(coordinator, sys.argv[2])
metrics.measure_training(coordinator, coordinator.link.shared(sys.argv[2]))
with suppress(FederationError), metrics.counted(coordinator):
    raise FederationError("of /a/path")
metrics.count_look(Look((Arrival("a|r", "r", "a", {}),), "it does not answer"))
from opentelemetry import metrics as telemetry
telemetry.get_meter_provider().force_flush()
"""


class Collector(BaseHTTPRequestHandler):
    """Keeps what is sent to it."""

    received: list[bytes]

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Says nothing."""


@pytest.fixture
def collector() -> Iterator[HTTPServer]:
    Collector.received = []
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def measured() -> dict[str, tuple[float, dict[str, str]]]:
    """Name -> value and tags, of ours."""
    found = {}
    for data in Collector.received:
        request = ExportMetricsServiceRequest.FromString(data)
        for metric in (one for got in request.resource_metrics for scope in got.scope_metrics for one in scope.metrics):
            for point in [*metric.gauge.data_points, *metric.sum.data_points]:
                tags = {one.key: one.value.string_value for one in point.attributes}
                found[metric.name] = (point.as_double or float(point.as_int), tags)
    return {name: value for name, value in found.items() if "decai" in name}


def test_a_round_is_measured(collector: HTTPServer, tmp_path: Path) -> None:
    """Who is there, how the training went, what waits on the link; of a fault its code and no text."""
    parties = Parties(tmp_path, quorum=3)
    parties.network.save()
    parties.submit("abc")
    shared = SharedRound(ROUND.id, ROUND.as_of, SharedStatus.TRAINED, tuple("abcd"), 3, tuple("abc"))
    parties.coordinator.link.publish_shared(replace(shared, strategy="exact", seconds=12.5))
    environment = {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    }
    command = [sys.executable, "-c", ROUND_OF, str(tmp_path), ROUND.id]
    subprocess.run(command, env=os.environ | environment, check=True, timeout=120)
    network, training = {"network": "n"}, {"network": "n", "strategy": "exact"}
    assert measured() == {
        "airflow.decai.round.ready": (3.0, network),
        "airflow.decai.round.silent": (1.0, network),
        "airflow.decai.training.seconds": (12.5, training),
        "airflow.decai.training.members": (3.0, training),
        "airflow.decai.training.dropped": (0.0, training),
        "airflow.decai.training.failed": (1.0, {"network": "n", "code": "federation"}),
        "airflow.decai.link.waiting": (1.0, {}),
        "airflow.decai.link.trouble": (1.0, {}),
    }
