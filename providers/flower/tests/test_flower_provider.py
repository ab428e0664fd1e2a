"""The provider by itself: what Airflow reads of it, its messages, and what answers wrongly."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distributions
from importlib.resources import files
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from airflow_flower import get_provider_info
from airflow_flower.control import Control, FlowerError, FlowerUnreachable, HttpTransport, Run, RunState
from airflow_flower.hook import FlowerHook
from airflow_flower.messages import MESSAGES, put_config, read_config
from airflow_flower.operator import FlowerRunOperator
from airflow_flower.trigger import FlowerRunTrigger

FOLDER = Path(__file__).parents[1]


def test_it_is_what_airflow_expects_of_a_provider() -> None:
    """By Airflow's own schema; everything that it names is there."""
    info = get_provider_info()
    jsonschema.validate(info, json.loads((files("airflow") / "provider_info.schema.json").read_text()))
    modules = [name for kind in ("operators", "hooks", "triggers") for one in info[kind] for name in one["python-modules"]]
    for name in [*modules, *info["extra-links"], *(one["hook-class-name"] for one in info["connection-types"])]:
        resolve_name(name)


def test_it_is_installable_alone(tmp_path: Path) -> None:
    """Without Flower among what it needs; Airflow finds it by its entry point, and its file is in the package."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    source = tmp_path / "flower"
    subprocess.run(["cp", "-r", str(FOLDER), str(source)], check=True)  # building leaves files beside the source
    subprocess.run([*command, "--target", str(tmp_path / "site"), str(source)], check=True)
    (found,) = distributions(name="airflow-provider-flower", path=[str(tmp_path / "site")])
    (point,) = found.entry_points.select(group="apache_airflow_provider")
    assert (point.name, point.value) == ("provider_info", "airflow_flower:get_provider_info")
    assert (tmp_path / "site" / "airflow_flower" / "provider.yaml").exists()
    assert found.version == get_provider_info()["versions"][0]
    assert not [line for line in found.requires or [] if line.startswith("flwr")]


def test_its_messages_are_flowers() -> None:
    """Both ways: Flower reads what is sent, and what Flower sends is read."""
    from flwr.common.serde import user_config_from_proto, user_config_to_proto
    from flwr.proto.control_pb2 import ListRunsResponse, StartRunRequest
    from flwr.proto.run_pb2 import Run as FlowerRun
    from flwr.proto.run_pb2 import RunStatus

    config = {"text": "ü", "whole": -3, "large": 2**62, "part": 0.5, "is": True, "empty": "", "zero": 0, "no": False}
    request = MESSAGES["StartRunRequest"](federation="f")
    request.fab.content = b"app"
    put_config(request.override_config, config)
    read = StartRunRequest.FromString(request.SerializeToString())
    assert (read.fab.content, read.federation, dict(user_config_from_proto(read.override_config))) == (b"app", "f", config)
    status = RunStatus(status="finished", sub_status="stopped", details="by hand")
    run = FlowerRun(run_id=2**63 + 1, override_config=user_config_to_proto(config), status=status)
    sent = ListRunsResponse(run_dict={run.run_id: run}).SerializeToString()
    assert Control(SimpleNamespace(call=lambda *_: sent)).runs() == [Run(2**63 + 1, RunState.STOPPED, "by hand", config)]
    assert list(read_config(MESSAGES["StartRunRequest"]().override_config)) == []


def test_a_setting_that_no_app_can_have_is_named() -> None:
    wrong: Any = {"rounds": [1]}
    with pytest.raises(TypeError, match="run_config: 'rounds' is a list; expected text, a number or a truth value"):
        put_config(MESSAGES["StartRunRequest"]().override_config, wrong)


@pytest.fixture
def server() -> Iterator[tuple[HttpTransport, dict[str, Any]]]:
    """A server that answers what a test says, where a SuperLink should be."""
    answer: dict[str, Any] = {"status": 200, "type": "application/protobuf", "body": b""}

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answer["status"])
            self.send_header("Content-Type", answer["type"])
            self.end_headers()
            self.wfile.write(answer["body"])

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Answering) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield HttpTransport(f"http://127.0.0.1:{made.server_port}"), answer
        made.shutdown()


@pytest.mark.parametrize(
    ("status", "kind", "body", "error", "text"),
    [
        (503, "text/html", b"", FlowerUnreachable, "did not answer: HTTP 503"),
        (403, "application/json", b'{"detail": "no"}', FlowerError, 'refused ListRuns: HTTP 403 {"detail": "no"}'),
        (200, "text/html", b"<html>", FlowerError, "refused ListRuns: HTTP 200 <html>"),
        (200, "application/protobuf", b"\xff\xff", FlowerError, "is no SuperLink: its answer cannot be read"),
    ],
)
def test_what_is_no_answer(
    server: tuple[HttpTransport, dict[str, Any]], status: int, kind: str, body: bytes, error: type[FlowerError], text: str
) -> None:
    """What may pass is told from what does not."""
    transport, answer = server
    answer.update(status=status, type=kind, body=body)
    with pytest.raises(FlowerError) as caught:
        Control(transport).runs()
    assert type(caught.value) is error
    assert text in str(caught.value)


def test_a_superlink_that_takes_no_run(server: tuple[HttpTransport, dict[str, Any]]) -> None:
    """It answers with an empty message."""
    with pytest.raises(FlowerError, match="took no run; its log says why"):
        Control(server[0]).start(b"app", {})


def test_a_transport_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TESTED", '{"conn_type": "flower", "extra": {"transport": "rest"}}')
    with pytest.raises(FlowerError, match="connection 'tested': transport is 'rest'; expected 'http' or 'grpc'"):
        FlowerHook("tested").get_conn()


def test_a_trigger_says_what_another_triggerer_goes_on_with() -> None:
    """All that it was made with."""
    path, state = FlowerRunTrigger("c", str(2**63), 1.0, 2.0).serialize()
    again = resolve_name(path)(**json.loads(json.dumps(state)))
    assert (again.flower_conn_id, again.run_id, again.poll_seconds, again.patience_seconds) == ("c", str(2**63), 1.0, 2.0)


def test_an_operator_is_known_by_its_link() -> None:
    operator = FlowerRunOperator(task_id="t", fab="app.fab")
    assert [link.name for link in operator.operator_extra_links] == ["Flower run"]
    assert operator.deferrable
