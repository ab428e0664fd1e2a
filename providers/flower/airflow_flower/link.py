"""The button on a task's page that leads to its Flower run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink
from airflow.sdk.execution_time.xcom import XCom

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

__all__ = ["RUN_URL", "FlowerRunLink"]

RUN_URL = "flower_run_url"  # the XCom that the operator leaves


class FlowerRunLink(BaseOperatorLink):
    """To the page that the connection's ``run_url`` names; no button where it names none."""

    name = "Flower run"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """The address, or an empty text before the run was started."""
        url = XCom.get_value(key=RUN_URL, ti_key=ti_key)
        return str(url) if url else ""
