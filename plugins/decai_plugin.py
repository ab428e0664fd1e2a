"""Registers with Airflow what `decai_forecast.orchestration` offers: timetable, partitions, notes and pages."""

import os
import sys
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from decai_forecast.orchestration import guard, notes, warm
from decai_forecast.orchestration.partitions import NightlyTimetable, PartnersOfRound, RoundOfKey


def serves_pages() -> bool:
    """Only the api-server needs the web application; plugins are loaded in every process."""
    return "api-server" in sys.argv or bool(os.environ.get("DECAI_SERVE_PAGES"))


def web_apps() -> list[dict[str, Any]]:
    if not serves_pages():
        return []
    from decai_forecast.orchestration.pages import app

    return [{"app": app, "url_prefix": "/decai", "name": "decai_forecast"}]


class DecaiPlugin(AirflowPlugin):
    name = "decai"
    timetables = [NightlyTimetable]
    partition_mappers = [RoundOfKey]
    windows = [PartnersOfRound]
    listeners = [guard, notes, warm]
    fastapi_apps = web_apps()
    external_views = [
        {"name": "Resilience", "href": "/decai/rounds", "destination": "nav", "url_route": "resilience"},
        {"name": "Resilience", "href": "/decai/run?dag_id={DAG_ID}", "destination": "dag", "url_route": "resilience_dag"},
        {
            "name": "Resilience",
            "href": "/decai/run?dag_id={DAG_ID}&run_id={RUN_ID}",
            "destination": "dag_run",
            "url_route": "resilience_run",
        },
    ]
