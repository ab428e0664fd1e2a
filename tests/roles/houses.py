"""An Airflow with logins of several participants, served by a process of its own, and what its administrator put into it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from decai_forecast.network import Network
from decai_forecast.orchestration.environment import Stack, stack_environment
from decai_forecast.orchestration.roles.sync import passwords_of
from decai_forecast.orchestration.stack import free_port

SERVED = Path(__file__).with_name("served_airflow.py")
WITHIN = 300.0  # seconds until it answers, on a busy machine
ROUND, WHEN = "2026-06-29", "2026-06-29T01:00:00Z"


class House:
    """``routes``: all that the application has; ``granted``: login -> kind -> ids of what Airflow's manager grants of it."""

    def __init__(
        self, url: str, routes: list[str], granted: dict[str, dict[str, list[Any]]], passwords: dict[str, str]
    ) -> None:
        self.url, self.routes, self.granted, self._passwords = url, routes, granted, passwords

    def password_of(self, name: str) -> str:
        return self._passwords[name]

    def login(self, name: str) -> httpx.Client:
        """As a browser does it: the form of Flask-AppBuilder, its session and Airflow's cookie."""
        client = httpx.Client(base_url=self.url, timeout=120.0)
        form = client.get("/auth/login/").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        data = {"username": name, "password": self._passwords[name], "csrf_token": token[1] if token else ""}
        assert client.post("/auth/login/", data=data).status_code == 302
        assert "_token" in client.cookies, "the login was refused"
        return client


@contextmanager
def served(network: Network) -> Iterator[House]:
    """The house of ``network``, with a login for each participant."""
    stack = Stack(network, free_port(18980), roles=True)
    environment = stack_environment(stack) | {"DECAI_SERVE_PAGES": "1"}
    _run(environment, "airflow", "db", "migrate")
    _run(environment, "decai_forecast", "roles", "sync", "--logins", str(stack.home / "passwords.json"))
    written, log = stack.home / "routes.json", (stack.home / "served.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, str(SERVED), str(stack.port), str(written)], env=environment, stdout=log, stderr=log
    )
    try:
        _wait(process, stack.url)
        passwords = passwords_of(stack.home / "passwords.json", dict.fromkeys(network.partners))
        facts = json.loads(written.read_text())
        yield House(stack.url, facts["routes"], facts["granted"], passwords)
    finally:
        process.kill()
        process.wait()


def _run(environment: dict[str, str], *module: str) -> None:
    done = subprocess.run([sys.executable, "-m", *module], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        assert process.poll() is None, "the application ended; see served.log"
        try:
            if httpx.get(f"{url}/api/v2/version").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError("it did not answer in time")


def filled(admin: httpx.Client, name: str, first_task: dict[str, str]) -> dict[str, list[str]]:
    """Things of the participant ``name``, as an administrator makes them; their ids by the name of a route's parameter.

    ``first_task``: kind of DAG -> the task whose values are kept.
    """
    secret, run = f"secret_of_{name}", f"run_of_{name}"
    for kind, task in first_task.items():
        dag = f"/api/v2/dags/{kind}_{name}"
        conf = {"round": ROUND} if kind != "what_if" else {"round": ROUND, "node": secret}
        _made(admin, "POST", f"{dag}/dagRuns", {"logical_date": WHEN, "dag_run_id": run, "conf": conf, "note": secret})
        values = {"key": f"key_of_{name}", "value": secret}
        _made(admin, "POST", f"{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries", values)
        _made(admin, "PUT", f"{dag}/dagRuns/{run}/taskInstances/{task}/state-store/key_of_{name}", {"value": secret})
    _made(admin, "POST", "/api/v2/variables", {"key": f"variable_of_{name}", "value": secret})
    _made(admin, "POST", "/api/v2/connections", {"connection_id": f"connection_of_{name}", "conn_type": "http", "host": secret})
    _made(admin, "POST", "/api/v2/pools", {"name": f"pool_of_{name}", "slots": 1, "description": secret})
    assets = admin.get("/api/v2/assets").json()["assets"]
    for asset in assets:
        event = {"asset_id": asset["id"], "partition_key": f"{name}|{ROUND}", "extra": {"partner": secret}}
        _made(admin, "POST", "/api/v2/assets/events", event)
        _made(admin, "PUT", f"/api/v2/assets/{asset['id']}/state-store/key_of_{name}", {"value": secret})
    token = admin.get(f"/api/v2/dags/deliver_{name}").json()["file_token"]
    return {
        "dag_id": [f"{kind}_{name}" for kind in first_task],
        "dag_run_id": [run], "run_id": [run], "task_id": list(first_task.values()), "group_id": list(first_task.values()),
        "xcom_key:path": [f"key_of_{name}"], "key:path": [f"key_of_{name}"], "variable_key:path": [f"variable_of_{name}"],
        "connection_id": [f"connection_of_{name}"], "pool_name:path": [f"pool_of_{name}"], "round_id": [ROUND],
        "asset_id": [str(asset["id"]) for asset in assets], "file_token": [token], "username": [name], "name": [
            f"participant {name}", "report.html", "demand"],
    }  # fmt: skip


def _made(admin: httpx.Client, method: str, path: str, body: Any) -> None:
    answer = admin.request(method, path, json=body)
    assert answer.status_code < 300, (method, path, answer.status_code, answer.text[:500])
