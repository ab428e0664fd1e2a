"""A small client of Airflow's REST API v2: what starting a round and watching it needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import httpx

from decai_forecast.errors import DecaiError

__all__ = ["ApiError", "Client"]

PATIENCE = 90.0  # seconds during which 5xx answers and time-outs are retried: a busy machine, not an error
PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


class ApiError(DecaiError):
    """Airflow refused a request, or did not answer in time."""

    code = "airflow"


class Client:
    """Talks to one Airflow; ``alive`` is called before every request and raises if the stack has died."""

    def __init__(self, url: str, user: str, password: str, *, alive: Callable[[], None] = lambda: None) -> None:
        self.url, self._user, self._password, self._alive = url, user, password, alive
        self._http = httpx.Client(base_url=url, timeout=30.0)
        self._token = ""

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """One request; retries while the server is busy, :class:`ApiError` with its message when it refuses."""
        end = time.monotonic() + PATIENCE
        while True:
            self._alive()
            try:
                answer = self._http.request(method, path, json=body, params=params, headers=self._headers())
                said, busy = answer.text[:300], answer.status_code >= 500 or answer.status_code == 401
            except httpx.TransportError as error:
                said, busy = type(error).__name__, True
            if not busy:
                return self._checked(answer)
            self._token = ""
            if time.monotonic() > end:
                raise ApiError(f"{method} {path}: {said}")
            time.sleep(1.0)

    def _headers(self) -> dict[str, str]:
        if not self._token:
            answer = self._http.post("/auth/token", json={"username": self._user, "password": self._password})
            self._token = answer.json().get("access_token", "") if answer.status_code < 300 else ""
        return {"Authorization": f"Bearer {self._token}"}

    @staticmethod
    def _checked(answer: httpx.Response) -> Any:
        if answer.status_code >= 400:
            raise ApiError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def wait_healthy(self, seconds: float) -> None:
        """Returns when all four parts say they are healthy."""
        end, health = time.monotonic() + seconds, {}
        while time.monotonic() < end:
            self._alive()
            try:
                health = self._http.get("/api/v2/monitor/health").json()
            except (httpx.TransportError, ValueError):
                health = {}
            if all((health.get(part) or {}).get("status") == "healthy" for part in PARTS):
                return
            time.sleep(0.5)
        said = ", ".join(f"{part}: {(health.get(part) or {}).get('status', 'no answer')}" for part in PARTS)
        raise ApiError(f"Airflow was not healthy within {seconds:.0f} s ({said})")

    def check_health(self) -> None:
        """Raises if the scheduler is not healthy: without one, runs stay "running" for ever."""
        health = self.call("GET", "/api/v2/monitor/health")
        if health["scheduler"]["status"] != "healthy":
            raise ApiError("Airflow's scheduler is not healthy; see stack.log in the network's airflow folder")

    def wait_dags(self, names: list[str], seconds: float) -> None:
        """Returns when all DAGs are parsed; otherwise says what Airflow could not import."""
        end = time.monotonic() + seconds
        while missing := set(names) - self.dags():
            if time.monotonic() > end:
                errors = self.call("GET", "/api/v2/importErrors")["import_errors"]
                said = "; ".join(f"{e['filename']}: {e['stack_trace'].strip().splitlines()[-1]}" for e in errors)
                raise ApiError(f"Airflow did not find {', '.join(sorted(missing))} ({said or 'no import errors'})")
            time.sleep(1.0)

    def dags(self) -> set[str]:
        return {dag["dag_id"] for dag in self.call("GET", "/api/v2/dags", limit=1000)["dags"]}

    def trigger(self, dag: str, **conf: str) -> str:
        """Starts a run; returns its id."""
        answer = self.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})
        return cast("str", answer["dag_run_id"])

    def runs(self, dag: str = "~", **params: Any) -> list[dict[str, Any]]:
        """Runs, newest first; ``~`` for all DAGs."""
        answer = self.call("GET", f"/api/v2/dags/{dag}/dagRuns", limit=100, order_by="-run_after", **params)
        return cast("list[dict[str, Any]]", answer["dag_runs"])

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        answer = self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances", limit=100)
        return cast("list[dict[str, Any]]", answer["task_instances"])

    def log(self, dag: str, run: str, task: str, attempt: int = 1) -> str:
        """The lines of one task attempt."""
        path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}"
        content = self.call("GET", path, full_content="true")["content"]
        return "\n".join(str(line.get("event", line)) if isinstance(line, dict) else str(line) for line in content)
