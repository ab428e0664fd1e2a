"""The auth manager of an Airflow that several participants log in to: Flask-AppBuilder's, without its gaps between them.

Set ``AIRFLOW__CORE__AUTH_MANAGER`` to this class. Stock Flask-AppBuilder knows rights per DAG, but hands the ids of all assets,
connections, pools and variables to who may read none, and lets a change that names no DAG pass.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

__all__ = ["ParticipantAuthManager"]


class ParticipantAuthManager(FabAuthManager):
    """Who may not read all of a kind gets none of it; rights on DAGs are rights on the DAGs that are named."""

    def get_authorized_assets(self, *, user: Any, method: Any = "GET", **more: Any) -> set[int]:
        ids: set[int] = super().get_authorized_assets(user=user, method=method, **more)
        return ids if self.is_authorized_asset(method=method, user=user) else set()

    def get_authorized_connections(self, *, user: Any, method: Any = "GET", **more: Any) -> set[str]:
        ids: set[str] = super().get_authorized_connections(user=user, method=method, **more)
        return ids if self.is_authorized_connection(method=method, user=user) else set()

    def get_authorized_pools(self, *, user: Any, method: Any = "GET", **more: Any) -> set[str]:
        ids: set[str] = super().get_authorized_pools(user=user, method=method, **more)
        return ids if self.is_authorized_pool(method=method, user=user) else set()

    def get_authorized_variables(self, *, user: Any, method: Any = "GET", **more: Any) -> set[str]:
        ids: set[str] = super().get_authorized_variables(user=user, method=method, **more)
        return ids if self.is_authorized_variable(method=method, user=user) else set()

    def is_authorized_dag(self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None) -> bool:
        """A change of runs or tasks that names no DAG is for those who may change all of them."""
        named = details is not None and details.id
        if method != "GET" and not named and not super().is_authorized_dag(method=method, user=user):
            return False
        return bool(super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details))
