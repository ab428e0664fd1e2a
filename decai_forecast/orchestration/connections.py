"""Credentials of a partner's source from Airflow's connections (its secrets backends, database or environment)."""

from __future__ import annotations

from decai_forecast.delivery import Connection, EnvironmentCredentials

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
            found.extra_dejson,
        )  # fmt: skip
