"""Flower's Control interface as this provider uses it: start, look at and stop a run.

A SuperLink speaks protobuf over HTTP since Flower 1.37, and gRPC before; the messages are the same. Whoever reaches this
interface commands the SuperLink: it belongs on the loopback interface or behind a proxy that asks who calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from airflow_flower.messages import MESSAGES, Value, put_config, read_config

__all__ = ["Control", "FlowerError", "FlowerUnreachable", "GrpcTransport", "HttpTransport", "Run", "RunState", "Transport"]

PATIENCE = 30.0  # seconds for an answer
PROTOBUF = "application/protobuf"
PATHS = {"StartRun": "start-run", "ListRuns": "list-runs", "StopRun": "stop-run"}


class FlowerError(Exception):
    """The SuperLink refused what it was asked, or answered what is no answer."""


class FlowerUnreachable(FlowerError):
    """The SuperLink did not answer; another try may be worth while."""


class RunState(StrEnum):
    """How far a run is; the three last are its end."""

    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_over(self) -> bool:
        return self in (RunState.COMPLETED, RunState.FAILED, RunState.STOPPED)


@dataclass(frozen=True)
class Run:
    """A run of a Flower app. ``details``: what the SuperLink says of its end; ``config``: the settings it was started with."""

    run_id: int
    state: RunState
    details: str = ""
    config: Mapping[str, Value] = field(default_factory=dict)


class Transport(Protocol):
    """Carries one request to the SuperLink."""

    def call(self, method: str, request: bytes) -> bytes:
        """The answer's bytes; :class:`FlowerUnreachable` or :class:`FlowerError`."""


@dataclass(frozen=True)
class HttpTransport:
    """Protobuf over HTTP. ``authority``: a PEM file with the certificate that signed the SuperLink's; empty: the system's."""

    url: str
    authority: str = ""

    def call(self, method: str, request: bytes) -> bytes:
        import ssl

        import httpx

        verify = ssl.create_default_context(cafile=self.authority or None) if self.url.startswith("https:") else True
        headers = {"content-type": PROTOBUF, "accept": PROTOBUF}
        try:
            answer = httpx.post(
                f"{self.url}/v1/control/{PATHS[method]}", content=request, headers=headers, verify=verify, timeout=PATIENCE
            )
        except httpx.TransportError as error:
            raise FlowerUnreachable(f"the SuperLink at {self.url} did not answer: {error}") from None
        if answer.status_code in (502, 503, 504):
            raise FlowerUnreachable(f"the SuperLink at {self.url} did not answer: HTTP {answer.status_code}")
        if answer.is_error or answer.headers.get("content-type", "") != PROTOBUF:
            raise FlowerError(f"the SuperLink at {self.url} refused {method}: HTTP {answer.status_code} {answer.text[:300]}")
        return answer.content


@dataclass(frozen=True)
class GrpcTransport:
    """gRPC, for SuperLinks before Flower 1.37. ``authority``: a PEM file; ``insecure``: without TLS."""

    address: str
    authority: str = ""
    insecure: bool = False

    def call(self, method: str, request: bytes) -> bytes:
        import grpc

        passing = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
        with self._channel() as channel:
            try:
                answer: bytes = channel.unary_unary(f"/flwr.proto.Control/{method}")(request, timeout=PATIENCE)
            except grpc.RpcError as error:
                kind, text = (FlowerUnreachable, "did not answer") if error.code() in passing else (FlowerError, "refused it")
                raise kind(
                    f"the SuperLink at {self.address} {text} ({method}): {error.code().name} {error.details()}"
                ) from None
        return answer

    def _channel(self) -> Any:
        import grpc

        if self.insecure:
            return grpc.insecure_channel(self.address)
        pem = None
        if self.authority:
            with open(self.authority, "rb") as file:
                pem = file.read()
        return grpc.secure_channel(self.address, grpc.ssl_channel_credentials(pem))


@dataclass(frozen=True)
class Control:
    """A SuperLink, by what can be asked of it."""

    transport: Transport

    def start(self, fab: bytes, config: Mapping[str, Value], federation: str = "") -> int:
        """Starts a run of an app (the bytes that `flwr build` writes) and returns its id."""
        request = MESSAGES["StartRunRequest"](federation=federation)
        request.fab.content, request.fab.hash_str = fab, hashlib.sha256(fab).hexdigest()
        put_config(request.override_config, config)
        run_id = int(self._ask("StartRun", request).run_id)
        if not run_id:
            raise FlowerError("the SuperLink took no run; its log says why (is the app larger than 10 MB?)")
        return run_id

    def run(self, run_id: int) -> Run:
        """How a run stands; :class:`FlowerError` for one that the SuperLink does not know."""
        runs = {run.run_id: run for run in self._runs(MESSAGES["ListRunsRequest"](run_id=run_id))}
        if run_id not in runs:
            raise FlowerError(f"the SuperLink knows no run {run_id}; was its database lost?")
        return runs[run_id]

    def runs(self) -> list[Run]:
        """All runs that the SuperLink remembers."""
        return self._runs(MESSAGES["ListRunsRequest"]())

    def stop(self, run_id: int) -> bool:
        """Stops a run; whether it did (one that is over cannot be stopped)."""
        return bool(self._ask("StopRun", MESSAGES["StopRunRequest"](run_id=run_id)).success)

    def _runs(self, request: Any) -> list[Run]:
        return [_run(entry.value) for entry in self._ask("ListRuns", request).run_dict]

    def _ask(self, method: str, request: Any) -> Any:
        from google.protobuf.message import DecodeError

        answer = MESSAGES[f"{method}Response"]()
        try:
            answer.ParseFromString(self.transport.call(method, request.SerializeToString()))
        except DecodeError:
            raise FlowerError(f"what answered {method} is no SuperLink: its answer cannot be read") from None
        return answer


def _run(raw: Any) -> Run:
    said = raw.status.sub_status if raw.status.status == "finished" else raw.status.status
    try:
        state = RunState(said)
    except ValueError:
        raise FlowerError(f"run {raw.run_id} is {said!r}; expected one of {', '.join(RunState)}") from None
    return Run(int(raw.run_id), state, str(raw.status.details), read_config(raw.override_config))
