"""Real SuperLinks on this host: the one that is installed beside Airflow (gRPC), and a newer one elsewhere (HTTP)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from airflow_flower.control import Control, FlowerUnreachable, GrpcTransport, HttpTransport, Transport

NEWER = "FLOWER_HTTP_SUPERLINK"  # the `flower-superlink` of Flower 1.37 or newer; `make test-long` installs one
BESIDE = Path(sys.prefix) / "superlink-http" / "bin" / "flower-superlink"
QUIET = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1", "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1"}
APP = """[project]
name = "tested"
version = "1.0.0"
description = "An app of the tests"
license = "Apache-2.0"
dependencies = []
[tool.flwr.app]
publisher = "tests"
[tool.flwr.app.components]
serverapp = "tested:server"
clientapp = "tested:client"
[tool.flwr.app.config]
task = ""
ending = "completed"
"""
CODE = b"""import time
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
client, server = ClientApp(), ServerApp()

@server.main()
def main(grid, context):
    if context.run_config["ending"] == "failed":
        raise ValueError("as asked")
    time.sleep(600 if context.run_config["ending"] == "never" else 0)
"""


def fab() -> bytes:
    """The app, as `flwr build` writes it: it completes, fails or goes on, by its setting ``ending``."""
    from flwr.cli.build import build_fab_from_files

    return bytes(build_fab_from_files({"pyproject.toml": APP.encode(), "tested.py": CODE})[0])


def free_ports(count: int) -> list[int]:
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(server.getsockname()[1]) for server in servers]
    for server in servers:
        server.close()
    return ports


@contextmanager
def superlink(kind: str, folder: Path) -> Iterator[tuple[Transport, int]]:
    """A SuperLink that runs apps itself, without TLS, and the port of its Control interface."""
    ports = free_ports(3)
    if kind == "grpc":
        named = ("--control-api-address", "--fleet-api-address", "--serverappio-api-address")
        where = [part for name, port in zip(named, ports, strict=True) for part in (name, f"127.0.0.1:{port}")]
        program, transport = (
            str(Path(sys.executable).with_name("flower-superlink")),
            GrpcTransport(f"127.0.0.1:{ports[0]}", insecure=True),
        )
    else:
        where = ["--host", "127.0.0.1", "--port", str(ports[0])]
        program, transport = newer(), HttpTransport(f"http://127.0.0.1:{ports[0]}")
    environment = (
        os.environ | QUIET | {"FLWR_HOME": str(folder / "flwr"), "PATH": f"{Path(program).parent}:{os.environ['PATH']}"}
    )
    environment.pop("PYTHONPATH", None)
    with (folder / "superlink.log").open("ab") as log:
        process = subprocess.Popen(
            [program, "--insecure", *where, "--isolation", "subprocess"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until_up(Control(transport), process)
        yield transport, ports[0]
    finally:
        os.killpg(process.pid, 15)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def newer() -> str:
    """The newer SuperLink's program; without one the test skips, in CI it fails."""
    program = os.environ.get(NEWER) or str(BESIDE)
    if shutil.which(program):
        return program
    if os.environ.get("CI"):
        pytest.fail(f"{program} is not there")
    pytest.skip(f"no newer SuperLink: `make test-long` installs one, {NEWER} names another")


def wait_until_up(control: Control, process: subprocess.Popen[bytes], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            control.runs()
            return
        except FlowerUnreachable:
            assert process.poll() is None, "the SuperLink ended"
            assert time.monotonic() < end, "the SuperLink does not answer"
            time.sleep(0.5)
