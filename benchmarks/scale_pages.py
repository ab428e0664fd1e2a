"""A case: Airflow's pages and calls with the DAGs of COMPANIES companies, asked of a real api-server.

Usage: scale_pages.py COMPANIES. Of each address the fastest of several answers, in seconds of the clock, and the CPU of the
api-server for one answer.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
from harness import cpu_seconds, said
from scale_night import table

from decai_forecast.founding import from_table
from decai_forecast.orchestration.environment import Stack, stack_environment
from decai_forecast.orchestration.stack import free_port

TIMES = 5  # answers of each address
WITHIN = 300.0  # seconds until the api-server answers
ADDRESSES = {
    "list of DAGs, first page": "/ui/dags?limit=50&dag_runs_limit=14",
    "list of DAGs, all": "/ui/dags?limit=100&dag_runs_limit=14",
    "DAGs of the API": "/api/v2/dags?limit=100",
    "home page": "/ui/dashboard/dag_stats",
    "Resilience": "/decai/rounds",
}


def airflow(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "airflow", *arguments], env=environment, capture_output=True, check=True)


def cpu_of(server: psutil.Process) -> float:
    """User and system seconds of a process and its children so far."""
    times = [one.cpu_times() for one in (server, *server.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def logged_in(stack: Stack) -> httpx.Client:
    """A client with the administrator's token, once the server answers."""
    client, end = httpx.Client(base_url=stack.url, timeout=60.0), time.monotonic() + WITHIN
    while True:
        try:
            answer = client.post("/auth/token", json={"username": stack.user, "password": stack.password})
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            return client
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def measured(client: httpx.Client, server: psutil.Process, address: str) -> dict[str, Any]:
    seconds, before, size = [], cpu_of(server), 0
    for _ in range(TIMES):
        began = time.monotonic()
        answer = client.get(address)
        seconds.append(time.monotonic() - began)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[:200])
        size = len(answer.content)
    return {"seconds": min(seconds), "cpu": (cpu_of(server) - before) / TIMES, "bytes": size}


def main(companies: int) -> None:
    with TemporaryDirectory(prefix="decai-bench-") as folder:
        path, _, _ = table(Path(folder), companies, 0.05)
        network = from_table(Path(folder) / "home", path, name="iowa")
        stack = Stack(network, free_port(19280))
        environment = stack_environment(stack)
        airflow(environment, "db", "migrate")
        airflow(environment, "dags", "reserialize")
        line = [sys.executable, "-m", "airflow", "api-server", "--port", str(stack.port), "--host", "127.0.0.1"]
        server = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            client, process = logged_in(stack), psutil.Process(server.pid)
            pages = {name: measured(client, process, address) for name, address in ADDRESSES.items()}
            dags = client.get("/api/v2/dags?limit=1").json()["total_entries"]
        finally:
            server.terminate()
            server.wait(60)
    said(cpu=cpu_seconds(), dags=dags, pages=pages)


if __name__ == "__main__":
    main(int(sys.argv[1]))
