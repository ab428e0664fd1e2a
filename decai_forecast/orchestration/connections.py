"""Credentials of a partner's source from Airflow's connections (its secrets backends, database or environment)."""

from __future__ import annotations

import json
from typing import Any

from decai_forecast.delivery import Connection, EnvironmentCredentials
from decai_forecast.delivery.errors import SourceRefused

__all__ = ["AirflowCredentials"]


class AirflowCredentials:
    """Airflow's connection of that name, else ``DECAI_CONN_<NAME>`` of the environment."""

    def get(self, name: str) -> Connection:
        from airflow.sdk import BaseHook
        from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

        try:
            found = BaseHook.get_connection(name)
        except (AirflowNotFoundException, AirflowException):
            return EnvironmentCredentials().get(name)
        return Connection(
            found.login or "", found.password or "", found.host or "", found.port, found.schema or "", found.conn_type or "",
            _extra(name, found.extra),
        )  # fmt: skip


def _extra(name: str, text: str | None) -> dict[str, Any]:
    """Airflow itself takes what it cannot read for nothing, and the password would silently be missing."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SourceRefused(f"connection {name!r}: its extra is not a JSON mapping")
    return found
