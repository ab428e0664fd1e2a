"""A listener of the scheduler: writes into the note of a coordinator's run who took part, who is missing and why."""

from __future__ import annotations

import logging
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)
COORDINATOR_DAGS = ("federate", "close_round")


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:  # noqa: ARG001  Airflow matches arguments by name
    _note(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:  # noqa: ARG001  Airflow matches arguments by name
    _note(dag_run)


def _note(dag_run: Any) -> None:
    if dag_run.dag_id not in COORDINATOR_DAGS or dag_run.note:
        return
    from decai_forecast.errors import DecaiError
    from decai_forecast.network import Network
    from decai_forecast.orchestration.context import round_of_run
    from decai_forecast.rounds.summary import note_of_round

    try:
        network = Network.load()
        dag_run.note = note_of_round(network, round_of_run(network, dag_run))
    except (DecaiError, OSError) as error:  # a note is not worth a scheduler
        log.warning("no note for %s: %s", dag_run.run_id, error)
