"""The hook: from an Airflow connection of type ``flower`` to a SuperLink."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook

from airflow_flower.control import Control, FlowerError, GrpcTransport, HttpTransport, Transport

__all__ = ["FlowerHook"]

HTTP, GRPC = "http", "grpc"
PORTS = {HTTP: 8000, GRPC: 9093}  # Flower's own defaults


class FlowerHook(BaseHook):
    """A SuperLink by the connection ``flower_conn_id``: host and port of its Control interface; extra:

    - ``transport``: ``http`` (default; Flower 1.37 and newer) or ``grpc`` (before)
    - ``insecure``: true for no TLS
    - ``root_certificates``: path of the PEM file that the SuperLink's certificate is checked with
    - ``run_url``: a page about a run, with ``{run_id}`` in it; the operator's link leads there
    """

    conn_name_attr = "flower_conn_id"
    default_conn_name = "flower_default"
    conn_type = "flower"
    hook_name = "Flower"

    def __init__(self, flower_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.flower_conn_id = flower_conn_id

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The form of a connection: no login, which open-source Flower does not know."""
        extra = (
            '{"transport": "http", "root_certificates": "/etc/flower/ca.crt", "run_url": "https://example.org/runs/{run_id}"}'
        )
        return {"hidden_fields": ["login", "password", "schema"], "relabeling": {}, "placeholders": {"extra": extra}}

    def get_conn(self) -> Control:
        """The SuperLink; nothing is sent before it is asked."""
        return Control(self._transport())

    def run_url(self, run_id: int) -> str:
        """The page about a run; empty where the connection names none."""
        template = str(self._extra().get("run_url", ""))
        return template.replace("{run_id}", str(run_id))

    def test_connection(self) -> tuple[bool, str]:
        """For the button of Airflow's connection form."""
        try:
            return True, f"the SuperLink remembers {len(self.get_conn().runs())} runs"
        except FlowerError as error:
            return False, str(error)

    def _extra(self) -> dict[str, Any]:
        extra: dict[str, Any] = self.get_connection(self.flower_conn_id).extra_dejson
        return extra

    def _transport(self) -> Transport:
        connection, extra = self.get_connection(self.flower_conn_id), self._extra()
        kind, insecure, authority = (
            extra.get("transport", HTTP),
            extra.get("insecure") is True,
            extra.get("root_certificates", ""),
        )
        address = f"{connection.host or '127.0.0.1'}:{connection.port or PORTS.get(kind, 0)}"
        if kind == HTTP:
            return HttpTransport(f"http{'' if insecure else 's'}://{address}", authority)
        if kind == GRPC:
            return GrpcTransport(address, authority, insecure)
        raise FlowerError(f"connection {self.flower_conn_id!r}: transport is {kind!r}; expected {HTTP!r} or {GRPC!r}")
